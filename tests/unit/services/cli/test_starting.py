"""What a process that stays imports: it is left aside by the collector, and the collector goes on."""

import gc
from collections.abc import Iterator

import pytest

from services.cli.starting import imported_for_good


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """Leave the collector of this process as it was: what tests imported is frozen again."""
    yield
    gc.enable()
    gc.freeze()


class Cycle:
    """Nothing but the collector ends it."""

    def __init__(self) -> None:
        self.me = self


def alive() -> int:
    return sum(isinstance(one, Cycle) for one in gc.get_objects())


def test_what_is_imported_is_looked_through_again() -> None:
    """Each look through half a million objects of modules stands in the way of an alert."""
    gc.unfreeze()
    with imported_for_good():
        kept = [Cycle()]
    assert gc.get_freeze_count() > 0
    assert alive() == 0, "it is among what the collector looks through"
    assert kept


def test_a_node_that_runs_never_looks_for_cycles() -> None:
    """Left switched off it would grow for months until the machine ends it."""
    with imported_for_good():
        pass
    assert gc.isenabled()
    Cycle()
    gc.collect()
    assert alive() == 0


def test_an_import_that_fails_leaves_it_switched_off() -> None:
    """A command that says what is missing goes on."""
    with pytest.raises(ImportError), imported_for_good():
        raise ImportError
    assert gc.isenabled()
