"""What the desk does beside paging: it takes up what was left, and does not drown in news."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.escalations import EscalationState, PageState
from schemas.notices import NoticeKind
from schemas.pages import Recipient, Retry
from tests.night import Night
from tests.pagers import PHONES, FixedDuty, refusing
from tests.papers import ALERT, LIBO, alert_content
from tests.world import alert_draft, policy_draft

A, LEADER = PHONES["duty-a"], PHONES["leader-a"]


@pytest.fixture
def night() -> Night:
    return Night()


async def test_a_page_that_nobody_hands_over_is_taken_up_at_the_start(night: Night) -> None:
    """Due and without work, as a version before left it: it would wait for ever, and so would its reader."""
    night.sms.answer = refusing(Retry.TEMPORARY)
    await night.alert(3)
    (page,) = night.sms.to(A)
    await night.county.store.write(lambda tx: tx.paging.drop_work(page.page_id))
    night.sms.answer = None
    await night.later(seconds=30)
    assert len(night.sms.to(A)) == 1, "nothing else takes it up"
    night.desk = night.opened({"mobile": night.sms, "calls": night.voice})
    async with night.desk.running():
        await night.clock.move(2)
    assert [one.page_id for one in night.sms.to(A)] == [page.page_id] * 2
    kept = await night.county.store.read(lambda s: s.paging.page(page.page_id))
    assert kept is not None
    assert kept.state is PageState.SUBMITTED


@dataclass(slots=True)
class WatchedDuty(FixedDuty):
    """Notes when it is asked who is on duty: once by every plan, as long as nothing is open."""

    looks: list[datetime] = field(default_factory=list)

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:
        self.looks.append(at)
        return FixedDuty.on_duty(self, at)


async def test_a_flood_of_news_is_worked_off_in_gulps(night: Night) -> None:
    """1,000 changes of the journal within a second: twenty-one plans, not a thousand, and the first at once."""
    night.duty = duty = WatchedDuty()
    night.desk = night.opened({"mobile": night.sms})
    async with night.desk.running(tick_seconds=3600):
        await night.clock.move(1)
        duty.looks.clear()
        for number in range(1_000):
            await night.county.store.write(
                lambda tx, n=str(number): tx.waiting_room.tell(NoticeKind.MISSING, n, "", "x", night.clock.now())  # type: ignore[misc]
            )
            await night.clock.move(0.001)
        await night.clock.move(0.1)
    assert len(duty.looks) <= 22
    assert duty.looks[0] - night.began <= timedelta(seconds=1.001)
    assert duty.looks[-1] - duty.looks[0] >= timedelta(seconds=0.99), "the last is not left for the next tick"


async def test_what_a_flood_left_is_opened_without_further_news(night: Night) -> None:
    """Two hundred are looked at in one plan: the rest must not wait for the ticks, two hundred each."""
    for _ in range(250):
        await night.world[LIBO].send(policy_draft())
    async with night.desk.running(tick_seconds=3600):
        await night.world.carry()
        await night.clock.move(0.2)
        told = await night.county.store.read(lambda s: s.paging.escalations(live_only=True, limit=1000))
    assert len(told) == 250


def _later(kind: str, number: int, *names: int, level: int = 2, **draft: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the draft of an update or cancellation of the night's alerts, by number."""
    before = [{"alert_id": f"52272241600000_20260304074500_{name}"} for name in names]
    given = {"report_stage": "followup", "report_no": 3, "note": "雨停", "predecessors": before}
    own = f"52272241600000_20260304074500_{number}"
    content = alert_content(warning_level=level, alert_id=own, **given)
    return alert_draft(type=ALERT.replace("issued", kind), content=content, **draft)


async def _sent(night: Night, draft: dict[str, Any]) -> None:
    """Let 荔波 send it, and have it carried and looked at."""
    await night.world[LIBO].send(draft)
    await night.world.carry()
    await night.desk.run_once()


@pytest.mark.parametrize("kind", ["updated", "cancelled"])
@pytest.mark.parametrize("status", ["exercise", "test", "system"])
async def test_an_exercise_that_an_older_program_let_pass_silences_nobody(
    night: Night, monkeypatch: pytest.MonkeyPatch, kind: str, status: str
) -> None:
    """One officer calls the end of a red alert an exercise, and nobody is told of it any more."""
    for end in ("gateway", "receiver"):
        monkeypatch.setattr(f"services.{end}.history.judge_status", lambda *_: None)
    alert = await night.alert(2)
    await _sent(night, _later(kind, 2, 1, status=status))
    assert await night.state(alert) is EscalationState.OPEN
    one = await night.county.store.read(lambda s: s.paging.escalation(alert))
    assert one is not None
    assert one.version == alert, "nothing goes on in it"

    await _sent(night, _later("cancelled", 3, 1))
    assert await night.state(alert) is EscalationState.CANCELLED


async def test_an_exercise_under_the_id_of_an_alert_keeps_its_end_from_nobody(night: Night) -> None:
    """The real end would be taken for that of the exercise, and telephones would ring for water that has fallen."""
    alert = await night.alert(2)
    again = alert_content(
        warning_level=2, alert_id="52272241600000_20260304074500_1", report_stage="first", report_no=1
    )
    await _sent(night, alert_draft(content=again, status="exercise"))
    await _sent(night, _later("cancelled", 2, 1, status="exercise"))
    assert await night.state(alert) is EscalationState.OPEN
    await _sent(night, _later("cancelled", 3, 1))
    assert await night.state(alert) is EscalationState.CANCELLED
