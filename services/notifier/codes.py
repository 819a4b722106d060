"""Which code a page shows: the one that its holder has, or had lately; a new one is kept only when it goes out."""

from dataclasses import dataclass, replace
from datetime import datetime

from schemas.escalations import PageRow
from schemas.sms import CodeUse
from services.domain.escalation_draft import ESCALATING
from services.notifier.lately import Lately
from services.ports import Transaction


@dataclass(frozen=True, slots=True)
class Shown:
    """A code, and what is to be written once it is shown to somebody; ``use`` is None if the book has it."""

    code: str
    use: CodeUse | None = None


def code_for(tx: Transaction, lately: Lately, page: PageRow, holder: str, now: datetime) -> Shown:
    """Return the code that a page shows; nothing is written.

    A page tried before keeps its code. A code that rests is its holder's still: an all-clear names the number that the
    officer knows, and a page that asks once more opens it again.
    """
    if page.code:
        return Shown(page.code)
    codes = lately.codes_of(tx, page.recipient, now)
    own = codes.of(holder)
    if not own:
        code = codes.free()
        return Shown(code, CodeUse(page.recipient, code, holder, now))
    newest = max(own, key=lambda one: one.opened_at)
    opens = newest.closed_at is not None and page.purpose in ESCALATING
    return Shown(newest.code, replace(newest, closed_at=None) if opens else None)
