"""What happens in a run, drawn from its seed: who takes part, what they send, the weather, and the faults.

Every seed enables some kinds of faults only, so that no kind always hides behind another.
"""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any, Final

from schemas.ids import CountyCode
from tests.papers import FUNING, HUANJIANG, LIBO, NANDAN, TIANE

CAST: Final = (NANDAN, HUANJIANG, LIBO, TIANE, FUNING)
STORM_SECONDS: Final = 40.0
"""For so long faults happen; afterwards everything heals."""
_LETTERS: Final = (4, 18)
_FAULTS: Final = (1, 6)
_WATCHFUL_SHARE: Final = 0.2
_IN_RUNS_SHARE: Final = 0.6
_BURST_SECONDS: Final = 6.0
"""Where members sign in runs, letters come in bursts: else hardly anything would wait for one commit."""
_HEAVY_SHARE: Final = 0.15
"""Of so many seeds the storm is heavy."""
_LETTERS_IF_HEAVY: Final = (10, 30)
_FAULTS_IF_HEAVY: Final = (5, 14)


class FaultKind(StrEnum):
    """What goes wrong at one moment, for one member or for all."""

    KILL = "kill"
    """The node is killed at some call of a port, and started again."""
    PARTITION = "partition"
    """One member has no line to the hub."""
    HUB_DOWN = "hub_down"
    """Nobody has."""
    HUB_EMPTIED = "hub_emptied"
    """The hub lost its disk: every stream begins anew."""
    HUB_CUT = "hub_cut"
    """The hub lost the end of one stream."""
    DISK_FULL = "disk_full"
    CLOCK_JUMP = "clock_jump"
    BACKUP = "backup"
    """A copy of the store is made."""
    RESTORE = "restore"
    """The last copy comes back by `sihu restore`."""
    ROLL_BACK = "roll_back"
    """The last copy comes back without a word, as a snapshot of a virtual machine does."""
    CLONE = "clone"
    """A copy of the machine runs beside it."""
    TWO_FACED = "two_faced"
    """The member signs another story for a place of its chain and tells it to one neighbour."""
    SWALLOW = "swallow"
    """The hub swallows a message on its way to one recipient, for good."""


_HONEST: Final = (
    FaultKind.KILL,
    FaultKind.PARTITION,
    FaultKind.HUB_DOWN,
    FaultKind.HUB_EMPTIED,
    FaultKind.HUB_CUT,
    FaultKind.DISK_FULL,
    FaultKind.CLOCK_JUMP,
    FaultKind.RESTORE,
)
_HOSTILE: Final = (
    FaultKind.ROLL_BACK,
    FaultKind.CLONE,
    FaultKind.TWO_FACED,
    FaultKind.TWO_FACED,
    FaultKind.SWALLOW,
)
_HOSTILE_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Weather:
    """Probabilities of what happens to every message and every call while the storm lasts.

    Attributes:
        slow: A call of a port takes up to 0.2 s.
        late: A message takes up to 10 s.
        dropped: A message that was handed over is lost on the last stretch, and comes again.
        doubled: A message comes twice.
        shuffled: A batch comes in another order.
        corrupted: A copy with a flipped bit comes as well.
        lost_request, lost_answer, broken_request: An append does not arrive, its answer does not, or half of it does.
        lost_reply: An office does not hear that its event was accepted.
    """

    slow: float = 0.0
    late: float = 0.0
    dropped: float = 0.0
    doubled: float = 0.0
    shuffled: float = 0.0
    corrupted: float = 0.0
    lost_request: float = 0.0
    lost_answer: float = 0.0
    broken_request: float = 0.0
    lost_reply: float = 0.0


CALM: Final = Weather()


@dataclass(frozen=True, slots=True)
class Letter:
    """One event that an office hands in.

    Attributes:
        number: From 1; its content names it, so that it can be told in every inbox.
        at: Seconds since the beginning.
        level: Of an alert; None for a bulletin.
        to: Recipients; empty for every party.
        keyed: Whether the office repeats its request, under one key, until it has an answer.
    """

    number: int
    at: float
    source: CountyCode
    level: int | None
    to: tuple[CountyCode, ...]
    keyed: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        at: Seconds since the beginning.
        member: Whom it hits; some hit everybody.
        seconds: How long it lasts, or by how much a clock jumps.
        number: Whatever else must be drawn.
    """

    at: float
    kind: FaultKind
    member: CountyCode
    seconds: float
    number: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything about a run that is not drawn while it runs."""

    seed: int
    members: tuple[CountyCode, ...]
    is_watchful: bool
    """Whether the rooms that prove completeness run, too; they take most of the time."""
    in_runs: bool
    """Whether members sign what waits for one commit by one signature."""
    weather: Weather
    letters: tuple[Letter, ...]
    faults: tuple[Fault, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for a reader."""
        return asdict(self)


def schedule_of(seed: int) -> Schedule:
    """Draw the schedule of a seed."""
    rng = Random(f"schedule-{seed}")
    members = CAST[: rng.randint(3, len(CAST))]
    is_watchful = rng.random() < _WATCHFUL_SHARE
    is_heavy = rng.random() < _HEAVY_SHARE
    count = rng.randint(*(_LETTERS_IF_HEAVY if is_heavy else _LETTERS))
    in_runs = Random(f"runs-{seed}").random() < _IN_RUNS_SHARE
    letters = [_letter(rng, number, members) for number in range(1, count + 1)]
    if in_runs:
        letters = [replace(one, at=one.at // _BURST_SECONDS * _BURST_SECONDS) for one in letters]
    fault_count = rng.randint(*(_FAULTS_IF_HEAVY if is_heavy else _FAULTS))
    weather, faults = _weather(rng), tuple(_faults(rng, members, fault_count))
    return Schedule(seed, members, is_watchful, in_runs, weather, tuple(letters), faults)


def _letter(rng: Random, number: int, members: tuple[CountyCode, ...]) -> Letter:
    source = rng.choice(members)
    others = [one for one in members if one != source]
    to = () if rng.random() < 0.6 else tuple(sorted(rng.sample(others, rng.randint(1, 2))))
    level = rng.randint(1, 4) if rng.random() < 0.35 else None
    at = round(rng.random() * STORM_SECONDS * 0.9, 3)
    return Letter(number, at, source, level, to, rng.random() < 0.8)


def _weather(rng: Random) -> Weather:
    def often(most: float) -> float:
        return round(rng.random() * most, 3) if rng.random() < 0.5 else 0.0

    return Weather(
        slow=often(0.5),
        late=often(0.3),
        dropped=often(0.3),
        doubled=often(0.3),
        shuffled=often(0.6),
        corrupted=often(0.1),
        lost_request=often(0.2),
        lost_answer=often(0.2),
        broken_request=often(0.2),
        lost_reply=often(0.3),
    )


def _faults(rng: Random, members: tuple[CountyCode, ...], count: int) -> list[Fault]:
    kinds = rng.sample(_HONEST, rng.randint(1, len(_HONEST)))
    if rng.random() < _HOSTILE_SHARE:
        kinds.append(rng.choice(_HOSTILE))
    found: list[Fault] = []
    for _ in range(count):
        kind, member, at = rng.choice(kinds), rng.choice(members), rng.random() * STORM_SECONDS
        if kind in {FaultKind.RESTORE, FaultKind.ROLL_BACK}:
            found.append(Fault(round(at * rng.random(), 3), FaultKind.BACKUP, member, 0.0, 0))
        seconds = rng.choice((-86_400.0, -3600.0, -5.0, 30.0, 1200.0, 86_400.0))
        seconds = seconds if kind is FaultKind.CLOCK_JUMP else round(0.2 + rng.random() * 12, 3)
        found.append(Fault(round(at, 3), kind, member, seconds, rng.randrange(1 << 30)))
    return sorted(found, key=lambda one: (one.at, one.kind, one.member))
