"""``sihu openings`` as the auditor calls it, beside a county's running API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.access import Access, Scope
from schemas.custody import OpeningReason
from services.domain.openings import next_opening
from tests import papers
from tests.desks import DiskCounty, DiskWorld, desks, founded
from tests.scenario.test_desk_commands import HUANJIANG, LIBO

EVENT = "ab" * 32


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[DiskCounty]:
    """Return a county whose API is open, and the file of its auditor's token beside it."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as world:
        yield await with_auditor(world)


async def with_auditor(world: DiskWorld) -> DiskCounty:
    """Issue the auditor's token and write it down."""
    county = world.desks[HUANJIANG]
    issued: Any = await county.done("token", "issue", "auditor", "--scope", "openings:read", "--scope", "audit:read")
    token_file(county).write_text(issued["token"] + "\n", encoding="utf-8")
    return county


def token_file(county: DiskCounty) -> Path:
    """Return where the auditor keeps the token."""
    return county.home.parent / "auditor.token"


async def opened(county: DiskCounty, count: int) -> None:
    """Let an officer have opened something so often."""
    access = Access(
        name="desk",
        digest="0" * 64,
        scopes=(Scope.EVENTS_READ,),
        officer="duty-a",
        issued_at=papers.LONG_AGO,
        expires_at=papers.FAR_AHEAD,
    )
    for _ in range(count):
        now = county.clock.now()
        await county.store.write(
            lambda tx, now=now: tx.custody.log_opening(  # type: ignore[misc]
                next_opening(
                    tx.last_opening(), envelope_id=EVENT, access=access, reason=OpeningReason.HANDLING, now=now
                )
            )
        )


async def test_the_auditor_reads_who_opened_what(county: DiskCounty) -> None:
    """Officer, reason and event; and the last digest, to be noted."""
    await opened(county, 3)
    shown = await county.command("openings", "--token-file", token_file(county))
    assert shown.code == 0, shown.err
    assert shown.out.count("duty-a") == 3
    assert "办理" in shown.out
    assert "共 3 条" in shown.out
    found: Any = await county.done("openings", EVENT, "--limit", "1", "--token-file", token_file(county))
    assert [one["number"] for one in found["openings"]] == [3]
    assert (found["log"]["holds"], found["log"]["count"]) == (True, 3)


async def test_a_row_that_was_taken_out_is_said_in_red(county: DiskCounty) -> None:
    """Whoever can write the database cannot do it unnoticed."""
    await opened(county, 3)
    assert isinstance(county.store, MemoryStore)
    state = county.store._state  # noqa: SLF001 - the hand of somebody who can write the database
    del state.openings[1]
    shown = await county.command("openings", "--token-file", token_file(county))
    assert "第 3 条起被改动或缺失" in shown.out


async def test_without_the_auditors_token_nothing_is_read(county: DiskCounty) -> None:
    """The tokens of the county's own commands do not have the scope; each refusal is one line with its mend."""
    for words, said in (
        ((), "openings:read"),
        (("--token-file", county.home / "nothing.token"), "nothing.token"),
    ):
        refused = await county.command("openings", *words)
        assert refused.code != 0
        assert said in refused.err
        assert len(refused.err.splitlines()) == 1
