"""Every test of this room runs on the memory store and on the real one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.memory.store import MemoryStore
from adapters.sqlite.store import open_store
from services.ports import Store
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of 环江."""
    if request.param == "memory":
        yield MemoryStore()
        return
    async with open_store(tmp_path / "county.db", county=HUANJIANG, floor_bytes=0) as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> Office:
    """环江, which receives."""
    return Office(HUANJIANG, store)


@pytest.fixture
def neighbour() -> Office:
    """荔波, which writes."""
    return Office(LIBO, MemoryStore())
