"""What goes wrong between two transactions, two providers or two officers, and loses nobody."""

from dataclasses import replace

import pytest

from schemas.access import Scope
from schemas.base import Status
from schemas.escalations import EscalationKind, EscalationState, PageRow, PageState, Purpose
from schemas.notices import NoticeKind
from schemas.pages import Dispatch, Medium, PartResult, ReportState, Retry, Tier
from services.domain.sms_text import compose
from services.notifier.wording import sms_facts, told_of
from tests.caller import calling
from tests.night import Night, code_in
from tests.pagers import PHONES, SMS, KeptPager, recipient, refusing, report, without
from tests.papers import LIBO
from tests.world import policy_draft

A, B = PHONES["duty-a"], PHONES["duty-b"]


@pytest.fixture
def night() -> Night:
    return Night()


async def _pages(night: Night, key: str) -> list[PageState]:
    rows = await night.county.store.read(lambda s: s.paging.pages_of(key))
    return [one.state for one in rows if one.medium is Medium.SMS and one.recipient == "duty-a"]


async def test_who_comes_back_on_duty_is_told(night: Night) -> None:
    """Dropped as off duty before it went out, it is due again; without work nobody would ever send it."""
    second = recipient("duty-b", "值班员乙", Tier.PRIMARY, Medium.SMS, Medium.VOICE)
    night.duty.people = (*without("duty-b"), second)
    night.sms.answer = refusing(Retry.TEMPORARY)
    alert = await night.alert(3)
    night.sms.answer = None
    night.sms.sent.clear()
    night.duty.people = (second,)
    await night.later(seconds=1)
    assert await _pages(night, alert) == [PageState.DROPPED]
    night.duty.people = (*without("duty-b"), second)
    await night.later(seconds=10)
    assert [one.address for one in night.sms.sent].count(A) == 1
    assert (await _pages(night, alert))[0] is PageState.SUBMITTED


async def test_a_report_that_overtakes_its_answer_counts(night: Night) -> None:
    """The carrier reports before it has said that it took the SMS; the page is delivered all the same."""

    class Overtaking(KeptPager):
        async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
            self.sent.append(dispatch)
            await night.desk.hearer.hear(report(self, dispatch, ReportState.DELIVERED, night.clock.now()))
            return await KeptPager.submit(self, dispatch)

    night.desk = night.opened({"mobile": Overtaking("mobile", Medium.SMS, SMS)})
    alert = await night.alert(3)
    assert await _pages(night, alert) == [PageState.DELIVERED]


async def test_taken_at_the_console_before_anybody_was_paged(night: Night) -> None:
    """The screen was faster than the ladder: no SMS, no call."""
    alert = await night.send_alert(2)
    token = night.county.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-a")
    async with calling(night.county, token) as caller:
        assert (await caller.post(f"/events/{alert}/acknowledgement", json={"answer": "received"})).status == 202
    await night.later(minutes=10)
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    assert (night.sms.sent, night.voice.sent) == ([], [])


async def test_a_second_officer_at_the_console_is_heard_too(night: Night) -> None:
    """Taken by SMS on level 1, which is not enough; who signs at the console later ends it, though a receipt exists."""
    alert = await night.alert(1)
    code = {one.address: code_in(one.text) for one in night.sms.sent}
    await night.says("duty-a", f"{code[A]}收到")
    assert await night.state(alert) is EscalationState.OPEN
    token = night.county.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-b")
    async with calling(night.county, token) as caller:
        for _ in range(2):
            done = await caller.post(f"/events/{alert}/acknowledgement", json={"answer": "received"})
            assert done.status in {202, 409}
    await night.desk.run_once()
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    answers = await night.county.store.read(lambda s: s.paging.answers_to(alert))
    assert [one.officer for one in answers] == ["duty-a", "duty-b"]


async def test_the_members_of_a_bundle_share_what_became_of_it(night: Night) -> None:
    """Its one SMS is not delivered: everybody whom it was to tell is called, for each alert."""
    alerts = []
    for number in (1, 2, 3):
        alerts.append(await night.alert(3, number=number))
        await night.later(seconds=2)
    await night.later(minutes=5)
    bundle = night.sms.to(A)[-1]
    assert "共2条" in bundle.text
    assert [await _pages(night, one) for one in alerts[1:]] == [[PageState.SUBMITTED]] * 2
    await night.desk.hearer.hear(report(night.sms, bundle, ReportState.FAILED, night.clock.now()))
    assert [await _pages(night, one) for one in alerts[1:]] == [[PageState.FAILED]] * 2


async def test_a_bundle_whose_sms_is_dropped_lets_its_members_go(night: Night) -> None:
    """Its own alert was taken elsewhere while the SMS waited for its second try: the other alert is told by itself."""
    alerts = []
    for number in (1, 2, 3):
        alerts.append(await night.alert(3, number=number))
        await night.later(seconds=2)
    night.sms.answer = refusing(Retry.TEMPORARY)
    refused = len(night.sms.sent)
    while len(night.sms.sent) == refused:
        await night.later(seconds=1)
    carrier = night.sms.sent[-1].page_id
    page = await night.county.store.read(lambda s: s.paging.page(carrier))
    assert page is not None
    other = next(one for one in alerts[1:] if one != page.escalation)
    assert await _pages(night, other) == [PageState.SUBMITTED]
    token = night.county.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-b")
    async with calling(night.county, token) as caller:
        done = await caller.post(f"/events/{page.escalation}/acknowledgement", json={"answer": "handling"})
        assert done.status == 202
    night.sms.answer = None
    night.sms.sent.clear()
    await night.later(minutes=6)
    assert (await _pages(night, other))[0] is PageState.SUBMITTED
    assert [one.page_id for one in night.sms.to(A) if "提醒" not in one.text] != []
    assert carrier not in {one.page_id for one in night.sms.sent}


async def test_who_passes_it_on_to_somebody_off_duty_hears_so(night: Night) -> None:
    """He would go to bed otherwise."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    await night.says("duty-a", f"{code_in(first.text)}转 值班员丁")
    assert await night.state(alert) is EscalationState.OPEN
    assert "您所转的人不在班，正在通知下一级" in [one.text for one in night.sms.to(A)]
    assert night.sms.to(B)


async def test_an_answer_that_its_source_cannot_be_told_of_is_an_alarm_until_it_is(night: Night) -> None:
    """The officer's credential has run out: the answer stands here, and somebody signs at the console."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    credential = night.county.directory.credentials.pop("duty-a")
    await night.says("duty-a", f"{code_in(first.text)}收到")
    assert NoticeKind.SOURCE_NOT_TOLD in await night.notices()
    assert (await night.at_source(alert)).acknowledged_at is None
    night.county.directory.credentials["duty-a"] = credential
    token = night.county.let_in("duty", Scope.ACKNOWLEDGE, officer="duty-a")
    async with calling(night.county, token) as caller:
        assert (await caller.post(f"/events/{alert}/acknowledgement", json={"answer": "received"})).status == 202
    assert NoticeKind.SOURCE_NOT_TOLD not in await night.notices()


async def test_a_gap_of_a_tier_ends_when_somebody_is_on_duty_again(night: Night) -> None:
    """An alarm that stays for ever is looked at by nobody."""
    people = night.duty.people
    night.duty.people = without("duty-a")
    await night.alert(2)
    assert NoticeKind.COVERAGE_GAP in await night.notices()
    night.duty.people = people
    await night.clock.move(3600)
    await night.desk.run_once()
    assert NoticeKind.COVERAGE_GAP not in await night.notices()


async def test_a_drill_and_an_alert_share_no_sms(night: Night) -> None:
    """Told in one line, either the drill would frighten or the alert would be taken for one."""
    for number in (1, 2, 3):
        await night.alert(3, number=number)
        await night.later(seconds=2)
    told = await night.county.store.read(lambda s: s.paging.escalations(live_only=True, limit=10))
    event = await night.county.store.read(lambda s: s.event(told[0].version))
    real = told_of(told[0], event)
    drill = told_of(replace(told[0], status=Status.EXERCISE), event)
    assert real.area != drill.area
    assert real.group != drill.group


async def test_the_morning_sms_is_tried_again_for_all_of_it(night: Night) -> None:
    """Refused at nine and taken a minute later, it still says five; refused for good, all five go on."""
    for _ in range(5):
        await night.world[LIBO].send(policy_draft())
    await night.world.carry()
    await night.desk.run_once()
    night.sms.answer = refusing(Retry.TEMPORARY)
    for _ in range(61):
        await night.clock.move(60)
        await night.desk.run_once()
    assert {one.text for one in night.sms.to(A)} == {"【环江应急】有5件通报待阅，请到值班台看。"}
    night.sms.answer = refusing(Retry.PERMANENT)
    await night.later(seconds=60)
    rows = await night.county.store.read(lambda s: s.paging.escalations(live_only=True, limit=10))
    states = [await _pages(night, one.key) for one in rows]
    assert states == [[PageState.FAILED]] * 5


async def test_an_all_clear_names_the_number_that_the_officer_knows(night: Night) -> None:
    """The code rests once the alert has ended; the line that says so must not show another one."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    await night.says("duty-a", f"{code_in(first.text)}收到")
    await night.later(seconds=120)
    pages = await night.county.store.read(lambda s: s.paging.pages_of(alert))
    uses = await night.county.store.read(lambda s: s.paging.uses_of("duty-a"))
    assert [one.code for one in uses] == [code_in(first.text)]
    assert [one.code for one in pages if one.medium is Medium.SMS][:1] == [code_in(first.text)]


async def test_an_alert_that_cannot_be_read_is_told_with_its_level(night: Night) -> None:
    """A newer kind than we know: level and source are in the header, and that is enough to wake somebody."""
    posted = await night.world[LIBO].send(policy_draft())
    await night.world.carry()
    await night.desk.run_once()
    row = await night.county.store.read(lambda s: s.paging.escalation(posted.envelope_id))
    event = await night.county.store.read(lambda s: s.event(posted.envelope_id))
    assert row is not None
    told = told_of(replace(row, kind=EscalationKind.ALERT, level=2), event)
    due = night.clock.now()
    page = PageRow("a" * 32, row.key, row.key, "duty-a", Tier.PRIMARY, Purpose.STEP, 0, Medium.SMS, due)
    assert compose(sms_facts(told, page, "37")).text == "荔波发2级预警：荔波，预警。回复37收到。"
    reminder = replace(page, purpose=Purpose.REMINDER)
    assert compose(sms_facts(told, reminder, "37")).text.startswith("提醒：")
