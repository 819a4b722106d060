"""What things cost: rows per receipt and audience, and no question that reads a whole table."""

from pathlib import Path

import apsw
import pytest
from apsw.ext import query_info

from adapters.sqlite import (
    chains,
    deliveries,
    facts,
    held,
    histories,
    listing,
    notices,
    outbox,
    progress,
    quarantine,
    receipts,
    search,
    snapshot,
    watches,
)
from adapters.sqlite.connection import open_writer
from adapters.sqlite.migrate import migrate
from adapters.sqlite.store import open_store
from tests.contract.store.kinds import marking, posted
from tests.contract.store.samples import receipt

MODULES = (
    *(chains, deliveries, facts, held, histories, listing, notices, outbox, progress, quarantine, receipts),
    *(search, snapshot, watches),
)
SMALL = {"settings", "counters", "positions", "chains", "c", "s", "held_back", "h", "notices", "search_blocks"}
"""Tables that stay small and their short names: facts, or bounded by channels, recipients, what is open."""
STEPS = {"ids", "j", "joined", "json_each", "CONSTANT"}
"""Parts of a question that are no tables."""
QUESTIONS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": sql
    for module in MODULES
    for name, sql in vars(module).items()
    if isinstance(sql, str) and sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")) and "{where}" not in sql
}


async def test_neither_a_wide_audience_nor_a_wide_receipt_costs_rows(tmp_path: Path) -> None:
    """The source pays for every county and every event once more with each receipt."""
    path, audience = tmp_path / "county.db", tuple(str(522700 + number) for number in range(100))
    async with open_store(path) as store:
        await store.write(lambda tx: posted(tx, 200, to=audience))
        for recipient in audience:
            assert await store.write(marking(receipt(first=1, last=200, receiver=recipient))) == 200
        counts = await store.read(lambda one: one.counts())
        assert (counts["deliveries"], counts["stored"]) == (20_000, 20_000)
        assert await store.read(lambda one: one.oldest_unstored()) == {}
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = {name: connection.execute(f"SELECT count(*) FROM {name}").get for name in ("expectations", "reached")}  # noqa: S608
    connection.close()
    assert rows == {"expectations": 1, "reached": 100}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> apsw.Connection:
    """An empty database with every table and index."""
    made = open_writer(tmp_path_factory.mktemp("plans") / "county.db")
    migrate(made)
    return made


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_a_whole_table(connection: apsw.Connection, name: str) -> None:
    """A query that is quick in the demo and takes seconds after a year."""
    bindings = [None] * query_info(connection, QUESTIONS[name]).bindings_count
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + QUESTIONS[name], bindings)]
    scans = {step.split()[1] for step in plan if step.startswith("SCAN")}
    newest_only = "WHERE" not in QUESTIONS[name] and "LIMIT" in QUESTIONS[name] and len(plan) == 1
    assert newest_only or scans <= SMALL | STEPS, plan
