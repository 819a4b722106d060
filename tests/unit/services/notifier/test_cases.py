"""Joint mediation and the people on duty: danger is told at once, without the case; days are told in time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.base import BEIJING
from schemas.cases import CaseAct, CaseStage
from schemas.drafts import EventDraft
from schemas.notices import NoticeKind
from services.casework import file_of, tell_anew
from services.domain.mediation_door import thread_refs
from services.notifier.case_days import tell_case_days
from services.ports import Transaction
from tests import case_contents as written
from tests import papers
from tests.cases import CASE, DUSHAN, MONDAY, NANDAN, Pair, road, step
from tests.mediating import forced
from tests.night import Night
from tests.pagers import PHONES
from tests.papers import HUANJIANG, LIBO


@pytest.mark.parametrize(("imminent", "level"), [(True, "1级"), (False, "2级")])
async def test_danger_waits_for_the_morning_or_tells_of_the_case(*, imminent: bool, level: str) -> None:
    """The officer on duty has an SMS at once: level and county, to be answered; nothing else."""
    night = Night()
    content: dict[str, Any] = {"risk": "harm", "imminent": imminent, "told": ["public_security"]}
    refs, kind = thread_refs(CASE, [CASE]), written.wire("risk_flagged")
    draft = EventDraft(type=kind, agreement=papers.AGREEMENT, to=(HUANJIANG,), refs=refs, content=content)
    await forced(night.world[LIBO], draft)
    await night.world.carry()
    await night.desk.run_once()

    (told,) = night.sms.to(PHONES["duty-a"])
    assert level in told.text
    assert "荔波" in told.text
    assert "调解" not in told.text
    assert "harm" not in told.text


async def kept(store: MemoryStore, pair: Pair) -> None:
    """Let a store hold a case."""

    def keep(tx: Transaction) -> None:
        for one in pair.nandan.held.values():
            tx.cases.add(one)
        tell_anew(tx, CASE, "forest", (NANDAN, DUSHAN), datetime(2026, 3, 2, tzinfo=UTC))

    await store.write(keep)
    assert (await store.read(lambda s: file_of(s, CASE))).story


async def told_on(store: MemoryStore, days: int) -> list[str]:
    """Look at nine in the morning, so many days behind the acceptance; return the open notices."""
    await tell_case_days(store, datetime.combine(MONDAY + timedelta(days=days), time(9), BEIJING))
    notices = await store.read(lambda s: s.notices(open_only=True, limit=9))
    return [one.text for one in notices if one.kind is NoticeKind.CASE_DUE]


async def test_a_day_of_a_case_passes_without_a_word() -> None:
    """Day 20 and 27, and the last one from three days before; each once, for as long as the case stands there."""
    store, pair = MemoryStore(), Pair()
    pair.play(*road(CaseStage.IN_SESSION))
    await kept(store, pair)

    assert await told_on(store, 19) == []
    (first,) = await told_on(store, 20)
    assert CASE[:10] in first
    assert await told_on(store, 21) == [first.replace("为 2026-03-22", "已过")]
    assert len(await told_on(store, 27)) == 2
    assert len(await told_on(store, 28)) == 3
    assert any("调解期限已过" in one for one in await told_on(store, 32))
    pair.play(step(NANDAN, CaseAct.FAILED))
    await kept(store, pair)
    assert await told_on(store, 32) == []
    everything = await store.read(lambda s: s.notices(open_only=False, limit=99))
    assert all(one.resolved_at is not None and one.closed_by is None for one in everything)


async def test_a_notice_is_told_each_hour() -> None:
    """The second look changes nothing."""
    store, pair = MemoryStore(), Pair()
    pair.play(*road(CaseStage.IN_FORCE))
    await kept(store, pair)
    at = datetime.combine(MONDAY + timedelta(days=28), time(9), BEIJING)

    assert [await tell_case_days(store, at + timedelta(hours=hours)) for hours in (0, 1, 2)] == [1, 0, 0]
