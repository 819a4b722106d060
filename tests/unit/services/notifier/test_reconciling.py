"""What a restart, or a provider that answers too late, must not lose."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.escalations import PageState
from schemas.pages import Dispatch, Medium, PartResult, ReportState, Retry
from tests.night import Night
from tests.pagers import PHONES, SMS, KeptPager, refusing, report

A, LEADER = PHONES["duty-a"], PHONES["leader-a"]


@pytest.fixture
def night() -> Night:
    return Night()


class AskedPager(KeptPager):
    """Can be asked what became of a page."""

    def __init__(self) -> None:
        super().__init__("mobile", Medium.SMS, SMS)
        self.expected: list[tuple[str, str, datetime]] = []

    def expect(self, reference: str, address: str, sent_at: datetime) -> None:
        self.expected.append((reference, address, sent_at))


async def test_a_provider_is_asked_after_a_restart_about_what_it_took(night: Night) -> None:
    """What it is to be asked about stands in the store; what was reported, or is too old, is asked for no more."""
    night.desk = night.opened({"mobile": AskedPager(), "calls": night.voice})
    await night.alert(3)
    await night.alert(3, number=2, areas=[{"desc": "x", "adcodes": ["522322"]}])
    sent_at = night.clock.now()
    await night.clock.move(1)
    restarted = AskedPager()
    night.desk = night.opened({"mobile": restarted, "calls": night.voice})
    await night.desk.run_once()
    assert [(address, at) for _, address, at in restarted.expected] == [(A, sent_at)] * 2
    first = restarted.expected[0][0]
    page = await night.county.store.write(lambda tx: tx.paging.try_under("mobile", first))
    assert page is not None
    dispatch = Dispatch(page.page_id, Medium.SMS, A, "")
    await night.desk.hearer.hear(report(restarted, dispatch, ReportState.DELIVERED, night.clock.now()))
    restarted.expected.clear()
    await night.clock.move(300)
    await night.desk.run_once()
    assert len([one for one in restarted.expected if one[2] == sent_at]) == 1
    restarted.expected.clear()
    await night.clock.move(24 * 3600)
    await night.desk.run_once()
    assert [one for one in restarted.expected if one[2] == sent_at] == []


async def test_a_page_that_may_have_gone_out_says_so_to_its_provider(night: Night) -> None:
    """Since when: by its last try; and if a crash ate that, since it was claimed."""
    night.sms.answer = refusing(Retry.TEMPORARY, "timeout")
    await night.alert(3)
    first_at = night.clock.now()
    assert night.sms.sent[0].tried_at is None
    night.sms.answer = None
    await night.later(seconds=10)
    assert [one.tried_at for one in night.sms.to(A)] == [None, first_at]

    def crash(_: object) -> list[PartResult]:
        raise ConnectionAbortedError

    night.sms.answer = crash
    with pytest.raises(ConnectionAbortedError):
        await night.alert(3, number=2, areas=[{"desc": "x", "adcodes": ["522322"]}])
    claimed_at = night.clock.now()
    night.sms.answer = None
    night.desk = night.opened({"mobile": night.sms, "calls": night.voice})
    async with night.desk.running():
        await night.clock.move(2)
    assert [one.tried_at for one in night.sms.to(A)[-2:]] == [None, claimed_at]


async def test_a_provider_that_throttles_for_ever_is_overtaken_by_the_next_medium(night: Night) -> None:
    """Level 3 has ten minutes from the first try, taken or not; the SMS stays due, and goes out in the end."""
    night.sms.answer = refusing(Retry.THROTTLED)
    alert = await night.alert(3)
    rows = await night.county.store.read(lambda s: s.paging.pages_of(alert))
    (first,) = [one for one in rows if one.medium is Medium.SMS]
    assert first.report_by == night.began + timedelta(minutes=10)
    night.duty.people = tuple(
        replace(one, addresses=one.addresses[:2]) for one in night.duty.people if one.officer == "duty-a"
    )
    await night.clock.move(7 * 60)
    await night.desk.run_once()
    assert night.voice.sent == []
    await night.clock.move(3 * 60)
    await night.desk.run_once()
    assert [one.address for one in night.voice.sent] == [A]
    night.sms.answer = None
    await night.later(seconds=10)
    kept = await night.county.store.read(lambda s: s.paging.page(first.page_id))
    assert kept is not None
    assert kept.state is PageState.SUBMITTED
