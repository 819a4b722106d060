"""The machine's clock: aware, never back, and it knows whether anybody sets it."""

from datetime import UTC

from adapters.clock import SystemClock
from adapters.time_service import is_synchronised


async def test_the_clock_reads_the_machine() -> None:
    """A naive time would be signed as some other zone's."""
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    before = clock.monotonic()
    await clock.sleep(0.0)
    assert clock.monotonic() >= before


def test_asking_whether_the_clock_is_set_changes_nothing_and_never_fails() -> None:
    """In a container or on another system the answer is None, not a traceback."""
    assert is_synchronised() in {True, False, None}
