"""SMS of a storm as they leave: how long each level waits, what a person gets at most, and why each one waited."""

import pytest

from schemas.pages import Medium
from schemas.sms import HoldReason, Suppression
from tests.night import Night, code_in
from tests.pagers import PHONES

A = PHONES["duty-a"]
PLACES = ("522722", "451226", "522322", "530302", "533421", "451002", "530602", "522601")
"""One county of each of eight prefectures."""


@pytest.fixture
def night() -> Night:
    return Night()


async def alert(night: Night, level: int, number: int, place: str = PLACES[0]) -> str:
    return await night.alert(level, number=number, areas=[{"desc": "x", "adcodes": [place]}])


async def told_at(night: Night, alert_key: str) -> float | None:
    """Return how many seconds after the beginning the officer on duty was sent an SMS that tells of an alert."""
    rows = await night.county.store.read(lambda s: s.paging.pages_of(alert_key))
    mine = [one for one in rows if one.recipient == "duty-a" and one.medium is Medium.SMS and one.step == 0]
    at = mine[0].submitted_at
    return (at - night.began).total_seconds() if at else None


async def told_after(night: Night, alert_key: str, *, step: float, most: float) -> float | None:
    """Let time pass until the officer is told of an alert; return when that was, None if it takes too long."""
    for _ in range(int(most / step)):
        await night.clock.move(step)
        await night.desk.run_once()
        if (found := await told_at(night, alert_key)) is not None:
            return found
    return None


async def held_of(night: Night, alert_key: str) -> Suppression | None:
    rows = await night.county.store.read(lambda s: s.paging.pages_of(alert_key))
    mine = next(one for one in rows if one.recipient == "duty-a" and one.medium is Medium.SMS and one.step == 0)
    return await night.county.store.read(lambda s: s.paging.suppression(mine.page_id))


@pytest.mark.parametrize(("level", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 15)])
async def test_a_second_alert_of_an_area_waits_longer_than_its_interval(night: Night, level: int, minutes: int) -> None:
    """1, 2, 5, 15 minutes behind the SMS before, which waited for nothing; the reason is on record, and it is told."""
    assert await told_at(night, await alert(night, level, 1)) == 0
    await night.clock.move(minutes)
    second = await alert(night, level, 2)
    assert await told_at(night, second) is None
    assert await told_after(night, second, step=minutes, most=minutes * 60 + 60) == minutes * 60
    held = await held_of(night, second)
    assert held is not None
    assert held.reason is HoldReason.GROUP_INTERVAL
    assert held.told_at is not None


@pytest.mark.parametrize(
    ("level", "behind", "seconds"), [(1, 61, 61), (2, 121, 121), (3, 301, 311), (4, 890, 920)], ids=["1", "2", "3", "4"]
)
async def test_behind_the_interval_it_waits_too_long_for_company(
    night: Night, level: int, behind: int, seconds: int
) -> None:
    """0, 0, 10, 30 seconds."""
    await alert(night, level, 1)
    await night.clock.move(behind)
    second = await alert(night, level, 2)
    found = await told_at(night, second)
    assert (found if found is not None else await told_after(night, second, step=1, most=60)) == seconds


async def test_a_person_gets_a_sixth_sms_in_a_quarter_of_an_hour(night: Night) -> None:
    """Level 3, six prefectures: the sixth waits until the first is 15 minutes old."""
    alerts = []
    for number, place in enumerate(PLACES[:6], 1):
        alerts.append(await alert(night, 3, number, place))
        await night.clock.move(20)
    assert [await told_at(night, one) for one in alerts] == [0, 20, 40, 60, 80, None]
    assert await told_after(night, alerts[5], step=20, most=900) == 900
    held = await held_of(night, alerts[5])
    assert held is not None
    assert held.reason is HoldReason.PERSON_QUARTER


async def test_level_1_waits_for_a_person(night: Night) -> None:
    """Eight prefectures within 16 seconds: eight SMS, each at once."""
    alerts = []
    for number, place in enumerate(PLACES, 1):
        alerts.append(await alert(night, 1, number, place))
        await night.clock.move(2)
    assert [await told_at(night, one) for one in alerts] == [0, 2, 4, 6, 8, 10, 12, 14]


async def test_a_person_gets_two_sms_in_a_minute(night: Night) -> None:
    """The second of one prefecture is due at 120 s; another prefecture's first came at 110 s: it waits until 170 s."""
    await alert(night, 2, 1)
    await night.clock.move(110)
    assert await told_at(night, await alert(night, 2, 2, PLACES[1])) == 110
    await night.clock.move(5)
    later = await alert(night, 2, 3)
    assert await told_after(night, later, step=5, most=100) == 170
    held = await held_of(night, later)
    assert held is not None
    assert held.reason is HoldReason.PERSON_MINUTE


async def test_other_areas_hold_a_bundle_up_for_ever(night: Night) -> None:
    """Every 50 s a first page of another prefecture: what is due at 120 s goes out at 240 s, one interval later."""
    await alert(night, 2, 1)
    await night.clock.move(10)
    waits = await alert(night, 2, 2)
    for number, place in enumerate(PLACES[1:7], 3):
        await night.later(seconds=50)
        await alert(night, 2, number, place)
        if await told_at(night, waits) is not None:
            break
    assert await told_at(night, waits) == 240


async def test_what_waits_is_told_whole_by_one_sms_that_answers_it(night: Night) -> None:
    """Three wait for different times: the first that is due takes the others along, and one reply answers all."""
    alerts = [await alert(night, level, number) for number, level in enumerate((2, 2, 3, 4), 1)]
    before = len(night.sms.to(A))
    assert await told_after(night, alerts[1], step=5, most=300) == 120
    assert [await told_at(night, one) for one in alerts[1:]] == [120, 120, 120]
    (bundle,) = night.sms.to(A)[before:]
    assert "共3条" in bundle.text
    await night.says("duty-a", f"{code_in(bundle.text)}收到")
    states = [str(await night.state(one)) for one in alerts]
    assert states == ["open", "acknowledged", "acknowledged", "acknowledged"]
