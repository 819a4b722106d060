"""Delivery reports joined to parts: a page that nobody can read must never pass for delivered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from schemas.errors import InvariantError
from schemas.pages import Capabilities, Medium, Refused, Report, ReportState, Retry, Submitted
from schemas.sms import PartTry
from services.domain.page_delivery import (
    KEPT,
    RETRY_SECONDS,
    Again,
    Joined,
    Need,
    NextMedium,
    OtherProvider,
    Standing,
    Way,
    after_submit,
    choose,
    join,
    stronger,
    tried_at,
    tries_of,
)
from tests.papers import NOW

PAGE = "a" * 32
SMPP, CMPP, CLOUD = "mobile-smpp", "unicom-cmpp", "cloud-http"
BOTH_WAYS = Capabilities(reply=True, report=True, extension=True, segments=True)
WAYS = (
    Way(SMPP, Medium.SMS, 1, is_ready=True, capabilities=BOTH_WAYS),
    Way(CMPP, Medium.SMS, 2, is_ready=True, capabilities=BOTH_WAYS),
    Way(CLOUD, Medium.SMS, 0, is_ready=True, capabilities=Capabilities(report=True, template=True)),
    Way("sip", Medium.VOICE, 0, is_ready=True, capabilities=Capabilities(reply=True)),
)
SMS = Need(Medium.SMS)


def after(seconds: float) -> datetime:
    """Return a moment after the start."""
    return NOW + timedelta(seconds=seconds)


def sent(part: int, reference: str, *, attempt: int = 1, provider: str = SMPP, seconds: float = 0) -> PartTry:
    """Return a try that the provider took."""
    return PartTry(PAGE, part, attempt, provider, after(seconds), reference)


def refused(part: int, retry: Retry, *, attempt: int = 1, provider: str = SMPP, code: str = "88") -> PartTry:
    """Return a try that it did not take."""
    return PartTry(PAGE, part, attempt, provider, after(attempt), "", retry, code)


def heard(reference: str, state: ReportState, *, seconds: float = 1, provider: str = SMPP, code: str = "") -> Report:
    """Return a report."""
    return Report(provider, reference, state, code, None, after(seconds))


DELIVERED, FAILED, ACCEPTED, UNKNOWN = (
    ReportState.DELIVERED,
    ReportState.FAILED,
    ReportState.ACCEPTED,
    ReportState.UNKNOWN,
)
THREE = (sent(1, "x1"), sent(2, "x2"), sent(3, "x3"))


@pytest.mark.parametrize(
    ("tries", "reports", "standing"),
    [
        ((), (), Standing.WAITING),
        (THREE, (), Standing.WAITING),
        (THREE, (heard("x1", DELIVERED), heard("x2", DELIVERED)), Standing.WAITING),
        (THREE, [heard(f"x{part}", DELIVERED) for part in (1, 2, 3)], Standing.DELIVERED),
        (THREE, (heard("x1", DELIVERED), heard("x2", FAILED), heard("x3", DELIVERED)), Standing.FAILED),
        (THREE, (heard("x2", FAILED),), Standing.FAILED),
        (THREE, [heard(f"x{part}", ACCEPTED) for part in (1, 2, 3)], Standing.WAITING),
        (THREE, [heard(f"x{part}", UNKNOWN) for part in (1, 2, 3)], Standing.WAITING),
        (THREE[:2], [heard(f"x{part}", DELIVERED) for part in (1, 2, 3)], Standing.WAITING),
        (THREE, [heard(f"x{part}", DELIVERED, provider=CMPP) for part in (1, 2, 3)], Standing.WAITING),
        (THREE, [heard(f"x{part}", DELIVERED, seconds=73 * 3600) for part in (1, 2, 3)], Standing.WAITING),
        (THREE, [heard(f"x{part}", DELIVERED, seconds=-5) for part in (1, 2, 3)], Standing.DELIVERED),
        ((*THREE[:2], refused(3, Retry.TEMPORARY)), (), Standing.WAITING),
        ((*THREE[:2], refused(3, Retry.THROTTLED)), (), Standing.WAITING),
        ((*THREE[:2], refused(3, Retry.PERMANENT)), (), Standing.FAILED),
        ((*THREE, sent(2, "y2", attempt=2)), (heard("x2", FAILED),), Standing.WAITING),
        (
            (*THREE, sent(2, "y2", attempt=2, provider=CMPP)),
            [
                heard("x1", DELIVERED),
                heard("x2", FAILED),
                heard("x3", DELIVERED),
                heard("y2", DELIVERED, provider=CMPP),
            ],
            Standing.DELIVERED,
        ),
        ((*THREE, refused(2, Retry.PERMANENT, attempt=2)), (), Standing.WAITING),
        ((*THREE, refused(2, Retry.PERMANENT, attempt=2)), (heard("x2", FAILED),), Standing.FAILED),
    ],
)
def test_a_page_passes_for_delivered(tries: Sequence[PartTry], reports: Sequence[Report], standing: Standing) -> None:
    """Every part, or it is not delivered; one part failed is failed, unless it was handed over again."""
    assert join(3, tries, reports).standing is standing


def test_which_parts_go_out_again() -> None:
    """After a failure in the middle, only what is missing is sent anew."""
    joined = join(3, THREE, (heard("x1", DELIVERED), heard("x2", FAILED)))
    assert joined == Joined(delivered=(1,), waiting=(3,), failed=(2,))


def test_a_late_failure_takes_a_delivery_back() -> None:
    """Delivered outranks failed, and failed outranks what is no final word, in both orders."""
    ascending = [heard("x1", state, seconds=at) for at, state in enumerate((ACCEPTED, UNKNOWN, FAILED, DELIVERED))]
    for weak, strong in pairwise(ascending):
        assert stronger(weak, strong) is strong
        assert stronger(strong, weak) is strong
    assert stronger(None, ascending[0]) is ascending[0]
    early, late = heard("x1", FAILED, seconds=1), heard("x1", FAILED, seconds=9)
    assert stronger(late, early) is early


def test_a_reference_used_again_delivers_a_new_page() -> None:
    """A report kept for more than 72 hours is of an older page: the newer one takes its place."""
    old, new = heard("x1", DELIVERED), heard("x1", ACCEPTED, seconds=73 * 3600)
    assert stronger(old, new) is new
    assert join(1, (sent(1, "x1", seconds=73 * 3600),), (old,)).standing is Standing.WAITING
    assert stronger(old, heard("x1", ACCEPTED, seconds=KEPT.total_seconds())) is old


def test_a_part_that_the_page_does_not_have() -> None:
    """It would let a page be delivered without being whole: our own bug."""
    with pytest.raises(InvariantError):
        join(2, THREE, ())
    with pytest.raises(InvariantError):
        join(0, (), ())


def test_rows_of_a_submit_lose_their_order() -> None:
    """Attempts are counted for each part, over all providers."""
    made = tries_of(PAGE, SMPP, (Submitted(1, "x1"), Refused(2, Retry.TEMPORARY, "88")), (), NOW)
    made += tries_of(PAGE, CMPP, (Submitted(2, "y2"),), made, NOW)
    assert [(one.part, one.attempt, one.provider, one.reference, one.retry, one.code) for one in made] == [
        (1, 1, SMPP, "x1", None, ""),
        (2, 1, SMPP, "", Retry.TEMPORARY, "88"),
        (2, 2, CMPP, "y2", None, ""),
    ]


# -- what next ----------------------------------------------------------------------------------------


def test_a_temporary_failure_is_tried_at_once_or_for_ever() -> None:
    """After 5, 15 and 45 s the same provider, then the next, which begins anew, then the next medium with an alarm."""
    made: list[PartTry] = []
    steps = []
    for attempt, provider in enumerate([SMPP] * 4 + [CMPP] * 4 + [CLOUD] * 4, 1):
        latest = [refused(1, Retry.TEMPORARY, attempt=attempt, provider=provider)]
        made += latest
        steps.append(after_submit(latest, made, WAYS, SMS, now=NOW, jitter=0.5))
    for first, other in ((0, CMPP), (4, CLOUD)):
        again = [step for step in steps[first : first + 3] if isinstance(step, Again)]
        assert [(step.at - NOW).total_seconds() for step in again] == list(RETRY_SECONDS) == [5, 15, 45]
        assert steps[first + 3] == OtherProvider(other, (1,))
    assert steps[-1] == NextMedium("88", is_alarm=True)


def test_all_nodes_try_again_in_the_same_moment() -> None:
    """The wait is spread by a fifth to both sides."""
    latest = [refused(1, Retry.TEMPORARY)]
    waits = []
    for jitter in (0.0, 0.5, 0.999999):
        step = after_submit(latest, latest, WAYS, SMS, now=NOW, jitter=jitter)
        assert isinstance(step, Again)
        waits.append((step.at - NOW).total_seconds())
    assert waits == pytest.approx([4, 5, 6], abs=0.001)
    for jitter in (-0.1, 1.0):
        with pytest.raises(InvariantError):
            after_submit(latest, latest, WAYS, SMS, now=NOW, jitter=jitter)


def test_a_permanent_failure_is_tried_again() -> None:
    """The next medium now and an alarm, though other parts were taken or may be tried again."""
    latest = [sent(1, "x1"), refused(2, Retry.TEMPORARY), refused(3, Retry.PERMANENT, code="11")]
    assert after_submit(latest, latest, WAYS, SMS, now=NOW, jitter=0.5) == NextMedium("11", is_alarm=True)


def test_only_the_refused_parts_go_out_again() -> None:
    """What a provider took is not handed over twice."""
    latest = [sent(1, "x1"), refused(2, Retry.TEMPORARY), refused(3, Retry.THROTTLED)]
    step = after_submit(latest, latest, WAYS, SMS, now=NOW, jitter=0.5)
    assert step == Again(SMPP, (2, 3), after(5))
    assert after_submit(latest[:1], latest[:1], WAYS, SMS, now=NOW, jitter=0.5) is None


def test_throttling_drives_a_page_to_a_worse_provider() -> None:
    """It waits for the same one, longer each time, and a wait between two failures counts as none of them."""
    made: list[PartTry] = []
    waits = []
    for attempt in range(1, 7):
        latest = [refused(1, Retry.THROTTLED, attempt=attempt)]
        made += latest
        step = after_submit(latest, made, WAYS, SMS, now=NOW, jitter=0.5)
        assert isinstance(step, Again)
        assert step.provider == SMPP
        waits.append((step.at - NOW).total_seconds())
    assert waits == [1, 2, 4, 8, 8, 8]
    latest = [refused(1, Retry.TEMPORARY, attempt=7)]
    assert after_submit(latest, [*made, *latest], WAYS, SMS, now=NOW, jitter=0.5) == Again(SMPP, (1,), after(5))
    latest = [refused(1, Retry.THROTTLED, attempt=8)]
    made += [refused(1, Retry.TEMPORARY, attempt=7), *latest]
    assert after_submit(latest, made, WAYS, SMS, now=NOW, jitter=0.5) == Again(SMPP, (1,), after(1))


def way(name: str, order: int, *, ready: bool = True, reply: bool = True, report: bool = True) -> Way:
    """Return an SMS provider."""
    return Way(name, Medium.SMS, order, ready, Capabilities(reply=reply, report=report))


@pytest.mark.parametrize(
    ("ways", "need", "tried", "wanted"),
    [
        ((way("b", 2), way("a", 1)), SMS, (), "a"),
        ((way("b", 2), way("a", 1)), SMS, ("a",), "b"),
        ((way("b", 2), way("a", 1)), SMS, ("a", "b"), None),
        ((way("a", 1, ready=False), way("b", 2)), SMS, (), "b"),
        ((way("a", 1, ready=False), way("b", 2, reply=False)), SMS, (), "b"),
        ((way("a", 1, ready=False),), SMS, (), "a"),
        ((way("a", 1, reply=False), way("b", 2)), SMS, (), "b"),
        ((way("a", 1, reply=False), way("b", 2)), Need(Medium.SMS, wants_answer=False), (), "a"),
        ((way("a", 1, report=False), way("b", 2)), SMS, (), "b"),
        (WAYS, SMS, (), SMPP),
        (WAYS, SMS, (SMPP, CMPP), CLOUD),
        (WAYS, Need(Medium.SMS, has_template=False), (SMPP, CMPP), None),
        (WAYS, Need(Medium.FAX), (), None),
        ((), SMS, (), None),
    ],
)
def test_a_page_takes_the_wrong_way(ways: Sequence[Way], need: Need, tried: Sequence[str], wanted: str | None) -> None:
    """Ready first, then answer and report, then the configured order; a heartbeat that is behind excludes nobody."""
    assert choose(ways, need, tried) == wanted


@pytest.mark.parametrize("retry", [Retry.TEMPORARY, Retry.THROTTLED])
def test_a_provider_is_asked_again_before_it_said(retry: Retry) -> None:
    """Retry-After 30 is 30 s; one that asks for more than 45 s is passed over, or waited for if it is the only one."""
    latest = [refused(1, retry)]

    def step(wait_seconds: int, *ways: Way) -> object:
        return after_submit(latest, latest, ways, SMS, now=NOW, jitter=0.5, wait_seconds=wait_seconds)

    assert step(30, *WAYS) == Again(SMPP, (1,), after(30))
    assert step(600, *WAYS) == OtherProvider(CMPP, (1,))
    assert step(600, WAYS[0]) == Again(SMPP, (1,), after(600))


def test_a_page_that_may_have_gone_out_goes_out_unasked() -> None:
    """The last try by this provider says since when it may have it; without any, that it was claimed before."""
    tries = [refused(1, Retry.TEMPORARY), refused(1, Retry.TEMPORARY, attempt=2), sent(1, "x", provider=CMPP)]
    assert tried_at(SMPP, tries, None) == after(2)
    assert tried_at(CLOUD, tries, after(9)) is None
    assert tried_at(SMPP, (), None) is None
    assert tried_at(SMPP, (), after(9)) == after(9)
