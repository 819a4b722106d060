"""An alert of 荔波 is told to 环江's people: who is reached by what and when, what answers do, and what 荔波 learns."""

import asyncio
from typing import Any

import pytest

from schemas.access import Scope
from schemas.base import Status
from schemas.control import ReceiptStage
from schemas.escalations import EscalationKind, EscalationState, PageState
from schemas.notices import NoticeKind
from schemas.pages import Dispatch, Keyed, Medium, PartResult, ReportState, Retry, Submitted, Tier
from schemas.rosters import Mark
from services.domain.escalation import Opening, open_escalation
from services.domain.neighbours import Silence
from services.domain.policies import USUAL_POLICY
from services.notifier.notifier import Notifier
from tests import papers
from tests.caller import calling
from tests.duties import Telling
from tests.night import Night, code_in
from tests.pagers import (
    CALLS,
    PHONES,
    SMS,
    FixedDuty,
    KeptPager,
    recipient,
    refusing,
    reply,
    report,
    without,
)
from tests.papers import HUANJIANG, LIBO
from tests.world import alert_draft, policy_draft

A, B, LEADER = PHONES["duty-a"], PHONES["duty-b"], PHONES["leader-a"]


@pytest.fixture
def night() -> Night:
    return Night()


async def test_an_alert_is_told_answered_and_known_at_its_source(night: Night) -> None:
    """The whole way: SMS, `37 收到`, silence, and 荔波's board says who, when and by which means."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    assert first.text.startswith("【环江应急】")
    assert "荔波" in first.text
    assert "2级" in first.text
    assert [one.address for one in night.voice.sent] == [A]

    await night.says("duty-a", f"{code_in(first.text)} 收到")

    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    known = await night.at_source(alert)
    assert (known.acknowledged_by, known.answer) == ("值班员甲", "received")
    receipts = await night.world[LIBO].store.read(lambda s: s.receipts(alert))
    assert [one.means for one in receipts if one.stage is ReceiptStage.ACKNOWLEDGED] == ["sms_number"]
    told = len(night.sms.sent), len(night.voice.sent)
    await night.later(minutes=10)
    assert (len(night.sms.sent), len(night.voice.sent)) == told
    assert night.sms.sent[-1].text.startswith("编号")
    assert night.sms.sent[-1].address == A


async def test_nobody_answers_and_everybody_is_told_in_turn(night: Night) -> None:
    """Level 2: secondary after 4 minutes, leader 8, office with fax 15, superior 20; then the source knows."""
    alert = await night.alert(2)
    for one in night.sms.sent:
        await night.desk.hearer.hear(report(night.sms, one, ReportState.DELIVERED, night.clock.now()))
    reached: dict[str, float] = {}
    for second in range(26 * 60):
        await night.later(seconds=1)
        for pager in (night.sms, night.voice, night.fax):
            for dispatch in pager.sent:
                reached.setdefault(dispatch.address, (second + 1) / 60)
    assert reached[B] == pytest.approx(4, abs=0.05)
    assert reached[LEADER] == pytest.approx(8, abs=0.05)
    assert reached["0778-7822002"] == pytest.approx(15, abs=0.05)
    assert await night.state(alert) is EscalationState.EXHAUSTED
    assert NoticeKind.EXHAUSTED in await night.notices()
    await night.world.carry()
    known = await night.at_source(alert)
    assert known.exhausted_at is not None
    assert known.acknowledged_at is None


async def test_level_1_wants_more_than_one_sms(night: Night) -> None:
    """The first 收到 stops that officer's pages only; a second officer's ends it."""
    alert = await night.alert(1)
    code = {one.address: code_in(one.text) for one in night.sms.sent}
    assert set(code) == {A, B}
    await night.says("duty-a", f"{code[A]}收到")
    assert await night.state(alert) is EscalationState.OPEN
    assert (await night.at_source(alert)).acknowledged_at is None
    calls = len(night.voice.to(A)), len(night.voice.to(B))
    await night.later(minutes=3)
    assert len(night.voice.to(A)) == calls[0]
    assert len(night.voice.to(B)) > calls[1]
    await night.says("duty-b", f"{code[B]}收到", number=2)
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    assert (await night.at_source(alert)).acknowledged_by == "值班员乙"


@pytest.mark.parametrize("means", ["pin", "console"])
async def test_level_1_ends_by_pin_or_console(night: Night, means: str) -> None:
    """One officer is enough if it is sure who it is."""
    alert = await night.alert(1)
    if means == "pin":
        (call,) = night.voice.to(A)
        assert call.pin_wanted
        await night.desk.hearer.hear(Keyed("calls", call.page_id, "111111", night.clock.now()))
        await night.desk.run_once()
        assert await night.state(alert) is EscalationState.OPEN
        await night.clock.move(1)
        await night.desk.hearer.hear(Keyed("calls", call.page_id, "2468102", night.clock.now()))
    else:
        token = night.county.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-a")
        async with calling(night.county, token) as caller:
            assert (await caller.post(f"/events/{alert}/acknowledgement", json={"answer": "handling"})).status == 202
    await night.desk.run_once()
    await night.world.carry()
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    known = await night.at_source(alert)
    assert (known.acknowledged_by, known.answer) == ("值班员甲", "handling")


async def test_a_pin_cannot_be_guessed(night: Night) -> None:
    """After five wrong ones within an hour the right one counts no more; the console does."""
    alert = await night.alert(1)
    (call,) = night.voice.to(A)
    for digits in ("111111", "222222", "333333", "444444", "555555", "246810"):
        await night.clock.move(1)
        await night.desk.hearer.hear(Keyed("calls", call.page_id, digits, night.clock.now()))
    await night.desk.run_once()
    assert await night.state(alert) is EscalationState.OPEN


async def test_who_cannot_come_silences_nothing(night: Night) -> None:
    """不能 advances it at once: the next officer is told in the same second."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    assert night.sms.to(B) == []
    await night.says("duty-a", f"{code_in(first.text)}不能")
    assert await night.state(alert) is EscalationState.OPEN
    assert len(night.sms.to(B)) == 1


async def test_an_sms_that_is_not_delivered_is_followed_by_a_call(night: Night) -> None:
    """Level 3 tells by SMS alone; without a final report the next medium takes over, with a failure at once."""
    await night.alert(3)
    (first,) = night.sms.to(A)
    assert night.voice.sent == []
    await night.desk.hearer.hear(report(night.sms, first, ReportState.FAILED, night.clock.now()))
    await night.desk.run_once()
    assert [one.address for one in night.voice.sent] == [A]


async def test_a_report_may_come_before_the_page_is_kept_as_submitted(night: Night) -> None:
    """Joined all the same, and twice is once."""
    alert = await night.alert(3)
    (first,) = night.sms.to(A)
    for _ in range(2):
        await night.desk.hearer.hear(report(night.sms, first, ReportState.DELIVERED, night.clock.now()))
    await night.desk.hearer.hear(report(night.sms, first, ReportState.FAILED, night.clock.now()))
    pages = await night.county.store.read(lambda s: s.paging.pages_of(alert))
    assert [one.state for one in pages if one.medium is Medium.SMS] == [PageState.DELIVERED]


async def test_a_refused_page_is_tried_again_and_then_by_another_provider(night: Night) -> None:
    """5, 15, 45 seconds, then the next one; for good, the next medium at once and an alarm."""
    night.sms.answer = refusing(Retry.TEMPORARY)
    other = KeptPager("telecom", Medium.SMS, SMS)
    night.desk = night.opened({"mobile": night.sms, "telecom": other, "calls": night.voice})
    await night.alert(3)
    await night.later(seconds=70)
    assert len(night.sms.to(A)) == 4
    assert len({one.page_id for one in night.sms.to(A)}) == 1
    assert [one.page_id for one in other.to(A)] == [night.sms.to(A)[0].page_id]

    night.sms.answer = refusing(Retry.PERMANENT)
    await night.alert(3, number=2, event_code="11A02", areas=[{"desc": "独山县", "adcodes": ["522726"]}])
    await night.later(seconds=1)
    assert night.voice.to(A)
    assert NoticeKind.PROVIDER_DOWN in await night.notices()


async def test_after_a_crash_the_same_page_has_the_same_id_and_code(night: Night) -> None:
    """Killed between submitting and keeping: told at most twice, never not at all."""

    def crash(_: object) -> list[Any]:
        raise ConnectionAbortedError

    night.sms.answer = crash
    with pytest.raises(ConnectionAbortedError):
        await night.alert(3)
    night.sms.answer = None
    night.desk = night.opened({"mobile": night.sms, "calls": night.voice})
    async with night.desk.running():
        await night.clock.move(2)
    first, second = night.sms.to(A)
    assert (first.page_id, first.text) == (second.page_id, second.text)
    await night.later(minutes=5)
    assert len(night.sms.to(A)) == 2


async def test_a_call_that_rings_holds_up_nobody(night: Night) -> None:
    """A telephone that rings for a minute while a second alert comes: its SMS goes out at once all the same."""
    ringing = asyncio.Event()

    class Ringing(KeptPager):
        async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
            self.sent.append(dispatch)
            await ringing.wait()
            return (Submitted(1, dispatch.page_id),)

    calls = Ringing("calls", Medium.VOICE, CALLS)
    desk = night.opened({"mobile": night.sms, "calls": calls})
    async with desk.running():
        await night.send_alert(2)
        await night.clock.move(2)
        assert len(calls.to(A)) == 1
        await night.send_alert(2, number=2, areas=[{"desc": "独山县", "adcodes": ["522726"]}], event_code="11A02")
        await night.clock.move(2)
        assert len(night.sms.to(A)) == 2
        await night.clock.move(61)
        assert len(calls.to(A)) == 2
        ringing.set()
        await night.clock.move(2)
    pages = await night.county.store.read(lambda s: [s.paging.page(one.page_id) for one in calls.sent])
    assert [one.state for one in pages if one] == [PageState.SUBMITTED] * len(pages)


async def test_a_silent_neighbour_has_our_own_officer_called(night: Night) -> None:
    """荔波's own duty officer is told with the neighbour's telephone, until the call is on record."""
    world = night.world
    source = Night.__new__(Night)
    source.world, source.clock, source.county = world, world.clock, world[LIBO]
    source.rules = night.rules
    source.duty, source.sms = FixedDuty(), KeptPager("mobile", Medium.SMS, SMS)
    source.voice = KeptPager("calls", Medium.VOICE, CALLS)
    source.desk = source.opened({"mobile": source.sms, "calls": source.voice})
    alert = (await world[LIBO].send(alert_draft())).envelope_id
    notifier = Notifier(
        store=world[LIBO].store, trust=world[LIBO].directory.trust, clock=world.clock, policy=lambda: USUAL_POLICY
    )
    for _ in range(62):
        await world.clock.move(1)
        await notifier.run_once()
        await source.desk.run_once()
    text = source.sms.to(A)[0].text
    assert "未答本县1级预警" in text
    assert "0778" in text or "0854" in text or "1" in text
    token = world[LIBO].let_in("duty", Scope.ACKNOWLEDGE, Scope.EVENTS_READ, officer="duty-a")
    async with calling(world[LIBO], token) as caller:
        for county in (HUANJIANG, papers.NANDAN):
            done = await caller.post(f"/events/{alert}/calls", json={"county": county, "office": "值班室"})
            assert done.status == 202, done.body
    await source.desk.run_once()
    told = len(source.sms.sent), len(source.voice.sent)
    for _ in range(300):
        await world.clock.move(1)
        await source.desk.run_once()
    assert (len(source.sms.sent), len(source.voice.sent)) == told


async def test_the_mail_about_a_silent_neighbour_names_who_is_there(night: Night) -> None:
    """By its own word, while it counts; the SMS stays the carrier's registered text."""
    world = night.world
    by_mail = recipient("duty-a", "值班员甲", Tier.PRIMARY, Medium.EMAIL)
    night.duty.people = (by_mail, recipient("duty-b", "值班员乙", Tier.SECONDARY, Medium.SMS))
    await Telling(world).tell()
    there = await world[HUANJIANG].store.read(lambda s: s.duties.neighbour(LIBO))
    assert there is not None
    alert = (await world[HUANJIANG].send(alert_draft())).envelope_id
    for stage, minutes in ((ReceiptStage.STORED, 0), (ReceiptStage.ACKNOWLEDGED, 31)):
        await world.clock.move(minutes * 60)
        opening = Opening(
            Silence(alert, LIBO, stage).key, EscalationKind.NEIGHBOUR, "", 1, Status.ACTUAL, HUANJIANG, None
        )
        opened = open_escalation(opening, USUAL_POLICY, world.clock.now())
        await world[HUANJIANG].store.write(lambda tx, opened=opened: tx.paging.keep(opened))  # type: ignore[misc]
        await night.desk.run_once()
    known, *over = (one.text for one in night.mail.sent)
    primary, secondary = (one.display for one in there.people)
    assert known.endswith(f"（对方在岗：主班{primary}、副班{secondary}）")
    texts = [*over, *(one.text for one in night.sms.sent)]
    assert len(over) > 0
    assert len(texts) > len(over)
    assert [text for text in texts if "在岗" in text] == []


async def test_a_storm_is_three_sms_for_an_officer_and_every_page_is_answerable(night: Night) -> None:
    """40 alerts for one prefecture in a minute: bundled, each on record, one reply answers the bundle."""
    alerts = []
    for number in range(40):
        given: dict[str, Any] = {
            "alert_id": f"522722416000{number:02d}_20260304074500_1",
            "event_code": f"11B{number % 9 + 1:02d}",
        }
        alerts.append(await night.alert(3, **given))
        await night.later(seconds=1)
    await night.later(seconds=20)
    within_a_minute = len(night.sms.to(A))
    assert within_a_minute <= 3
    await night.later(minutes=6)
    pages = [p for a in alerts for p in await night.county.store.read(lambda s, a=a: s.paging.pages_of(a))]  # type: ignore[misc]
    mine = [one for one in pages if one.recipient == "duty-a" and one.medium is Medium.SMS]
    assert len(mine) == 40
    assert all(one.submitted_at is not None for one in mine)
    held = [await night.county.store.read(lambda s, p=p: s.paging.suppression(p.page_id)) for p in mine]  # type: ignore[misc]
    assert sum(one is not None for one in held) >= 40 - len(night.sms.to(A))
    for number, text in enumerate([one.text for one in night.sms.to(A)], 10):
        await night.says("duty-a", f"{code_in(text)}收到", number=number)
    states = {await night.state(one) for one in alerts}
    assert states == {EscalationState.ACKNOWLEDGED}


async def test_a_bulletin_is_mailed_and_wakes_nobody(night: Night) -> None:
    """No SMS at once, no call ever."""
    with_mail = recipient("duty-a", "值班员甲", Tier.PRIMARY, Medium.SMS, Medium.VOICE, Medium.EMAIL)
    night.duty.people = (*without("duty-a"), with_mail)
    await night.world[LIBO].send(policy_draft())
    await night.world.carry()
    await night.desk.run_once()
    assert [one.address for one in night.mail.sent] == ["duty-a@county.example"]
    assert night.sms.sent == []
    assert night.voice.sent == []


async def test_the_morning_has_one_sms_for_everything_that_waits(night: Night) -> None:
    """Five bulletins overnight are one line at nine, not five."""
    for _ in range(5):
        await night.world[LIBO].send(policy_draft())
    await night.world.carry()
    await night.desk.run_once()
    assert night.sms.sent == []
    for _ in range(90):  # from eight to half past nine
        await night.clock.move(60)
        await night.desk.run_once()
    assert [one.text for one in night.sms.to(A)] == ["【环江应急】有5件通报待阅，请到值班台看。"]


async def test_a_bundle_that_is_tried_again_still_stands_for_all_of_it(night: Night) -> None:
    """Refused once, it must not come back as the SMS of one alert whose code answers three."""
    for number in (1, 2, 3):
        await night.alert(3, number=number)
        await night.later(seconds=2)
    night.sms.answer = refusing(Retry.TEMPORARY)
    await night.later(minutes=5)
    refused = night.sms.sent[-1]
    night.sms.answer = None
    await night.later(seconds=60)
    assert night.sms.sent[-1].page_id == refused.page_id
    assert night.sms.sent[-1].text == refused.text
    assert "共2条" in refused.text


async def test_a_provider_that_left_the_settings_ends_no_node(night: Night) -> None:
    """Its name stands in the rows of what it refused."""
    night.sms.answer = refusing(Retry.TEMPORARY)
    await night.alert(3)
    other = KeptPager("telecom", Medium.SMS, SMS)
    night.desk = night.opened({"telecom": other})
    await night.later(seconds=10)
    assert len(other.to(A)) == 1


async def test_what_is_no_answer_answers_nothing(night: Night) -> None:
    """没收到 is no 收到; an unknown number gets nothing; 退订 opens a gap and the pages go on."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    await night.says("duty-a", f"{code_in(first.text)}没收到", number=1)
    assert await night.state(alert) is EscalationState.OPEN
    told = len(night.sms.sent)
    stranger = reply(night.sms, "duty-a", "收到", night.clock.now(), number=7)
    object.__setattr__(stranger, "sender", "13999999999")
    await night.desk.hearer.hear(stranger)
    await night.desk.run_once()
    assert len(night.sms.sent) == told
    await night.says("duty-a", "退订", number=3)
    assert [(one[0], one[2]) for one in night.duty.marks] == [("duty-a", Mark.OPTED_OUT)]
    assert NoticeKind.COVERAGE_GAP in await night.notices()
    assert await night.state(alert) is EscalationState.OPEN
    await night.says("duty-a", f"{code_in(first.text)} 收到", number=4)
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED


async def test_what_the_roster_lacks_is_told_and_taken_back(night: Night) -> None:
    """A gap that is found out at the alert is found out too late."""
    night.duty.missing = {"coverage.nobody:leader:": "12-03 08:30 至 12-04 08:30 带班领导无人值班，请排班"}
    await night.desk.run_once()
    assert await night.notices() == {NoticeKind.COVERAGE_GAP}
    night.duty.missing = {}
    await night.clock.move(3600)
    await night.desk.run_once()
    assert await night.notices() == set()


async def test_an_answer_without_a_code_counts_if_one_page_is_open(night: Night) -> None:
    """Two open: one question back, and nothing is answered."""
    first = await night.alert(2)
    await night.says("duty-a", "收到", number=1)
    assert await night.state(first) is EscalationState.ACKNOWLEDGED
    for number in (2, 3):
        await night.alert(2, number=number, areas=[{"desc": "x", "adcodes": [f"52272{number + 4}"]}])
        await night.later(seconds=61)
    before = len(night.sms.to(A))
    await night.says("duty-a", "收到", number=2)
    assert len(night.sms.to(A)) == before + 1
    assert "编号" in night.sms.to(A)[-1].text


async def test_an_exhausted_alert_may_still_be_taken(night: Night) -> None:
    """An hour later somebody wakes up: it counts, and the alarm ends."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    await night.later(minutes=26)
    assert await night.state(alert) is EscalationState.EXHAUSTED
    await night.says("duty-a", f"{code_in(first.text)}收到")
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    assert NoticeKind.EXHAUSTED not in await night.notices()
    assert (await night.at_source(alert)).acknowledged_by == "值班员甲"
