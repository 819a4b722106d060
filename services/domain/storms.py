"""Storms: when an SMS waits, and what tells of it instead.

Pages of one incident, or of one kind of event in one prefecture, are a *group*. What waits is gathered, for each person
and prefecture, in a *bundle*: one SMS with one code that answers everything it tells of. Every SMS to that person about
that prefecture takes what is waiting along, so nothing waits behind a stream of others.

Five rules, the first that holds decides:

1. Carriers drop a third identical text within 59 s: such a page waits alone, on every level.
2. The first page of a group never waits, and neither does one of a higher level than its group was told of; a second
   SMS of the same prefecture may follow within a minute for this reason. From then on it is an *area storm*: a first
   page joins the bundle and waits until a minute after the last SMS, except that one of level 1 goes out at once if no
   SMS of level 1 went out in that minute.
3. A first page of levels 1 and 2 knows no limit of a person; of levels 3 and 4 it waits once the person got five
   SMS in 15 minutes.
4. A later page waits 0, 0, 10, 30 s for company, and until 1, 2, 5, 15 minutes after the last SMS of its prefecture.
5. A later page of levels 2 to 4 also waits for the person: one SMS a minute, five in 15 minutes. Another prefecture's
   SMS can hold up a bundle that is due by one more interval of its level and no longer.

So *level 1 is never throttled for a person* and *1,000 alerts in 60 s are at most three SMS for each officer* hold
both: what bounds level 1 is its prefecture, not the person. In any 60 s one prefecture sends one person at most three
SMS, and the third only if it is the first of level 1. After a storm of 60 s one last bundle tells the rest.

What waits, waits by SMS only; calls, console and the escalation go on. What lies in the future (a clock was set back)
holds nothing up.

Source: docs/alerting/sms.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.sms import HoldReason, SmsTold, Suppression

WAIT_SECONDS: Final = {1: 0, 2: 0, 3: 10, 4: 30}
INTERVAL_MINUTES: Final = {1: 1, 2: 2, 3: 5, 4: 15}
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)
PER_MINUTE: Final = 1
PER_QUARTER: Final = 5
AREA_PER_MINUTE: Final = 2
CARRIER_WINDOW: Final = timedelta(seconds=59)
CARRIER_MAX: Final = 2
MEMORY: Final = QUARTER
"""How far back told SMS matter, and after how long a silent group begins anew."""
_HIGHEST: Final = 1
_GRAVE: Final = 2
_AREA_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class PageDue:
    """An SMS that is to go to one person now.

    Attributes:
        recipient: Name of the officer's credential.
        group: From ``group_of``.
        area: From ``area_of``.
        level: 1 (highest) to 4.
        text_digest: SHA-256 of the text it would go out with, lowercase hex.
    """

    page_id: str
    recipient: str
    group: str
    area: str
    level: int
    text_digest: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Send:
    """Send it as it is."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it back alone; decide again at ``until``."""

    until: datetime
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Bundle:
    """Let the bundle ``into`` tell of it, at ``until``, or with the next SMS of the area if that is earlier."""

    into: str
    until: datetime
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class SendWith:
    """Send it now, as the newest of the bundle ``into``, together with what is waiting there."""

    into: str


@dataclass(frozen=True, slots=True)
class Later:
    """It waits in its bundle already, for the reason that is on record; decide again at ``until``."""

    until: datetime


Decision = Send | SendWith | Hold | Bundle | Later


def group_of(incident: str, event_code: str, area: str) -> str:
    """Return the group of a page: its incident if it names one, else the kind of event in its prefecture."""
    return f"incident:{incident}" if incident else f"{event_code}@{area}"


def area_of(division: str) -> str:
    """Return the prefecture of a division code, its first four digits."""
    return division[:_AREA_DIGITS]


class History:
    """What one person got in the last 15 minutes, sorted once for many decisions at one moment."""

    def __init__(self, recipient: str, told: Iterable[SmsTold], now: datetime) -> None:
        """Take what anybody was told of all areas, in any order; what is not this person's or time's is left out."""
        self._recipient, self._now = recipient, now
        self._in: dict[str, list[SmsTold]] = {}
        self._with: dict[str, list[datetime]] = {}
        self.times: list[datetime] = []
        for one in told:
            self.add(one)

    def add(self, one: SmsTold) -> None:
        """Take one more."""
        if one.recipient == self._recipient and timedelta(0) <= self._now - one.told_at < MEMORY:
            self._in.setdefault(one.area, []).append(one)
            self._with.setdefault(one.text_digest, []).append(one.told_at)
            self.times.append(one.told_at)

    def in_area(self, area: str) -> Sequence[SmsTold]:
        """Return what was told of a prefecture."""
        return self._in.get(area, ())

    def with_text(self, text_digest: str) -> Sequence[datetime]:
        """Return when the same text was told."""
        return self._with.get(text_digest, ())


def decide(page: PageDue, told: History, *, held: Iterable[Suppression], now: datetime) -> Decision:
    """Decide what becomes of an SMS that is due, or that waited and is due again.

    Args:
        page: What is due.
        told: What this person got lately.
        held: What waits for this person, this page too if it does.
        now: Aware UTC.

    Returns:
        For ``Hold`` and ``Bundle`` the caller keeps ``suppression_of`` it.
    """
    waiting = [one for one in held if _is_waiting(one, page)]
    capped = _room_at(told.with_text(page.text_digest), CARRIER_MAX, CARRIER_WINDOW, now)
    into = waiting[0].bundle if waiting else ""
    if any(one.page_id == page.page_id for one in waiting):
        if capped is not None and len(waiting) == 1:  # with others in it, the text is another one
            return Hold(capped, HoldReason.CARRIER_CAP)
        ripe_at = _ripe_at(waiting, told, now)
        return SendWith(into) if ripe_at <= now else Later(ripe_at)
    if capped is not None:
        return Hold(capped, HoldReason.CARRIER_CAP)
    in_area = told.in_area(page.area)
    holding = (
        _holding_first(page, told, in_area, now) if is_first(page, in_area) else _holding(page, told, in_area, now)
    )
    if holding is not None:
        until, reason = holding
        return Bundle(into or page.page_id, until, reason)
    return SendWith(into) if into else Send()


def _is_waiting(one: Suppression, page: PageDue) -> bool:
    """Tell whether it waits in the bundle of a page's person and area; there is never more than one."""
    is_there = one.told_at is None and one.bundle != ""
    return is_there and (one.recipient, one.area) == (page.recipient, page.area)


def is_first(page: PageDue, in_area: Iterable[SmsTold]) -> bool:
    """Tell whether nothing of its group was told lately, or only something of a lower level."""
    levels = [level for one in in_area for group, level in one.told if group == page.group]
    return not levels or page.level < min(levels)


def suppression_of(page: PageDue, decision: Hold | Bundle) -> Suppression:
    """Return the row that records why a page did not go out when it was due."""
    return Suppression(
        page_id=page.page_id,
        recipient=page.recipient,
        group=page.group,
        area=page.area,
        level=page.level,
        reason=decision.reason,
        bundle=decision.into if isinstance(decision, Bundle) else "",
        due_at=page.due_at,
        until=decision.until,
    )


@dataclass(frozen=True, slots=True)
class BundleDue:
    """One SMS that tells of everything that waits in a bundle.

    Attributes:
        bundle: Holder of its reply code; the next SMS of the area has another bundle and another code.
        members: What it tells of, the highest level first, then the oldest. They are what its code answers.
    """

    bundle: str
    members: tuple[Suppression, ...]

    @property
    def told(self) -> tuple[tuple[str, int], ...]:
        """Each group with its highest level, as ``SmsTold`` keeps it."""
        groups: dict[str, int] = {}
        for one in self.members:
            groups.setdefault(one.group, one.level)
        return tuple(groups.items())


def bundle_with(page: PageDue, held: Iterable[Suppression], decision: SendWith) -> BundleDue:
    """Return what goes out now for ``SendWith``: the bundle whole, and the page that takes it along."""
    members = [one for one in held if one.told_at is None and one.bundle == decision.into]
    if all(one.page_id != page.page_id for one in members):
        members.append(suppression_of(page, Bundle(decision.into, page.due_at, HoldReason.GROUP_INTERVAL)))
    return BundleDue(decision.into, _ordered(members))


def _ordered(members: Iterable[Suppression]) -> tuple[Suppression, ...]:
    return tuple(sorted(members, key=lambda one: (one.level, one.due_at, one.page_id)))


# -- the rules ----------------------------------------------------------------------------------------

_Holding = tuple[datetime, HoldReason]


def _ripe_at(members: Sequence[Suppression], told: History, now: datetime) -> datetime:
    """Return when a bundle goes out, whole: as soon as one of it has waited long enough.

    What the person got of other prefectures holds it up by one more interval of its highest level and no longer, and a
    bundle of level 1 not at all.
    """
    ripe_at, level = min(one.until for one in members), min(one.level for one in members)
    if ripe_at > now or level == _HIGHEST:
        return ripe_at
    room_at = max((until for until, _ in _person_holdings(told.times, now)), default=now)
    return min(room_at, ripe_at + _interval(level))


def _holding_first(page: PageDue, told: History, in_area: Sequence[SmsTold], now: datetime) -> _Holding | None:
    lately = [one for one in in_area if now - one.told_at < MINUTE]
    if len(lately) >= AREA_PER_MINUTE:
        if page.level == _HIGHEST and all(one.level != _HIGHEST for one in lately):
            return None
        return max(one.told_at for one in lately) + MINUTE, HoldReason.AREA_STORM
    if page.level <= _GRAVE:
        return None
    room_at = _room_at(told.times, PER_QUARTER, QUARTER, now)
    return None if room_at is None else (room_at, HoldReason.PERSON_QUARTER)


def _holding(page: PageDue, told: History, in_area: Sequence[SmsTold], now: datetime) -> _Holding | None:
    """Return until when the longest of all rules holds a later page, None if none does."""
    last = max(one.told_at for one in in_area)
    holdings = [
        (last + _interval(page.level), HoldReason.GROUP_INTERVAL),
        (page.due_at + timedelta(seconds=WAIT_SECONDS[page.level]), HoldReason.GROUP_WAIT),
    ]
    if page.level != _HIGHEST:
        holdings += _person_holdings(told.times, now)
    longest = max(holdings, key=lambda holding: holding[0])
    return longest if longest[0] > now else None


def _person_holdings(times: Sequence[datetime], now: datetime) -> list[_Holding]:
    limits = (
        (_room_at(times, PER_MINUTE, MINUTE, now), HoldReason.PERSON_MINUTE),
        (_room_at(times, PER_QUARTER, QUARTER, now), HoldReason.PERSON_QUARTER),
    )
    return [(until, reason) for until, reason in limits if until is not None]


def _interval(level: int) -> timedelta:
    return timedelta(minutes=INTERVAL_MINUTES[level])


def _room_at(times: Iterable[datetime], most: int, window: timedelta, now: datetime) -> datetime | None:
    """Return when fewer than ``most`` of the times lie within the window, None if that is so now."""
    lately = sorted(at for at in times if now - at < window)
    return lately[-most] + window if len(lately) >= most else None
