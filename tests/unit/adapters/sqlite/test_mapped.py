"""Records as rows: what goes in must come out, or a page is told to another person after a restart."""

from dataclasses import dataclass
from datetime import UTC, datetime

import apsw
import pytest

from adapters.sqlite.mapped import Mapped
from schemas.pages import Medium, Tier


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    count: int
    at: datetime
    tiers: tuple[Tier, ...]
    medium: Medium | None
    done_at: datetime | None
    told: bool
    parts: tuple[int, ...]
    told_of: tuple[tuple[str, int], ...]
    digest: bytes


MAPPED = Mapped(Sample, "samples", key=("name",))
AT = datetime(2026, 3, 4, 0, 0, 0, 123456, tzinfo=UTC)
FULL = Sample(
    "甲",
    3,
    AT,
    (Tier.PRIMARY, Tier.LEADER),
    Medium.SMS,
    AT,
    told=True,
    parts=(2, 10),
    told_of=(("雨", 1), ("b", 2)),
    digest=b"\x00\xff",
)
BARE = Sample("", 0, AT, (), None, None, told=False, parts=(), told_of=(), digest=b"")


@pytest.fixture
def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    made.execute(
        "CREATE TABLE samples (name TEXT PRIMARY KEY, count INTEGER, at INTEGER, tiers TEXT, medium TEXT,"
        " done_at INTEGER, told INTEGER, parts TEXT, told_of TEXT, digest BLOB) STRICT"
    )
    return made


@pytest.mark.parametrize("sample", [FULL, BARE])
def test_every_kind_of_field_comes_back_as_it_was(connection: apsw.Connection, sample: Sample) -> None:
    connection.execute(MAPPED.insert, MAPPED.row(sample))
    assert MAPPED.values(connection.execute(MAPPED.select)) == [sample]


def test_an_insert_leaves_what_is_there_and_an_upsert_replaces_it(connection: apsw.Connection) -> None:
    """The same page planned twice must stay the one that was submitted."""
    later = Sample("甲", 9, AT, (), None, None, told=False, parts=(1,), told_of=(), digest=b"x")
    connection.execute(MAPPED.insert, MAPPED.row(FULL))
    connection.execute(MAPPED.insert, MAPPED.row(later))
    assert MAPPED.values(connection.execute(MAPPED.select)) == [FULL]
    connection.execute(MAPPED.upsert, MAPPED.row(later))
    assert MAPPED.values(connection.execute(MAPPED.select)) == [later]
