"""The suite of this folder runs on every store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.ports import Store
from tests.contract.store.kinds import KINDS, opened


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of every kind, with small bounds."""
    async with opened(request.param, tmp_path) as one:
        yield one
