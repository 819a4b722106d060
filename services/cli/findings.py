"""What `sihu doctor` says: findings, each with its mend."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.cli.desk import Desk


class State(StrEnum):
    """How a step came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        text: What was found.
        mend: What to do about it; empty if nothing.
    """

    state: State
    text: str
    mend: str = ""


Step = Callable[[Desk], Iterator[Finding]]
