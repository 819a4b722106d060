"""From rounds to a figure: ratios within a round, then the median with the least and the greatest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Any, Final

from tests.bench.samples import Faults, Sample

FLOOR: Final = "floor"
SIHU: Final = "sihu"
DRIFT: Final = 0.35
"""A round whose floor is this far off its own median says more about the machine than about either side."""

Round = Mapping[str, Sample]


class Better(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on one number of the figure; ``must`` is what the issue demands now, the rest is the aim."""

    name: str
    bound: float
    better: Better = Better.HIGHER
    must: bool = False

    def is_met(self, numbers: Mapping[str, Any]) -> bool:
        """Compare; a number that is missing meets nothing."""
        value = numbers.get(self.name)
        if value is None:
            return False
        return bool(value >= self.bound if self.better is Better.HIGHER else value <= self.bound)

    def __str__(self) -> str:
        """Spell it as people read it."""
        sign = "≥" if self.better is Better.HIGHER else "≤"
        return f"{self.name} {sign} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a workload came to.

    Attributes:
        metric: The number compared (``rate``, ``p50_ms``, ``seconds`` …); ``ratio`` is Sihu's divided by the floor's.
        count: Events of one round.
        numbers: Everything by name, medians; without ratio and rate where correctness failed.
        rounds: The rounds that count.
        dropped: Rounds whose floor drifted.
        faults: Summed over all rounds and sides, the dropped ones too.
        note: What was measured earlier and elsewhere, to be read beside it; no ratio is taken to it.
    """

    workload: str
    title: str
    metric: str
    better: Better
    count: int
    numbers: Mapping[str, float]
    rounds: Sequence[Round]
    dropped: int
    faults: Faults
    targets: Sequence[Target] = field(default_factory=tuple)
    note: str = ""

    @property
    def stands(self) -> bool:
        """Tell whether there is a figure at all: correctness is part of it."""
        return self.faults.total == 0 and bool(self.rounds)

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs; ``ratio``, ``rate`` and ``floor_rate`` are always there, null without a figure."""
        numbers = {name: _rounded(value) for name, value in self.numbers.items()} if self.stands else {}
        met = {str(target): target.is_met(self.numbers) if self.stands else False for target in self.targets}
        return {
            "ratio": None,
            "rate": None,
            "floor_rate": None,
            **numbers,
            "metric": self.metric,
            "better": str(self.better),
            "n": self.count,
            "rounds": len(self.rounds),
            "rounds_dropped": self.dropped,
            **self.faults.as_dict(),
            "targets": met,
            "must_met": all(self.stands and target.is_met(self.numbers) for target in self.targets if target.must),
            **({"note": self.note} if self.note else {}),
        }


def figure_of(
    workload: str,
    title: str,
    metric: str,
    better: Better,
    count: int,
    rounds: Sequence[Round],
    targets: Sequence[Target],
) -> Figure:
    """Reduce rounds to a figure. Every round holds ``floor`` and ``sihu``; other sides stand beside them."""
    kept = undrifted(rounds, metric)
    faults = sum((sample.faults for one in rounds for sample in one.values()), Faults())
    dropped = len(rounds) - len(kept)
    return Figure(workload, title, metric, better, count, numbers_of(kept, metric), kept, dropped, faults, targets)


def undrifted(rounds: Sequence[Round], metric: str) -> list[Round]:
    """Return the rounds whose floor stays within ``DRIFT`` of its own median."""
    if not rounds:
        return []
    middle = median(one[FLOOR].numbers()[metric] for one in rounds)
    return [one for one in rounds if abs(one[FLOOR].numbers()[metric] - middle) <= DRIFT * middle]


def numbers_of(rounds: Sequence[Round], metric: str) -> dict[str, float]:
    """Return medians: Sihu's by their names, other sides' with a prefix, and the ratio to each other side."""
    numbers: dict[str, float] = {}
    for side in rounds[0] if rounds else ():
        prefix = "" if side == SIHU else f"{side}_"
        for name in rounds[0][side].numbers():
            numbers[prefix + name] = median(one[side].numbers()[name] for one in rounds)
        if side != SIHU:
            numbers |= _ratios(rounds, side, metric)
    for name in _comparable(rounds):
        numbers[f"{name}_ratio"] = _ratio(rounds, FLOOR, name)[1]
    return numbers


def _comparable(rounds: Sequence[Round]) -> list[str]:
    """Return what both measured; to a floor of nothing, as of what a kill doubled, there is no ratio."""
    both = [one[side].numbers().keys() for one in rounds for side in (SIHU, FLOOR)]
    names = sorted(set.intersection(*map(set, both))) if both else []
    return [name for name in names if all(one[FLOOR].numbers()[name] for one in rounds)]


def _ratios(rounds: Sequence[Round], side: str, metric: str) -> dict[str, float]:
    least, middle, greatest = _ratio(rounds, side, metric)
    name = "ratio" if side == FLOOR else f"ratio_{side}"
    return {name: middle, f"{name}_min": least, f"{name}_max": greatest}


def _ratio(rounds: Sequence[Round], side: str, metric: str) -> tuple[float, float, float]:
    found = [one[SIHU].numbers()[metric] / one[side].numbers()[metric] for one in rounds]
    return min(found), median(found), max(found)


def _rounded(value: float) -> float:
    """Keep four significant digits: more is noise."""
    return float(f"{value:.4g}")
