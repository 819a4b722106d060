"""What became of a page: parts, tries and reports joined; what to do after a refusal.

Tries and reports are kept as they came, and the state is computed from both. So it does not matter whether a report
came before the submit response, twice, late, or in another order: the same facts give the same state. A report that
nothing is known of is kept for 72 hours, because the response that names it may still come.

For one reference the strongest report counts: delivered, failed, unknown, accepted. *Delivered* outranks *failed*
whatever came first: that a handset has the text cannot become untrue, and wrongly taking it for lost would only tell
the officer twice. What *failed* set in motion, the next medium, is not called back.

Source: docs/alerting/sms.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from schemas.errors import InvariantError
from schemas.pages import Capabilities, Medium, PartResult, Refused, Report, ReportState, Retry
from schemas.sms import PartTry

KEPT: Final = timedelta(hours=72)
RETRY_SECONDS: Final = (5.0, 15.0, 45.0)
THROTTLE_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""After the first, second, third and every later time in a row that a provider said: too fast."""
JITTER: Final = 0.2
"""A wait is up to a fifth longer or shorter."""

_STRENGTH: Final = {
    ReportState.ACCEPTED: 0,
    ReportState.UNKNOWN: 1,
    ReportState.FAILED: 2,
    ReportState.DELIVERED: 3,
}
_FINAL: Final = frozenset({ReportState.FAILED, ReportState.DELIVERED})


class Standing(Enum):
    """What became of a part, or of a whole page."""

    WAITING = "waiting"
    """Not handed over yet, or without a final report."""
    DELIVERED = "delivered"
    """Of a page: every part."""
    FAILED = "failed"
    """Of a page: at least one part; the officer cannot read it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A page's parts by what became of them, ascending, each in exactly one."""

    delivered: tuple[int, ...]
    waiting: tuple[int, ...]
    failed: tuple[int, ...]

    @property
    def standing(self) -> Standing:
        """One failed part fails the page, and only all of them deliver it."""
        if self.failed:
            return Standing.FAILED
        return Standing.WAITING if self.waiting else Standing.DELIVERED


def join(total: int, tries: Iterable[PartTry], reports: Iterable[Report]) -> Joined:
    """Join what was handed over with what was reported.

    Args:
        total: How many parts the page has, at least 1.
        tries: All of this page, in any order, doubles welcome.
        reports: All that may be about it, in any order, doubles and strangers welcome.
    """
    if total < 1:
        raise InvariantError("a page has at least one part")
    strongest = by_reference(reports)
    of_part: dict[int, list[PartTry]] = {number: [] for number in range(1, total + 1)}
    for one in tries:
        if one.part not in of_part:
            raise InvariantError(f"page {one.page_id} has no part {one.part}")
        of_part[one.part].append(one)
    found = {number: _standing(made, strongest) for number, made in of_part.items()}
    delivered, waiting, failed = (
        tuple(number for number, standing in found.items() if standing is wanted)
        for wanted in (Standing.DELIVERED, Standing.WAITING, Standing.FAILED)
    )
    return Joined(delivered, waiting, failed)


def stronger(held: Report | None, heard: Report) -> Report:
    """Return the one of two reports on the same reference that is to be kept; the order of arrival does not matter.

    Of two that say the same the one heard earlier is kept. A report held for more than 72 hours belongs to an older
    page, for providers use their references again.
    """
    if held is None or heard.heard_at - held.heard_at > KEPT:
        return heard
    return max(held, heard, key=_weight)


def by_reference(reports: Iterable[Report]) -> dict[tuple[str, str], Report]:
    """Return the strongest report of each (provider, reference)."""
    found: dict[tuple[str, str], Report] = {}
    for report in reports:
        key = (report.provider, report.reference)
        held = found.get(key)
        found[key] = report if held is None else max(held, report, key=_weight)
    return found


def _weight(report: Report) -> tuple[int, float, str, float]:
    done_at = report.done_at.timestamp() if report.done_at else 0.0
    return _STRENGTH[report.state], -report.heard_at.timestamp(), report.code, done_at


def _standing(made: Sequence[PartTry], strongest: dict[tuple[str, str], Report]) -> Standing:
    said = [_said(one, strongest) for one in made]
    if ReportState.DELIVERED in said:
        return Standing.DELIVERED
    is_on_its_way = any(one.retry is None and state not in _FINAL for one, state in zip(made, said, strict=True))
    if is_on_its_way or not made:
        return Standing.WAITING
    last = max(made, key=lambda one: one.attempt)
    return Standing.WAITING if last.retry in {Retry.TEMPORARY, Retry.THROTTLED} else Standing.FAILED


def _said(one: PartTry, strongest: dict[tuple[str, str], Report]) -> ReportState | None:
    report = strongest.get((one.provider, one.reference)) if one.retry is None else None
    return report.state if report is not None and is_about(report, one) else None


def is_about(report: Report, one: PartTry) -> bool:
    """Tell whether a report is about a try: same provider and reference, no more than 72 hours before or after it."""
    is_same = one.retry is None and (report.provider, report.reference) == (one.provider, one.reference)
    return is_same and abs(report.heard_at - one.tried_at) <= KEPT


def tried_at(provider: str, made: Sequence[PartTry], claimed_at: datetime | None) -> datetime | None:
    """Return when a provider may have had a page before, None if it never did.

    Args:
        provider: Who is about to be tried.
        made: All tries of this page so far.
        claimed_at: When the page was taken to be handed over before; without any try a crash ate what was said to it.
    """
    if not made:
        return claimed_at
    return max((one.tried_at for one in made if one.provider == provider), default=None)


def tries_of(
    page_id: str, provider: str, results: Iterable[PartResult], made: Sequence[PartTry], now: datetime
) -> tuple[PartTry, ...]:
    """Return the rows to keep after one submit.

    Args:
        page_id: Of the page.
        provider: Who was tried.
        results: What it said, one for each part handed over.
        made: All tries of this page so far.
        now: When it said so.
    """
    rows = []
    for result in results:
        attempt = 1 + max((one.attempt for one in made if one.part == result.part), default=0)
        if isinstance(result, Refused):
            rows.append(PartTry(page_id, result.part, attempt, provider, now, "", result.retry, result.code))
        else:
            rows.append(PartTry(page_id, result.part, attempt, provider, now, result.reference))
    return tuple(rows)


# -- what next ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Again:
    """The same parts to the same provider."""

    provider: str
    parts: tuple[int, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class OtherProvider:
    """The same parts to another provider, now."""

    provider: str
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NextMedium:
    """This medium has failed: the next one now. The page stays open, and a late report still counts.

    Attributes:
        code: The provider's own, or ``report.overdue``.
        is_alarm: Whether the adapter has to be looked at by a person.
    """

    code: str
    is_alarm: bool


NextStep = Again | OtherProvider | NextMedium


@dataclass(frozen=True, slots=True)
class Way:
    """A configured provider as it is doing now; ``order`` is that of the configuration, lowest first."""

    name: str
    medium: Medium
    order: int
    is_ready: bool
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Need:
    """What a page asks of a provider.

    Attributes:
        has_template: It can be told by a template.
        wants_answer: Somebody is expected to answer.
    """

    medium: Medium
    has_template: bool = True
    wants_answer: bool = True


def choose(ways: Iterable[Way], need: Need, tried: Iterable[str] = ()) -> str | None:
    """Return the provider to try, None if there is none left.

    A ready one comes before one that is not; then one by which an answer and a report come back; then the configured
    order. One that is not ready is still chosen when nothing else is left: its heartbeat may be behind.
    """
    used = frozenset(tried)
    fitting = [
        way
        for way in ways
        if way.medium is need.medium and way.name not in used and (need.has_template or not way.capabilities.template)
    ]
    return min(fitting, key=lambda way: _preference(way, need)).name if fitting else None


def _preference(way: Way, need: Need) -> tuple[bool, bool, bool, int, str]:
    lacks_reply = need.wants_answer and not way.capabilities.reply
    return not way.is_ready, lacks_reply, not way.capabilities.report, way.order, way.name


def after_submit(
    latest: Sequence[PartTry],
    made: Sequence[PartTry],
    ways: Iterable[Way],
    need: Need,
    *,
    now: datetime,
    jitter: float,
    wait_seconds: int = 0,
) -> NextStep | None:
    """Decide what follows one submit, None if the provider took everything.

    A permanent refusal of any part ends the medium at once. Of temporary ones the same provider is tried three more
    times, after 5, 15 and 45 seconds, and then the next provider. Throttling is no fault of the page: it waits for the
    same provider however often; the deadline for the report runs meanwhile. A provider that asks for a longer wait is
    waited for so long, but if that is more than our own longest the next one has the page at once.

    Args:
        latest: The rows of this submit, from ``tries_of``, all of one provider.
        made: All rows of this page, ``latest`` among them.
        ways: All configured providers.
        need: What the page asks.
        now: Aware UTC.
        jitter: At random in [0, 1).
        wait_seconds: The longest that the provider asked for; 0 if it did not.
    """
    if not 0 <= jitter < 1:
        raise InvariantError("jitter lies in [0, 1)")
    refused = [one for one in latest if one.retry is not None]
    if not refused:
        return None
    provider = refused[0].provider
    permanent = next((one for one in refused if one.retry is Retry.PERMANENT), None)
    if permanent is not None:
        return NextMedium(permanent.code, is_alarm=True)
    parts = tuple(sorted(one.part for one in refused))
    temporary = [one for one in refused if one.retry is Retry.TEMPORARY]
    seconds = _pause_of(temporary, refused, made)
    asked = timedelta(seconds=wait_seconds)
    if seconds is not None and wait_seconds <= RETRY_SECONDS[-1]:
        return Again(provider, parts, now + max(asked, _spread(seconds, jitter)))
    other = choose(ways, need, {one.provider for one in made})
    if other:
        return OtherProvider(other, parts)
    return Again(provider, parts, now + asked) if seconds is not None else NextMedium(temporary[0].code, is_alarm=True)


def _pause_of(temporary: Sequence[PartTry], refused: Sequence[PartTry], made: Sequence[PartTry]) -> float | None:
    """Return after how many seconds the same provider is tried again, None if it had its tries."""
    if not temporary:
        times = max(_times_throttled(one, made) for one in refused)
        return THROTTLE_SECONDS[min(times, len(THROTTLE_SECONDS)) - 1]
    times = max(_times_temporary(one, made) for one in temporary)
    return RETRY_SECONDS[times - 1] if times <= len(RETRY_SECONDS) else None


def _times_temporary(latest: PartTry, made: Iterable[PartTry]) -> int:
    same = (one for one in made if (one.part, one.provider) == (latest.part, latest.provider))
    return max(1, sum(one.retry is Retry.TEMPORARY for one in same))


def _times_throttled(latest: PartTry, made: Iterable[PartTry]) -> int:
    same = sorted((one for one in made if one.part == latest.part), key=lambda one: -one.attempt)
    times = 0
    for one in same:
        if one.retry is not Retry.THROTTLED or one.provider != latest.provider:
            break
        times += 1
    return max(1, times)


def _spread(seconds: float, jitter: float) -> timedelta:
    return timedelta(seconds=seconds * (1 - JITTER + 2 * JITTER * jitter))
