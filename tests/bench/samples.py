"""What one side of a workload did in one round, and whether every event arrived once and in order."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Faults:
    """What must all be 0, or there is no figure."""

    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    receipts_missing: int = 0
    chain_breaks: int = 0
    forged_accepted: int = 0
    quarantined: int = 0
    """Sent in good faith and refused by the other side."""
    unexplained: int = 0
    """Requests that were refused without saying when to come back, or never answered."""

    def __add__(self, other: "Faults") -> "Faults":
        """Sum two counts."""
        return Faults(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(self.as_dict().values())

    def as_dict(self) -> dict[str, int]:
        """Return every count by its name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def __str__(self) -> str:
        """Name those that are not 0."""
        return ", ".join(f"{name} {count}" for name, count in self.as_dict().items() if count) or "none"


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement.

    Attributes:
        count: Events (deliveries for a fan-out).
        seconds: From the first event made to the last one durable where the workload ends.
        cpu_seconds: User and system time of every process of this side, 0 where it is not the subject.
        faults: What went wrong; see ``compare``.
        values: Further numbers by name, e.g. ``p50_ms``.
    """

    count: int
    seconds: float
    cpu_seconds: float = 0.0
    faults: Faults = field(default_factory=Faults)
    values: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> dict[str, float]:
        """Return every number of this sample by name: rate (1/s), seconds, cpu_us (per event), and ``values``."""
        cpu = {"cpu_us": self.cpu_seconds / self.count * 1e6} if self.cpu_seconds else {}
        return {"rate": self.count / self.seconds, "seconds": self.seconds, **cpu, **self.values}


def compare(sent: Sequence[Hashable], got: Sequence[Hashable]) -> Faults:
    """Compare what a sender was promised with what the far end holds, in the order it got there.

    Args:
        sent: Names of the events in the order of one channel.
        got: Names found at the far end in order of arrival; a name it was never sent counts as forged.
    """
    place = {name: index for index, name in enumerate(sent)}
    seen = Counter(got)
    first_seen = [place[name] for name in dict.fromkeys(got) if name in place]
    return Faults(
        lost=sum(1 for name in place if name not in seen),
        doubled=sum(count - 1 for count in seen.values()),
        out_of_order=sum(1 for one, two in pairwise(first_seen) if two < one),
        forged_accepted=sum(1 for name in seen if name not in place),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of ``values`` lie; nan if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def latencies(values_ms: Sequence[float], prefix: str = "") -> dict[str, float]:
    """Return p50, p99 and max of latencies in milliseconds."""
    return {
        f"{prefix}p50_ms": percentile(values_ms, 0.5),
        f"{prefix}p99_ms": percentile(values_ms, 0.99),
        f"{prefix}max_ms": max(values_ms, default=float("nan")),
    }
