"""What a roster lacks: slots with nobody, persons who cannot be called, one person in two tiers, tests that are due."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.pages import Medium, Tier
from schemas.rosters import Contact, ContactNumber, Days, DutyShift, Finding, Mark
from services.domain.encoding import digest_of
from services.domain.rosters import Roster, numbers_of, shifts
from services.domain.workdays import no_data

AHEAD: Final = timedelta(days=14)
TEST_EVERY: Final = timedelta(days=30)
MUST_STAND: Final = (Tier.PRIMARY, Tier.SECONDARY)
_CALLS: Final = frozenset({Medium.SMS, Medium.VOICE})
_TIERS: Final = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "值班室",
    Tier.SUPERIOR: "上级值班室",
}
_COUNTRY: Final = ("0086", "86")
_TAG_DIGITS: Final = 4
_MOBILE_DIGITS: Final = 11


def tier_zh(tier: Tier | None) -> str:
    """Name a tier as the desk does."""
    return _TIERS[tier] if tier else ""


def gaps(roster: Roster, starts_at: datetime, ends_at: datetime, workdays: Workdays) -> tuple[Finding, ...]:
    """Return what is missing in a span, in the order of time; ``starts_at + AHEAD`` is the usual end.

    Codes: ``coverage.nobody``; ``coverage.unreachable`` (no verified number to call or text, or an office with none);
    ``coverage.opted_out`` (退订 came from it, so nobody may read it); ``coverage.same_person`` (primary and secondary
    at once); ``calendar.no_data`` (a layer asks for workdays in a year without a file).

    Args:
        roster: As known now.
        starts_at: Aware.
        ends_at: Aware, not included.
        workdays: The county's days.
    """
    stretches = shifts(roster, starts_at, ends_at, workdays)
    standing = [one for one in stretches if one.tier in MUST_STAND]
    found = _joined([*_unmanned(standing), *_unreachable(roster, stretches), *_doubled(standing)])
    told = [replace(one, text=_text(one, roster.display(one.officer))) for one in found]
    told += _offices(roster, starts_at, ends_at)
    if _asks_for_days(roster, starts_at, ends_at):
        told += no_data(workdays, starts_at, ends_at)
    return tuple(sorted(told, key=lambda one: (one.starts_at, one.code, one.tier or "")))


def _unmanned(standing: Iterable[DutyShift]) -> Iterator[Finding]:
    return (_finding("coverage.nobody", one) for one in standing if one.officer is None)


def _unreachable(roster: Roster, stretches: Iterable[DutyShift]) -> Iterator[Finding]:
    for one in stretches:
        if one.officer is not None and (code := _why_unreachable(roster.contact(one.officer))):
            yield _finding(code, one)


def _why_unreachable(contact: Contact | None) -> str:
    if contact is None:
        return "coverage.unreachable"
    calls = [one for one in contact.numbers if one.medium in _CALLS]
    if contact.console_only or any(one.counts and not one.is_doubtful for one in calls):
        return ""
    return "coverage.opted_out" if any(one.is_doubtful for one in calls) else "coverage.unreachable"


def _doubled(standing: list[DutyShift]) -> Iterator[Finding]:
    seconds = [one for one in standing if one.tier is Tier.SECONDARY and one.officer is not None]
    for first in (one for one in standing if one.tier is Tier.PRIMARY):
        for second in (one for one in seconds if one.officer == first.officer):
            starts_at, ends_at = max(first.starts_at, second.starts_at), min(first.ends_at, second.ends_at)
            if starts_at < ends_at:
                both = replace(first, starts_at=starts_at, ends_at=ends_at)
                yield _finding("coverage.same_person", both)


def _offices(roster: Roster, starts_at: datetime, ends_at: datetime) -> Iterator[Finding]:
    """The last steps of an escalation reach nobody if their numbers were never verified."""
    for one in roster.plan.offices:
        if not any(number.counts for number in one.numbers):
            text = f"{tier_zh(one.tier)}（{one.display}）没有已核验的号码，请核验"
            yield Finding("coverage.unreachable", one.tier, one.office, starts_at, ends_at, text)


def _finding(code: str, one: DutyShift) -> Finding:
    return Finding(code, one.tier, one.officer or "", one.starts_at, one.ends_at, "")


def _text(one: Finding, who: str) -> str:
    first, last = (moment.astimezone(BEIJING).strftime("%m-%d %H:%M") for moment in (one.starts_at, one.ends_at))
    tier = tier_zh(one.tier)
    said = {
        "coverage.nobody": f"{tier}无人值班，请排班",
        "coverage.unreachable": f"{tier}（{who}）没有已核验的电话，请核验号码或换人",
        "coverage.opted_out": f"{tier}（{who}）的号码已退订，请重新核验号码或换人",
        "coverage.same_person": f"主班、副班同为{who}，请换人",
    }
    return f"{first} 至 {last} {said[one.code]}"


def _joined(found: Iterable[Finding]) -> Iterator[Finding]:
    """Join what goes on without a break, so that a gap of a week is one line and one notice."""

    def what(one: Finding) -> tuple[str, str, str]:
        return one.code, one.tier or "", one.officer

    current: Finding | None = None
    for one in sorted(found, key=lambda one: (*what(one), one.starts_at)):
        if current and what(current) == what(one) and one.starts_at <= current.ends_at:
            current = replace(current, ends_at=max(current.ends_at, one.ends_at))
            continue
        if current:
            yield current
        current = one
    if current:
        yield current


def _asks_for_days(roster: Roster, starts_at: datetime, ends_at: datetime) -> bool:
    plans = [one.plan for one in roster.replacements if one.plan.starts_at < ends_at and one.plan.ends_at > starts_at]
    layers = [*roster.plan.layers, *(layer for plan in plans for layer in plan.layers)]
    return any(layer.days is not Days.ALL for layer in layers)


def notices_of(findings: Iterable[Finding]) -> Mapping[str, str]:
    """Return the notices that findings make: what each is filed under, and its one line.

    There is one for each code, tier and officer: it stays the same while time goes on and further gaps come into
    sight, and it is gone when the last of them is mended. The line tells the first gap and how many there are.
    """
    grouped: dict[str, list[Finding]] = {}
    for one in sorted(findings, key=lambda one: one.starts_at):
        whom = f"{one.tier}:{one.officer}" if one.tier else str(one.starts_at.astimezone(BEIJING).year)
        grouped.setdefault(f"{one.code}:{whom}", []).append(one)
    return {about: _line(same) for about, same in grouped.items()}


def _line(same: list[Finding]) -> str:
    return same[0].text if len(same) == 1 else f"{same[0].text}（共{len(same)}处）"


class DueTest(NamedTuple):
    """A verified number that no test page reached for a month; ``last_at`` is when it was last known to work."""

    owner: str
    display: str
    number: ContactNumber
    last_at: datetime
    is_office: bool


def due_tests(roster: Roster, now: datetime) -> tuple[DueTest, ...]:
    """Return the verified numbers to which a test page is due, the longest untested first."""
    owners = [(one.officer, one.display, one.numbers, False) for one in roster.plan.contacts]
    owners += [(one.office, one.display, one.numbers, True) for one in roster.plan.offices]
    found = [
        DueTest(owner, display, number, max(number.verified_at, number.tested_at or number.verified_at), is_office)
        for owner, display, numbers, is_office in owners
        for number in numbers
        if number.counts and number.verified_at is not None
    ]
    return tuple(sorted((one for one in found if now - one.last_at >= TEST_EVERY), key=lambda one: one.last_at))


def owners_of(roster: Roster, sender: str) -> tuple[tuple[str, ContactNumber], ...]:
    """Return whose number a text came from, however the provider spells it: 86 or +86 before it, blanks, dashes.

    A number that does not count is told, too: 退订 must find it, and who verifies it again needs it.
    """
    wanted = _plain(sender)
    return tuple((owner, one) for owner, one in numbers_of(roster.plan) if _plain(one.address) == wanted)


def number_tag(address: str) -> str:
    """Return four hexadecimal digits that tell one owner's numbers apart, however they are spelled.

    They stand where no number may: thousands of numbers share them.
    """
    return digest_of(_plain(address).encode())[:_TAG_DIGITS]


def number_under(roster: Roster, owner: str, medium: Medium, tag: str) -> ContactNumber | None:
    """Return an officer's or office's number of a medium by its tag, verified or not, or None."""
    mine = (one for name, one in numbers_of(roster.plan) if name == owner)
    return next((one for one in mine if one.medium is medium and number_tag(one.address) == tag), None)


def doubtful_owners(roster: Roster) -> frozenset[str]:
    """Return whose number 退订 came from and was not verified since."""
    return frozenset(one.officer for one in roster.plan.contacts if any(number.is_doubtful for number in one.numbers))


def mark_to_record(number: ContactNumber, mark: Mark, at: datetime) -> Mark | None:
    """Return what is to be recorded of a number, None if the roster knows it already.

    Who answers a test page has the number in hand: that verifies one that was in doubt.

    Args:
        number: As the roster has it.
        mark: What became known.
        at: When.
    """
    if mark is Mark.TESTED and (number.is_doubtful or not number.counts):
        mark = Mark.VERIFIED
    known = {
        Mark.VERIFIED: number.verified_at,
        Mark.TESTED: number.tested_at,
        Mark.OPTED_OUT: number.opted_out_at,
    }[mark]
    return None if known is not None and known >= at else mark


def _plain(number: str) -> str:
    if "@" in number or "/" in number:
        return number.casefold()
    digits = "".join(char for char in number if char.isdecimal())
    for prefix in _COUNTRY:
        if digits.startswith(prefix) and len(digits) - len(prefix) == _MOBILE_DIGITS:
            return digits.removeprefix(prefix)
    return digits
