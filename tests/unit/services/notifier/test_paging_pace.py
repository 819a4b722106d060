"""When the desk works: a step that falls due between two ticks, and more pages than one round takes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas.pages import Dispatch, Medium, PartResult, Recipient, Submitted, Tier
from tests.night import Night
from tests.pagers import PHONES, SMS, FixedDuty, KeptPager, recipient, reference

A, B = PHONES["duty-a"], PHONES["duty-b"]
ALERTS = 300
"""More than are planned, or handed over, at one time."""
SLOW_TICK = 30.0
TICK = 1_000.0


class RingingPager(KeptPager):
    """Says nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__("mobile", Medium.SMS, SMS)
        self.rings = asyncio.Event()

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        self.sent.append(dispatch)
        await self.rings.wait()
        return tuple(Submitted(part.number, reference(dispatch.page_id, part.number)) for part in dispatch.parts)


async def _alerts(night: Night, count: int) -> None:
    """Let 荔波 send alerts about as many prefectures, so that no storm bundles them; one officer is on duty."""
    night.duty.people = (recipient("duty-a", "值班员甲", Tier.PRIMARY, Medium.SMS),)
    for number in range(count):
        areas = [{"desc": "x", "adcodes": [f"{1101 + number}00"]}]
        await night.send_alert(2, number=number, alert_id=f"52272241{number:06d}_20260304074500_1", areas=areas)


async def test_a_step_is_taken_when_it_falls_due_and_not_at_the_tick_after() -> None:
    """The second officer would be told up to a tick late, on every step of every alert."""
    night = Night()
    async with night.desk.running(tick_seconds=SLOW_TICK):
        await night.send_alert(2)
        await night.clock.move(0.5)
        told_at = night.clock.now()
        assert [len(night.sms.to(phone)) for phone in (A, B)] == [1, 0]
        while not night.sms.to(B):
            await night.clock.move(1.0)
        assert 239 <= (night.clock.now() - told_at).total_seconds() <= 242


@dataclass(slots=True)
class SlowDuty(FixedDuty):
    """Lets time pass while a plan asks who is on duty, once."""

    meanwhile: Callable[[], None] | None = None

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return FixedDuty.on_duty(self, at)


async def test_what_falls_due_during_a_round_is_taken_in_the_next_and_not_at_the_tick_after() -> None:
    """Not due when the round began, overdue when it is done: it would wait for a whole tick."""
    night = Night()
    night.duty = duty = SlowDuty()
    night.desk = night.opened({"mobile": night.sms})
    async with night.desk.running(tick_seconds=SLOW_TICK):
        await night.send_alert(2)
        await night.clock.move(200.0)
        duty.meanwhile = lambda: night.clock.jump(31.0)  # from the last round before the second step to behind it
        await night.clock.move(29.0)
        assert [len(night.sms.to(phone)) for phone in (A, B)] == [1, 1]


async def test_more_than_one_round_takes_goes_out_without_waiting_for_the_tick() -> None:
    """A thousand overdue alerts, 200 at each tick, would be told over five seconds."""
    night = Night()
    night.desk = night.opened({"mobile": night.sms})
    await _alerts(night, ALERTS)
    async with night.desk.running(tick_seconds=TICK):
        await night.clock.move(0.5)
        assert len(night.sms.to(A)) == ALERTS


async def test_who_waits_for_a_busy_provider_goes_out_as_soon_as_it_has_room() -> None:
    """256 pages are with the provider; the others must not wait for a tick that is a long way off."""
    night = Night()
    pager = RingingPager()
    night.desk = night.opened({"mobile": pager})
    await _alerts(night, ALERTS)
    async with night.desk.running(tick_seconds=TICK):
        await night.clock.move(0.5)
        assert len(pager.to(A)) == 256
        pager.rings.set()
        await night.clock.move(0.5)
        assert len(pager.to(A)) == ALERTS
