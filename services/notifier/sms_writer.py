"""What an SMS says: of its own alert, of a whole bundle in a storm, or of everything that waits for the morning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from schemas.base import Status
from schemas.escalations import Escalation, EscalationKind, PageRow, PageState, Purpose
from schemas.page_work import PageWork, WorkKind
from schemas.pages import Medium
from schemas.sms import HoldReason, SmsTold, Suppression
from services.domain.escalation import woken
from services.domain.escalation_draft import ESCALATING, Facts
from services.domain.sms_text import Signature, SmsFacts, SmsKind, SmsText, compose
from services.domain.storms import (
    Bundle,
    Hold,
    Later,
    PageDue,
    Send,
    SendWith,
    bundle_with,
    decide,
    suppression_of,
)
from services.notifier.codes import Shown, code_for
from services.notifier.joining import BUNDLE, no_longer_held
from services.notifier.lately import Lately
from services.notifier.planning import Planner
from services.notifier.wording import Told, bundle_facts, sms_facts, text_digest
from services.ports import Transaction

_IN_STORMS: Final = ESCALATING | {Purpose.ALL_CLEAR}
"""What comes by the thousand when alerts do."""
_CALM: Final = 3
"""An all-clear is in no more of a hurry than an alert of this level."""
_LOWEST: Final = 4
"""What is ordinary has no level and goes out last, digests among it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an SMS says, and under which code."""

    facts: SmsFacts
    text: SmsText
    shown: Shown


class SmsWriter:
    """Decides what SMS say; what waits, and what others say for, is written down in the caller's transaction."""

    def __init__(
        self, *, planner: Planner, told: Callable[[Transaction, Escalation], Told], signature: Signature
    ) -> None:
        """Take ready-made parts; open nothing."""
        self._planner, self._told, self._signature = planner, told, signature
        self._known: dict[str, tuple[Escalation, Facts, Told] | None] = {}
        self._digests: dict[tuple[str, Status], list[PageRow]] = {}
        self._later: dict[tuple[str, str], datetime] = {}
        """Person and area of a bundle that waits on -> until when."""
        self.lately = Lately()

    def begin(self, tx: Transaction, works: Sequence[PageWork], now: datetime) -> None:
        """Forget what the last claim knew; find what one SMS can tell each officer of that waits for the morning."""
        self._known.clear()
        self._digests.clear()
        self._later.clear()
        self.lately.begin()
        for work in works:
            may_wait = work.medium is Medium.SMS and work.kind is WorkKind.PAGE and work.level == _LOWEST
            page = tx.paging.page(work.page_id) if may_wait else None
            known = self.known(tx, page.escalation, now) if page and page.purpose is Purpose.DIGEST else None
            if page is not None and known is not None and page.state is PageState.DUE and not work.total:
                self._digests.setdefault((page.recipient, known[0].status), []).append(page)

    def known(self, tx: Transaction, key: str, now: datetime) -> tuple[Escalation, Facts, Told] | None:
        """Return what pages of one escalation are made from, read once in a claim: it may have 200 of them."""
        if key not in self._known:
            one = tx.paging.escalation(key)
            self._known[key] = (one, self._planner.facts_to_go(tx, one, now), self._told(tx, one)) if one else None
        return self._known[key]

    def say(
        self, tx: Transaction, work: PageWork, page: PageRow, told: Told, *, tried: bool, now: datetime
    ) -> Said | None:
        """Return what an SMS says and under which code; None if it waits, which is written down."""
        if page.purpose is Purpose.DIGEST:
            return self._said(self._digest(tx, work, page, told, now), Shown(""))
        shown = code_for(tx, self.lately, page, told.escalation.key, now)
        said = self._said(sms_facts(told, page, shown.code), shown)
        if work.total or tried:  # it still stands for all that it stood for then
            members = tx.paging.members_of(f"{BUNDLE}{page.page_id}")
            return self._said_of(tx, members, page.purpose, shown, now) or said
        if told.escalation.kind is not EscalationKind.ALERT or page.purpose not in _IN_STORMS:
            return said
        if (until := self._waits_on(tx, page, told)) is not None:
            tx.paging.keep_work(replace(work, next_at=until))
            return None
        return self._weigh_storm(tx, work, page, told, said=said, now=now)

    def _waits_on(self, tx: Transaction, page: PageRow, told: Told) -> datetime | None:
        """Return until when the bundle waits that a page is in, if this claim has found it out for another of it."""
        until = self._later.get((page.recipient, _area_of(page, told)))
        held = tx.paging.suppression(page.page_id) if until is not None else None
        return until if held is not None and held.bundle and held.told_at is None else None

    def _digest(self, tx: Transaction, work: PageWork, page: PageRow, told: Told, now: datetime) -> SmsFacts:
        """Let one SMS tell of everything that waits for an officer's morning."""
        holder = f"{BUNDLE}{page.page_id}"
        if work.total:
            count = len(tx.paging.members_of(holder))
        else:
            pages = self._digests.pop((page.recipient, told.escalation.status), [page])
            count = len(pages)
            for one in pages if count > 1 else ():
                member = Suppression(
                    one.page_id,
                    one.recipient,
                    told.group,
                    told.area,
                    work.level,
                    HoldReason.GROUP_WAIT,
                    holder,
                    one.due_at,
                    now,
                    told_at=now,
                )
                self.lately.hold(tx, member)
                if one.page_id != page.page_id:
                    self._tell_in_bundle(tx, one.page_id, "", now)
        return SmsFacts(SmsKind.DIGEST, count=max(count, 1), status=told.escalation.status)

    def _weigh_storm(
        self, tx: Transaction, work: PageWork, page: PageRow, told: Told, *, said: Said, now: datetime
    ) -> Said | None:
        """Return what the SMS says, perhaps for others too; None if it waits, which is written down."""
        is_clear = page.purpose is Purpose.ALL_CLEAR
        level = max(work.level, _CALM) if is_clear else work.level
        area, digest = _area_of(page, told), text_digest(said.text.text)
        due = PageDue(page.page_id, page.recipient, told.group, area, level, digest, page.due_at)
        held = self.lately.held_for(tx, page.recipient)
        decision = decide(due, self.lately.history_of(tx, page.recipient, now), held=held, now=now)
        groups: tuple[tuple[str, int], ...] = ((told.group, level),)
        match decision:
            case Send():
                if any(one.page_id == page.page_id for one in held):
                    self._let_go(tx, page, now)
            case Hold() | Bundle():
                self.lately.hold(tx, suppression_of(due, decision))
                tx.paging.keep_work(replace(work, next_at=decision.until))
                return None
            case Later(until):
                self._later[page.recipient, area] = until
                tx.paging.keep_work(replace(work, next_at=until))
                return None
            case SendWith():
                bundle = bundle_with(due, held, decision)
                bundled = self._bundle(tx, page, bundle.members, now)
                if bundled is None:
                    self._let_go(tx, page, now)
                else:
                    said, groups = bundled, bundle.told
            case _:
                assert_never(decision)
        self.lately.add_told(tx, SmsTold(page.recipient, now, area, groups, text_digest(said.text.text)), now)
        return said

    def _bundle(self, tx: Transaction, page: PageRow, members: Sequence[Suppression], now: datetime) -> Said | None:
        """Let one SMS tell of everything that waits in a bundle, under a code that answers it all; None for one."""
        if len(members) == 1:
            return None
        holder = f"{BUNDLE}{page.page_id}"
        shown = Shown("") if page.purpose is Purpose.ALL_CLEAR else code_for(tx, self.lately, page, holder, now)
        said = self._said_of(tx, members, page.purpose, shown, now)
        for one in members if said else ():
            self.lately.hold(tx, replace(one, bundle=holder, told_at=now))
            if one.page_id != page.page_id:
                self._tell_in_bundle(tx, one.page_id, shown.code, now)
        return said

    def _said_of(
        self, tx: Transaction, members: Sequence[Suppression], purpose: Purpose, shown: Shown, now: datetime
    ) -> Said | None:
        """Return what one SMS says for several pages, by the highest of them; None if none can be read any more."""
        for one in sorted(members, key=lambda member: (member.level, member.due_at, member.page_id)):
            page = tx.paging.page(one.page_id)
            known = self.known(tx, page.escalation, now) if page else None
            if known is not None and known[2].alert is not None:
                level = min(each.level for each in members)
                return self._said(bundle_facts(known[2], purpose, len(members), level, shown.code), shown)
        return None

    def _let_go(self, tx: Transaction, page: PageRow, now: datetime) -> None:
        no_longer_held(tx, page.page_id, now)
        self.lately.forget_held(page.recipient)

    def _said(self, facts: SmsFacts, shown: Shown) -> Said:
        return Said(facts, compose(facts, self._signature), shown)

    def _tell_in_bundle(self, tx: Transaction, page_id: str, code: str, now: datetime) -> None:
        """A page that an SMS of its bundle tells of goes out no more by itself; the bundle's code answers it."""
        held = tx.paging.page(page_id)
        tx.paging.drop_work(page_id)
        if held is not None and held.state is PageState.DUE:
            tx.paging.keep_page(replace(held, state=PageState.SUBMITTED, code=code, submitted_at=now))
            escalation = tx.paging.escalation(held.escalation)
            if escalation is not None:
                tx.paging.keep(woken(escalation))


def _area_of(page: PageRow, told: Told) -> str:
    """Alerts that end are told apart from those that begin: one SMS cannot say both."""
    return f"{told.area}/clear" if page.purpose is Purpose.ALL_CLEAR else told.area
