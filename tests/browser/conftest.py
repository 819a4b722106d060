"""What tests in a real browser share: one Chromium for each module, in whose loop its tests run."""

from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browsers import chromium

FIGURES: Final = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start an empty list of what was measured."""
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured, so that it stands in the record of the run."""
    if config.stash[FIGURES]:
        terminalreporter.section("measured in a browser")
        for line in config.stash[FIGURES]:
            terminalreporter.line(line)


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return what takes a line for the record."""
    return pytestconfig.stash[FIGURES].append


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser belongs to the loop that started it."""
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return the module's browser."""
    async with chromium() as opened:
        yield opened
