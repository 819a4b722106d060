"""``sihu audit`` as the auditor calls it, beside a county's running API."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.domain.audit import next_entry
from services.ports import Transaction
from tests.desks import DiskCounty, desks, founded
from tests.scenario.test_desk_commands import HUANJIANG, LIBO
from tests.scenario.test_openings_command import token_file, with_auditor


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[DiskCounty]:
    """Return a county whose API is open, and the file of its auditor's token beside it."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as world:
        county = await with_auditor(world)
        await acted(county, 250)
        yield county


async def acted(county: DiskCounty, count: int) -> None:
    """Write so many acts down."""

    def work(tx: Transaction) -> None:
        for number in range(count):
            now = county.clock.now()
            tx.console.log_act(
                next_entry(tx.console.last_audit(), officer="duty-a", act="event.read", about=str(number), now=now)
            )

    await county.store.write(work)


async def test_the_auditor_reads_checks_and_copies_the_log(county: DiskCounty) -> None:
    """All of it, in pages, as lines that another program can check."""
    token = str(token_file(county))
    table = await county.command("audit", "--token-file", token, "--limit", "3")
    assert "event.read" in table.out
    assert "记录完整" in table.out
    copy = county.home.parent / "audit.jsonl"
    state: Any = await county.done("audit", "--token-file", token, "--export", str(copy))
    lines = [json.loads(line) for line in copy.read_text(encoding="utf-8").splitlines()]
    assert [one["number"] for one in lines] == list(range(1, 251))
    assert (state["holds"], state["last"], state["digest"]) == (True, 250, lines[-1]["digest"])


async def test_a_changed_line_is_named(county: DiskCounty) -> None:
    """Red, with its number."""

    def change(tx: Transaction) -> None:
        rows = tx.console.audit(0, 999)
        tx.console.prune_audit(999)
        for row in rows:
            tx.console.log_act(replace(row, note="nothing") if row.number == 7 else row)

    await county.store.write(change)
    said = await county.command("audit", "--token-file", str(token_file(county)), "--since", "249")
    assert "第 7 条起被改动或缺失" in said.out
