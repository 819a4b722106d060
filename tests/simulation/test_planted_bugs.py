"""A simulation that finds nothing proves nothing until it has found what was planted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulation.bugs import BUGS, SEEDS_MOST, Edit, LineGoneError, edited, plant, source_of
from tests.simulation.test_schedules import simulated

_IN_EVERY_RUN = ("chunk_resent", "dedup_skipped", "receipt_before_store", "published_before_confirmed")
"""Found within a few seeds; the others are searched for with ``--full``."""


@pytest.mark.parametrize("name", BUGS)
def test_the_line_of_a_bug_is_there(name: str) -> None:
    """A bug whose line has moved is planted nowhere, and then nothing is found for another reason."""
    for edit in BUGS[name].edits:
        changed = edited(edit, source_of(edit.module))
        assert changed != source_of(edit.module)
        compile(changed, edit.module, "exec")


def test_a_line_that_is_gone_is_an_error() -> None:
    """Loudly, and not as a bug that nobody finds."""
    with pytest.raises(LineGoneError, match="0 times"):
        edited(Edit("m", "not there", ""), "x = 1\n")
    with pytest.raises(LineGoneError, match="2 times"):
        edited(Edit("m", "x", ""), "x = x\n")


def test_a_bug_is_not_planted_too_late() -> None:
    """A module that is loaded already stays as it is."""
    source_of("services.posting")
    import services.posting  # noqa: F401, PLC0415 - that is the point

    with pytest.raises(LineGoneError, match="imported already"):
        plant("epoch_forgotten")


@pytest.mark.timeout(1800)
def test_every_planted_bug_is_found(full: bool) -> None:  # noqa: FBT001
    """Within 200 seeds, each by the checks that every run is judged by."""
    names = list(BUGS) if full else list(_IN_EVERY_RUN)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(_first_failure, names)
    assert {name: seed for name, seed in zip(names, found, strict=True) if seed is None} == {}


def _first_failure(bug: str) -> str | None:
    """Return the first seed that finds a bug, or None."""
    found = simulated("--bug", bug, "--seeds", str(SEEDS_MOST), "--jobs", "1", "--stop")
    return next(iter(found["failed"]), None)
