"""Rounds that follow one another for as long as a block lasts, through whatever cannot be done now."""

import pytest

from adapters.memory.clock import ManualClock
from schemas.errors import InvariantError, SihuError, UnavailableError
from services.recurring import recurring


class Rounds:
    """Work that fails in some rounds."""

    def __init__(self, clock: ManualClock, *failing: int) -> None:
        self.clock, self.failing = clock, failing
        self.done = 0
        self.told: list[str] = []

    async def work(self) -> None:
        self.done += 1
        if self.done in self.failing:
            raise UnavailableError(f"round {self.done}")

    def tell(self, error: SihuError) -> None:
        self.told.append(str(error))


async def _run(rounds: Rounds, count: int) -> None:
    async with recurring(rounds.work, name="rounds", clock=rounds.clock, every_seconds=5.0, deferred=rounds.tell):
        for _ in range(count):
            await rounds.clock.move(5.0)


async def test_a_trouble_is_told_once_and_again_after_it_had_ended() -> None:
    """A hub that is away for a night must not fill the log, and the next night must show in it."""
    rounds = Rounds(ManualClock(), 2, 3, 5)
    await _run(rounds, 6)
    assert rounds.done >= 6
    assert rounds.told == ["round 2", "round 5"]


async def test_each_round_may_say_when_the_next_is_due() -> None:
    """What falls due in two seconds must not wait for five."""
    rounds, pauses = Rounds(ManualClock()), iter([2.0, 5.0, 1.0, 100.0])
    async with recurring(
        rounds.work, name="rounds", clock=rounds.clock, every_seconds=lambda: next(pauses), deferred=rounds.tell
    ):
        for passed, done in ((1.9, 1), (0.2, 2), (4.9, 3), (1.0, 4), (90.0, 4)):
            await rounds.clock.move(passed)
            assert rounds.done == done


async def test_rounds_end_with_the_block() -> None:
    """A loop that outlived its node would write into a closed store."""
    rounds = Rounds(ManualClock())
    await _run(rounds, 2)
    done = rounds.done
    await rounds.clock.move(60.0)
    assert rounds.done == done


async def test_our_own_bug_ends_the_block() -> None:
    """A loop that died of a bug must not leave a node that looks alive."""
    rounds = Rounds(ManualClock())

    async def work() -> None:
        raise InvariantError("a bug")

    with pytest.raises(BaseExceptionGroup, match="unhandled"):
        async with recurring(work, name="rounds", clock=rounds.clock, every_seconds=5.0, deferred=rounds.tell):
            await rounds.clock.sleep(60.0)
