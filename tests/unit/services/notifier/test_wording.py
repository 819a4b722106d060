"""What an SMS says, and to whom, for the reasons that there are to tell somebody."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.escalations import EscalationState
from schemas.pages import Medium
from tests import papers
from tests.night import Night
from tests.pagers import PHONES
from tests.papers import LIBO
from tests.world import alert_draft, policy_draft

A, LEADER = PHONES["duty-a"], PHONES["leader-a"]


@pytest.fixture
def night() -> Night:
    return Night()


async def test_whoever_is_told_for_a_reason_reads_the_reason(night: Night) -> None:
    """Passed on, called false, raised: read as one alert more, it is not seen what is asked."""
    alert = await night.alert(2)
    first = night.sms.to(A)[0].text
    code = first.partition("回复")[2].partition("收到")[0]
    await night.says("duty-a", f"{code}误报")
    assert "误报待核实：荔波发2级预警" in night.sms.to(LEADER)[-1].text
    await night.says("duty-a", f"{code}转 带班领导", number=2)
    assert "转给您：荔波发2级预警" in night.sms.to(LEADER)[-1].text
    assert await night.state(alert) is EscalationState.OPEN


async def test_an_answer_signed_with_the_desk_is_understood(night: Night) -> None:
    """Officers sign; 值班员甲 is no other word."""
    alert = await night.alert(2)
    code = night.sms.to(A)[0].text.partition("回复")[2].partition("收到")[0]
    await night.says("duty-a", f"{code}收到，值班员甲")
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED


async def test_bulletins_reach_at_night_who_does_not_sleep(night: Night) -> None:
    """The roster says who; everybody else reads of it in the morning, and nobody twice."""
    await night.clock.move(16 * 3600)  # eleven at night
    mail = ((Medium.EMAIL, "duty-a@county.example"),)
    one, two = (replace(person, addresses=mail, tier=night.duty.people[0].tier) for person in night.duty.people[:2])
    night.duty.people = (replace(one, sleeps=False), replace(two, addresses=((Medium.EMAIL, "duty-b@county.example"),)))
    await night.world[LIBO].send(policy_draft())
    await night.world.carry()
    await night.desk.run_once()
    assert [sent.address for sent in night.mail.sent] == ["duty-a@county.example"]
    await night.clock.move(8 * 3600 + 60)
    await night.desk.run_once()
    assert [sent.address for sent in night.mail.sent] == ["duty-a@county.example", "duty-b@county.example"]


async def succeeding(night: Night, kind: str, number: int, before: list[str], **content: Any) -> None:  # noqa: ANN401
    """Let 荔波 send what takes the place of earlier alerts, and have it told."""
    given = papers.alert_content(
        alert_id=f"52272241600000_20260304081500_{number}",
        report_stage="followup",
        report_no=3,
        predecessors=[{"alert_id": one} for one in before],
        **content,
    )
    await night.world[LIBO].send(alert_draft(type=f"cn.sihu.information.{kind}.v1", content=given))
    await night.world.carry()
    await night.desk.run_once()


FIRST = "52272241600000_20260304074500_1"


async def test_a_raised_alert_says_so(night: Night) -> None:
    """Read as one alert more of the same, the red one is put off; one that is only updated pages nobody."""
    await night.alert(3)
    await succeeding(night, "alert_updated", 2, [FIRST], warning_level=1)
    assert "荔波预警升为1级：" in night.sms.to(A)[-1].text
    told = len(night.sms.to(A))
    await succeeding(night, "alert_updated", 3, ["52272241600000_20260304081500_2"], warning_level=1)
    assert len(night.sms.to(A)) == told


async def test_a_storm_that_ends_is_no_storm_of_all_clears(night: Night) -> None:
    """Ten alerts of one prefecture end within a minute: the first says so at once, one SMS tells the rest."""
    for number in range(10):
        await night.alert(3, alert_id=f"522722416000{number:02d}_20260304074500_1")
        await night.later(seconds=1)
    await night.later(minutes=6)
    before = len(night.sms.to(A))
    for number in range(10):
        await succeeding(
            night,
            "alert_cancelled",
            number,
            [f"522722416000{number:02d}_20260304074500_1"],
            warning_level=3,
            note="雨停",
        )
        await night.later(seconds=5)
    assert [one.text.partition("：")[0] for one in night.sms.to(A)[before:]] == ["【环江应急】荔波解除预警"]
    await night.later(minutes=6)
    first, rest = night.sms.to(A)[before:]
    assert "荔波等解除预警共9条：" in rest.text
    assert "回复" not in first.text + rest.text
