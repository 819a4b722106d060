"""Whatever works come, the SQLite store answers as the plain one does."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.errors import SihuError
from services.ports import Store
from tests.contract.store.kinds import KINDS, opened
from tests.property.adapters.operations import Work, works
from tests.property.adapters.shown import everything

pytestmark = pytest.mark.timeout(300)


class Stores(RuleBasedStateMachine):
    """Two stores, one history."""

    def __init__(self) -> None:
        """Open both, empty."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.directory = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.plain, self.sqlite = self.runner.run(self._open())

    async def _open(self) -> list[Store]:
        return [await self.stack.enter_async_context(opened(kind, Path(self.directory))) for kind in KINDS]

    @rule(group=st.lists(works(), min_size=1, max_size=4))
    def commit(self, group: list[Work]) -> None:
        """Works that arrive together are committed together, and fail one by one."""
        assert self.runner.run(_run(self.sqlite, group)) == self.runner.run(_run(self.plain, group))

    @invariant()
    def both_tell_the_same(self) -> None:
        """Every question has one answer."""
        found, expected = (self.runner.run(store.read(everything)) for store in (self.sqlite, self.plain))
        assert {name for name, answer in found.items() if answer != expected[name]} == set()

    def teardown(self) -> None:
        """Close both."""
        self.runner.run(self.stack.aclose())
        self.runner.close()


async def _run(store: Store, group: list[Work]) -> list[object]:
    results = await asyncio.gather(*(store.write(work) for work in group), return_exceptions=True)
    unexpected = [one for one in results if isinstance(one, BaseException) and not isinstance(one, SihuError)]
    if unexpected:
        raise unexpected[0]
    return [type(one) if isinstance(one, SihuError) else one for one in results]


Stores.TestCase.settings = settings(
    max_examples=30, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStoresAgree = Stores.TestCase
