"""A bulletin in any week, with a clock that is set ahead and back: never by night, never twice, and it ends."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import BEIJING
from schemas.escalations import AlarmKind, EscalationState, PageRow
from schemas.officers import AnswerWord
from services.domain.escalation import is_due, plan
from services.domain.escalation_draft import Facts, is_weekday
from services.domain.ordinary import open_ordinary
from services.domain.policies import USUAL_POLICY
from tests.escalations import ALERT, EVERYBODY, NOON, answer, merged
from tests.papers import LIBO

HOURS = st.integers(-30, 60)


@given(start=st.integers(0, 24 * 14), moves=st.lists(HOURS, max_size=12), answered=st.none() | st.integers(0, 12))
def test_a_bulletin_is_told_by_day_and_once_and_ends(start: int, moves: list[int], answered: int | None) -> None:
    """It wakes somebody, it repeats itself when the clock is set, or it stays open for ever."""
    now = NOON + timedelta(hours=start)
    row = open_ordinary(ALERT, USUAL_POLICY, now, source=LIBO, is_workday=is_weekday)
    pages: tuple[PageRow, ...] = ()
    overdue = 0
    for number in range(400):
        answers = (answer(1, "first", AnswerWord.RECEIVED),) if answered is not None and number > answered else ()
        made = plan(row, Facts(USUAL_POLICY, EVERYBODY, now, pages, answers))
        if made.pages:
            assert 7 <= now.astimezone(BEIJING).hour < 22
        assert not {one.page_id for one in made.pages} & {one.page_id for one in pages}
        row, pages = made.escalation, merged(pages, made)
        overdue += sum(one.kind is AlarmKind.OVERDUE for one in made.alarms)
        assert not is_due(row, now)
        if number < len(moves):
            now += timedelta(hours=moves[number])
        elif row.wake_at is None:
            break
        else:
            now = max(now, row.wake_at)
    if row.state is EscalationState.ACKNOWLEDGED:
        assert answered is not None
        assert overdue <= 1
    else:
        assert (row.state, overdue) == (EscalationState.EXHAUSTED, 1)
