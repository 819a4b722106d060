"""Reply codes: which digits an officer sends back.

A code belongs to one number and one holder (an alert, or the bundle of a storm): every SMS about that alert to that
number shows the same code, so a page that went out twice after a crash is answered once. A code rests for 72 hours
after its holder closed. It never begins with 0, which people leave out, and which 0000 (退订) would collide with.

Two digits give 90 codes; a number that has them all in use or resting gets codes of three digits, then four, and so on:
allocation never fails, on no level, and a longer code is the worst that a storm does.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from schemas.errors import InvariantError
from schemas.sms import CodeUse

REST: Final = timedelta(hours=72)
_FIRST_WIDTH: Final = 2
_LAST_WIDTH: Final = 5


class Codes:
    """The codes of one number, read once for as many holders as are told at one moment."""

    def __init__(self, uses: Iterable[CodeUse], now: datetime) -> None:
        """Take all uses of the number that are open or were closed in the last 72 hours; older ones do no harm."""
        self._now = now
        self._uses: dict[tuple[str, datetime], CodeUse] = {}
        self._of: dict[str, list[CodeUse]] = {}
        self._taken: set[str] = set()
        self._newest: CodeUse | None = None
        for use in uses:
            self.add(use)

    def add(self, use: CodeUse) -> None:
        """Take one more, in place of the same opening."""
        key = (use.code, use.opened_at)
        replaced = self._uses.get(key)
        if replaced is not None:
            self._of[replaced.holder].remove(replaced)
        self._uses[key] = use
        self._of.setdefault(use.holder, []).append(use)
        if use.closed_at is None or self._now - use.closed_at < REST:
            self._taken.add(use.code)
        if self._newest is None or use.opened_at >= self._newest.opened_at:
            self._newest = use

    def of(self, holder: str) -> list[CodeUse]:
        """Return the uses of a holder that are open or rest."""
        return [use for use in self._of.get(holder, ()) if use.closed_at is None or self._now - use.closed_at < REST]

    def free(self) -> str:
        """Return a code that nobody has.

        The search begins behind the code that was opened last, so a code comes back as late as it can. Among the free
        ones of two digits, one that no single slip of a finger turns into an open one is preferred. Among hundreds that
        are open hardly one is so far from all, and to look for it took 40 ms for each SMS.

        Raises:
            InvariantError: 99,990 codes of one number are taken, which no store can mean.
        """
        last = self._newest.code if self._newest else ""
        for width in range(_FIRST_WIDTH, _LAST_WIDTH + 1):
            free = (code for code in _codes(width, last) if code not in self._taken)
            first = next(free, None)
            if first is not None and width == _FIRST_WIDTH:
                still_open = {use.code for use in self._uses.values() if use.closed_at is None}
                return next((code for code in (first, *free) if _is_apart(code, still_open)), first)
            if first is not None:
                return first
        raise InvariantError("one number has no reply code left")


def allocate(uses: Iterable[CodeUse], holder: str, now: datetime) -> str:
    """Return the code of a holder: the one that it has, else a free one.

    Args:
        uses: As ``Codes`` takes them.
        holder: Alert or bundle.
        now: Aware UTC.

    Raises:
        InvariantError: 99,990 codes of one number are taken, which no store can mean.
    """
    codes = Codes(uses, now)
    return code_of(codes.of(holder), holder) or codes.free()


def code_of(uses: Iterable[CodeUse], holder: str) -> str:
    """Return the open code of a holder, empty if it has none."""
    return next((use.code for use in uses if use.holder == holder and use.closed_at is None), "")


def extension_of(code: str, room: int) -> str:
    """Return the digits to put behind the sender's number: the code if there is room for it, else none.

    Args:
        code: From ``allocate``.
        room: How many digits the provider leaves us behind the number it gave us; 0 for none.
    """
    return code if len(code) <= room else ""


def code_from(extension: str) -> str:
    """Return the code that an extension spells, empty if it spells none; whether it is in use is not judged here."""
    is_code = extension.isascii() and extension.isdigit() and extension[0] != "0"
    return extension if is_code and _FIRST_WIDTH <= len(extension) <= _LAST_WIDTH else ""


def _codes(width: int, last: str) -> Iterator[str]:
    low, high = 10 ** (width - 1), 10**width
    start = int(last) + 1 if len(last) == width else low
    yield from map(str, range(start, high))
    yield from map(str, range(low, start))


def _is_apart(code: str, others: Iterable[str]) -> bool:
    """Tell whether more than one digit differs, and a swap of two neighbours gives no other."""
    return all(
        len(other) != len(code)
        or (sum(a != b for a, b in zip(code, other, strict=True)) > 1 and sorted(code) != sorted(other))
        for other in others
    )
