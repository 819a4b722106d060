"""Any order, any repetition, any delay of reports and submit responses: the same end, and never a step back."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.pages import Report, ReportState, Retry
from schemas.sms import PartTry
from services.domain.page_delivery import Standing, by_reference, join, stronger
from tests.papers import NOW

PAGE = "a" * 32
TOTAL = 3
STATES = st.sampled_from(list(ReportState))


@st.composite
def facts(draw: st.DrawFn) -> list[PartTry | Report]:
    """Draw what happens to one page: tries at two providers, and reports on them and on strangers."""
    found: list[PartTry | Report] = []
    for part in range(1, TOTAL + 1):
        for attempt in range(1, draw(st.integers(1, 3)) + 1):
            retry = draw(st.sampled_from([None, None, None, *Retry]))
            reference = "" if retry else f"{part}-{attempt}"
            found.append(PartTry(PAGE, part, attempt, draw(st.sampled_from("ab")), NOW, reference, retry))
    for _ in range(draw(st.integers(0, 12))):
        reference = f"{draw(st.integers(1, TOTAL + 1))}-{draw(st.integers(1, 3))}"
        at = NOW + timedelta(seconds=draw(st.integers(-60, 60)))
        done_at = draw(st.sampled_from([None, NOW]))
        found.append(
            Report(draw(st.sampled_from("ab")), reference, draw(STATES), draw(st.sampled_from("xy")), done_at, at)
        )
    return found


class Book:
    """The smallest store: tries by part and attempt, one report for each reference."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.tries: dict[tuple[int, int], PartTry] = {}
        self.reports: dict[tuple[str, str], Report] = {}

    def take(self, fact: PartTry | Report) -> None:
        """Keep a fact; repeated, it changes nothing."""
        if isinstance(fact, Report):
            key = (fact.provider, fact.reference)
            self.reports[key] = stronger(self.reports.get(key), fact)
        else:
            self.tries[fact.part, fact.attempt] = fact

    def delivered(self) -> set[int]:
        """Return the parts delivered so far."""
        return set(join(TOTAL, self.tries.values(), self.reports.values()).delivered)

    def standing(self) -> Standing:
        """Return what became of the page so far."""
        return join(TOTAL, self.tries.values(), self.reports.values()).standing


@given(facts(), st.data())
def test_the_order_of_arrival_decides(one: list[PartTry | Report], data: st.DataObject) -> None:
    """Any permutation with any repetition ends in the same state, row by row, and a delivered part stays delivered."""
    straight, mixed = Book(), Book()
    for fact in one:
        straight.take(fact)
    repeated = one + data.draw(st.lists(st.sampled_from(one), max_size=10))
    delivered: set[int] = set()
    for fact in data.draw(st.permutations(repeated)):
        mixed.take(fact)
        assert delivered <= mixed.delivered()
        delivered = mixed.delivered()
    assert mixed.reports == straight.reports == by_reference(fact for fact in one if isinstance(fact, Report))
    assert mixed.tries == straight.tries
    assert mixed.standing() is straight.standing()


@given(facts())
def test_a_page_is_delivered_in_part(one: list[PartTry | Report]) -> None:
    """Delivered means: of every part some try was reported delivered, whatever else was said."""
    tries = [fact for fact in one if isinstance(fact, PartTry)]
    reports = [fact for fact in one if isinstance(fact, Report)]
    arrived = {(report.provider, report.reference) for report in reports if report.state is ReportState.DELIVERED}
    parts = {one.part for one in tries if one.retry is None and (one.provider, one.reference) in arrived}
    joined = join(TOTAL, tries, reports)
    assert set(joined.delivered) == parts
    assert (joined.standing is Standing.DELIVERED) is (parts == {1, 2, 3})
    assert sorted(joined.delivered + joined.waiting + joined.failed) == [1, 2, 3]


@given(facts(), STATES)
def test_a_report_takes_something_back(one: list[PartTry | Report], state: ReportState) -> None:
    """One report more never makes a final state open again, and never undoes a delivery."""
    book = Book()
    for fact in one:
        book.take(fact)
    for held in list(book.reports.values()):
        before = join(TOTAL, book.tries.values(), book.reports.values())
        book.take(Report(held.provider, held.reference, state, "z", None, NOW + timedelta(hours=1)))
        after = join(TOTAL, book.tries.values(), book.reports.values())
        assert set(before.delivered) <= set(after.delivered)
        assert set(after.waiting) <= set(before.waiting)
