"""Many people, many alerts, many reports, on the store that a node has: SQLite with every commit synced."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sqlite.store import open_store
from schemas.escalations import PageState
from schemas.pages import Dispatch, Medium, PartResult, Recipient, ReportState, Submitted, Tier
from tests import papers
from tests.counties import report
from tests.night import Night
from tests.pagers import SMS, KeptPager, reference
from tests.pagers import report as report_of
from tests.papers import LIBO
from tests.world import alert_draft

TARGET_SECONDS = 2.0


class TimedPager(KeptPager):
    """Takes 20 ms for each page, as a gateway near by does, and notes when it was asked."""

    def __init__(self) -> None:
        super().__init__("mobile", Medium.SMS, SMS)
        self.asked: list[float] = []

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        self.asked.append(time.monotonic())
        self.sent.append(dispatch)
        await asyncio.sleep(0.02)
        return tuple(Submitted(part.number, reference(dispatch.page_id, part.number)) for part in dispatch.parts)


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    """环江 on a real store."""
    async with open_store(tmp_path / "county.db", county=papers.HUANJIANG, floor_bytes=0) as store:
        yield Night(store)


def crew(count: int) -> tuple[Recipient, ...]:
    """So many officers on duty as primary."""
    phones = (f"139{number:08d}" for number in range(count))
    return tuple(
        Recipient(f"duty-{number}", f"值班员{number}", Tier.PRIMARY, ((Medium.SMS, phone),))
        for number, phone in enumerate(phones)
    )


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def test_200_people_are_told_within_two_seconds(night: Night) -> None:
    """From the commit of the alert to the first SMS of each; the 200th must not wait for 199 answers."""
    night.duty.people = crew(200)
    pager = TimedPager()
    night.desk = night.opened({"mobile": pager})
    await night.world[LIBO].send(alert_draft())
    await night.world.carry()
    began = time.monotonic()
    await night.desk.run_once()
    waits = [at - began for at in pager.asked]
    p99 = percentile(waits, 0.99)
    report(f"200 recipients: first SMS after {min(waits):.2f} s, p50 {percentile(waits, 0.5):.2f} s, p99 {p99:.2f} s")
    assert len({one.address for one in pager.sent}) == 200
    assert p99 <= TARGET_SECONDS


@pytest.mark.timeout(900)
async def test_a_storm_of_alerts_is_three_sms_a_minute(night: Night, reduced: Callable[[int, int], int]) -> None:
    """1,000 alerts for one prefecture within a minute: every page is on record, told of, and answerable."""
    count = reduced(100, 1_000)
    pager = KeptPager("mobile", Medium.SMS, SMS)
    night.desk = night.opened({"mobile": pager})
    for number in range(count):
        content = papers.alert_content(
            warning_level=number % 3 + 2,
            alert_id=f"52272241{number:06d}_20260304074500_1",
            report_stage="followup",
            report_no=2,
            event_code=f"11B{number % 9 + 1:02d}",
        )
        await night.world[LIBO].send(alert_draft(content=content))
        await night.world.carry()
        await night.clock.move(60 / count)
        await night.desk.run_once()
    times = Counter(one.address for one in pager.sent)
    report(f"{count} alerts in 60 s: SMS for each officer {sorted(times.values())}")
    assert max(times.values()) <= 3
    await night.later(minutes=20)
    pages = await night.county.store.read(
        lambda s: [
            page
            for one in s.paging.escalations(live_only=False, limit=count)
            for page in s.paging.pages_of(one.key)
            if page.medium is Medium.SMS and page.step == 0
        ]
    )
    assert len(pages) == count
    assert {page.state for page in pages} <= {PageState.SUBMITTED, PageState.FAILED}
    assert all(page.submitted_at is not None and page.code for page in pages)
    held = await night.county.store.read(lambda s: [s.paging.suppression(page.page_id) for page in pages])
    sent = {one.page_id for one in pager.sent}
    assert all(
        why is not None and why.reason for page, why in zip(pages, held, strict=True) if page.page_id not in sent
    )


@pytest.mark.timeout(900)
async def test_reports_are_joined_as_fast_as_they_come(night: Night, reduced: Callable[[int, int], int]) -> None:
    """10,000 in a minute, 50 at a time, each synced before it is confirmed; each finds its own page."""
    count = reduced(1_000, 10_000)
    officers = 200
    night.duty.people = crew(officers)
    pager = KeptPager("mobile", Medium.SMS, SMS)
    night.desk = night.opened({"mobile": pager})
    prefectures = [f"{province}{number:02d}00" for province in (45, 52, 53) for number in range(1, 20)]
    for number in range(count // officers):
        areas: list[dict[str, Any]] = [{"desc": "x", "adcodes": [prefectures[number % len(prefectures)]]}]
        content = papers.alert_content(
            warning_level=2,
            alert_id=f"52272241{number:06d}_20260304074500_1",
            report_stage="followup",
            report_no=2,
            areas=areas,
            event_code=f"11B{number % 9 + 1:02d}",
        )
        await night.world[LIBO].send(alert_draft(content=content))
        await night.world.carry()
        await night.desk.run_once()
    assert len(pager.sent) == count
    now, began = night.clock.now(), time.monotonic()
    reports = [report_of(pager, one, ReportState.DELIVERED, now) for one in pager.sent]
    for first in range(0, count, 50):
        await asyncio.gather(*(night.desk.hearer.hear(one) for one in reports[first : first + 50]))
    took = time.monotonic() - began
    pages = await night.county.store.read(lambda s: [s.paging.page(one.page_id) for one in pager.sent])
    report(f"{count} reports in {took:.1f} s: {count / took * 60:,.0f} a minute")
    assert {page.state for page in pages if page is not None} == {PageState.DELIVERED}
    assert count / took * 60 >= 10_000
