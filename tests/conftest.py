"""What every test shares: the ``--full`` option, N that is printed, and no silent skip in CI."""

import gc
import os
from collections.abc import Callable, Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

USED_N = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--full``: the N that the specification states instead of the reduced one."""
    parser.addoption("--full", action="store_true", help="run every test with the stated N instead of a reduced one")


def pytest_configure(config: pytest.Config) -> None:
    """Start an empty list of the N that tests used; let no busy machine fail a test for drawing slowly.

    What is collected is imported, and stays: nobody looks for cycles in it.
    """
    gc.disable()
    config.stash[USED_N] = []
    settings.register_profile("sihu", suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("sihu")


def pytest_collection_finish() -> None:
    """Tests run as a node does, with what was imported left aside."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """True when the stated N is asked for."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture
def reduced(request: pytest.FixtureRequest, *, full: bool) -> Callable[[int, int], int]:
    """Return ``choose(n, full_n)``: the N to run with, which the end of the run prints."""

    def choose(n: int, full_n: int) -> int:
        used = full_n if full else n
        request.config.stash[USED_N].append(f"{request.node.nodeid}: N = {used:,} of {full_n:,}")
        return used

    return choose


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print every N that was used, so that a reduced run cannot pass for a full one."""
    if config.stash[USED_N]:
        terminalreporter.section("N used (--full runs the stated N)")
        for line in config.stash[USED_N]:
            terminalreporter.line(line)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: pytest's own marks for skip and xfail are then on the report
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one."""
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips itself is a failed one."""
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: Report) -> Report:
    if report.skipped and os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
        vars(report).pop("wasxfail", None)  # pytest counts no failure that carries this mark
    return report
