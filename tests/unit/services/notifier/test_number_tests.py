"""Numbers are tested by the node itself: sent, answered, told of, and recorded, whatever crashes in between."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.base import Status
from schemas.escalations import Escalation, EscalationState, PageState
from schemas.notices import NoticeKind
from schemas.pages import Keyed, Medium, ReportState, Retry
from schemas.rosters import ContactNumber, Mark
from services.domain.coverage import DueTest
from services.notifier.paging import PagingDesk
from tests.night import Night, code_in
from tests.pagers import PHONES, refusing, report

A, B = PHONES["duty-a"], PHONES["duty-b"]
MONTHS_AGO = timedelta(days=60)


@pytest.fixture
async def night() -> Night:
    """Ten past nine on a Wednesday."""
    found = Night()
    found.duty.due = (due(found, "duty-a"),)
    await found.clock.move(2 * 3600 + 600)
    return found


def due(night: Night, officer: str, medium: Medium = Medium.SMS) -> DueTest:
    long_ago = night.clock.now() - MONTHS_AGO
    number = ContactNumber(medium=medium, address=PHONES[officer], verified_at=long_ago)
    return DueTest(officer, officer, number, long_ago, is_office=False)


def opened_anew(night: Night) -> PagingDesk:
    return night.opened({"mobile": night.sms, "calls": night.voice})


async def tests_of(night: Night) -> list[Escalation]:
    return await night.county.store.read(lambda s: s.paging.number_tests(night.clock.now() - MONTHS_AGO))


async def texts(night: Night) -> list[str]:
    rows = await night.county.store.read(lambda s: s.notices(open_only=True, limit=50))
    return [one.text for one in rows if one.kind is NoticeKind.COVERAGE_GAP]


async def test_a_number_is_tested_and_its_answer_recorded(night: Night) -> None:
    """The whole way: one SMS that says it is a test, 收到, and the roster knows when."""
    await night.desk.run_once()
    (sent,) = night.sms.to(A)
    assert sent.text == f"【环江应急】【测试】值班号码每月核对，不是预警。回复{code_in(sent.text)}收到。"
    assert (sent.status, sent.template) == (Status.TEST, "")
    assert night.voice.sent == []
    await night.says("duty-a", f"{code_in(sent.text)} 收到")
    assert "核对已记" in night.sms.to(A)[-1].text
    (test,) = await tests_of(night)
    assert test.state is EscalationState.ACKNOWLEDGED
    await night.desk.run_once()
    assert [(one[0], one[1], one[2]) for one in night.duty.marks] == [("duty-a", Medium.SMS, Mark.TESTED)]
    assert night.duty.marks[0][3] == test.taken_at
    assert await night.notices() == set()


async def test_a_restart_tests_nobody_twice(night: Night) -> None:
    """Nothing is remembered but what stands in the store."""
    for _ in range(3):
        await night.desk.run_once()
        night.desk = opened_anew(night)
        await night.clock.move(600)
    assert len(night.sms.to(A)) == 1
    await night.clock.move(20 * 86400)  # the 24th: unanswered and due still, yet the same month
    await night.desk.run_once()
    assert len(night.sms.to(A)) == 1


async def test_numbers_are_not_tested_all_at_once(night: Night) -> None:
    """Two officers, each by SMS and telephone: five minutes apart, and one a day for each."""
    night.duty.due = tuple(
        due(night, one, medium) for one in ("duty-a", "duty-b") for medium in (Medium.SMS, Medium.VOICE)
    )
    at: list[tuple[str, datetime]] = []
    for _ in range(60):
        before = len(night.sms.sent) + len(night.voice.sent)
        await night.desk.run_once()
        if len(night.sms.sent) + len(night.voice.sent) > before:
            at.append(((night.sms.sent + night.voice.sent)[-1].address, night.clock.now()))
        await night.clock.move(60)
    assert [one for one, _ in at] == [A, B]
    assert at[1][1] - at[0][1] >= timedelta(minutes=5)
    await night.clock.move(86400)
    for _ in range(2):  # what is not answered by then stands in nobody's way
        await night.desk.run_once()
        await night.clock.move(60)
    assert [one.address for one in night.voice.sent] == [A]
    assert night.voice.sent[0].spoken == "测试。值班号码每月核对，不是预警。收到请按密码，再按井号。"


async def test_a_test_waits_for_office_hours(night: Night) -> None:
    """Neither at night, nor on a Saturday, nor because its provider was down until the evening."""
    night.sms.answer = refusing(Retry.TEMPORARY)
    await night.desk.run_once()
    tried = len(night.sms.sent)
    await night.clock.move(8 * 3600)  # ten past five
    night.sms.answer = None
    for _ in range(3):
        await night.desk.run_once()
        await night.clock.move(3600)
    assert len(night.sms.sent) == tried
    await night.clock.move(13 * 3600)  # ten past nine on Thursday
    await night.desk.run_once()
    assert len(night.sms.sent) == tried + 1


async def test_a_call_is_proved_by_the_pin(night: Night) -> None:
    """Whoever picks up may be a machine; and no code of it stands in the way of an answer to an alert."""
    night.duty.due = (due(night, "duty-a", Medium.VOICE),)
    await night.desk.run_once()
    (call,) = night.voice.to(A)
    assert await night.county.store.read(lambda s: s.paging.uses_of("duty-a")) == []
    await night.desk.hearer.hear(Keyed("calls", call.page_id, "246810", night.clock.now()))
    await night.desk.run_once()
    await night.desk.run_once()
    assert [(one[1], one[2]) for one in night.duty.marks] == [(Medium.VOICE, Mark.TESTED)]


async def test_who_does_not_answer_within_a_day_is_told_of(night: Night) -> None:
    """One notice without a number in it; it ends with the answer, or when somebody has verified the number."""
    await night.desk.run_once()
    (sent,) = night.sms.to(A)
    for _ in range(25):
        await night.clock.move(3600)
        await night.desk.run_once()
    (text,) = await texts(night)
    assert text == "值班员甲的短信号码 03-04 每月核对未获答复，请联络员核实号码并重新登记"
    assert NoticeKind.EXHAUSTED not in await night.notices()
    await night.says("duty-a", f"{code_in(sent.text)}收到")
    await night.desk.run_once()
    assert await texts(night) == []
    assert [one[2] for one in night.duty.marks] == [Mark.TESTED]


async def test_a_notice_ends_when_a_person_has_verified_the_number(night: Night) -> None:
    """It is due no more; an alarm that stays for ever is looked at by nobody."""
    await night.desk.run_once()
    await night.desk.hearer.hear(report(night.sms, night.sms.to(A)[0], ReportState.FAILED, night.clock.now()))
    await night.desk.run_once()
    assert len(await texts(night)) == 1
    night.duty.due = ()
    await night.clock.move(3600)
    await night.desk.run_once()
    assert await texts(night) == []


async def test_an_alert_goes_before_a_test(night: Night) -> None:
    """A bare 收到 answers the alert though a test is open; and who has an alert before him is not tested."""
    await night.desk.run_once()
    (test,) = night.sms.to(A)
    alert = await night.alert(2)
    await night.says("duty-a", "收到")
    assert await night.state(alert) is EscalationState.ACKNOWLEDGED
    assert (await tests_of(night))[0].state is EscalationState.OPEN
    await night.says("duty-a", f"{code_in(test.text)}收到", number=2)
    assert (await tests_of(night))[0].state is EscalationState.ACKNOWLEDGED

    night.duty.due = (due(night, "duty-b"),)
    second = await night.alert(1, number=2, areas=[{"desc": "x", "adcodes": ["522322"]}])
    await night.clock.move(600)
    await night.desk.run_once()
    assert len(await tests_of(night)) == 1
    assert await night.state(second) is EscalationState.OPEN


async def test_consoles_show_no_test_as_an_alert_that_nobody_takes(night: Night) -> None:
    """Forty of them would hide the one that counts."""
    await night.desk.run_once()
    figures = await night.county.store.read(lambda s: s.paging.figures())
    assert (figures.open, figures.exhausted) == (0, 0)
    assert await night.county.store.read(lambda s: s.paging.escalations(live_only=True, limit=9)) == []


async def test_who_left_the_roster_is_neither_tested_nor_told_of(night: Night) -> None:
    """Taken out between the opening and the sending."""
    night.duty.due = (due(night, "duty-b"),)
    night.duty.people = tuple(one for one in night.duty.people if one.officer != "duty-b")
    await night.desk.run_once()
    (test,) = await tests_of(night)
    (page,) = await night.county.store.read(lambda s: s.paging.pages_of(test.key))
    assert page.state is PageState.FAILED
    assert (night.sms.sent, await texts(night)) == ([], [])


async def test_a_county_may_go_without(night: Night) -> None:
    """By its settings."""
    night.rules = replace(night.rules, number_tests=False)
    night.desk = opened_anew(night)
    await night.desk.run_once()
    assert night.sms.sent == []
