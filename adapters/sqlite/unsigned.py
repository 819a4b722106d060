"""Own links that wait for their signature: filled in, a run at a time, when their rows are about to reach SQLite.

Whatever is read or committed has been written before, and what is written is signed: a place for the bytes that is not
filled in is nothing that SQLite takes.

Source: docs/decisions/0023-sign-a-run-at-once.md
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.sqlite.values import Row
from schemas.envelope import Envelope

SignRun = Callable[[Sequence[Envelope]], Sequence[bytes]]
SIGNATURES: Final = 13
"""Which value of an envelope's row."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Stands in a row where the signatures part will be."""

    envelope: Envelope
    sign: SignRun


def signed(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of envelopes with every signatures part filled in."""
    runs: dict[SignRun, list[int]] = {}
    for place, row in enumerate(rows):
        if isinstance(row[SIGNATURES], Unsigned):
            runs.setdefault(row[SIGNATURES].sign, []).append(place)
    if not runs:
        return rows
    filled = list(rows)
    for sign, places in runs.items():
        parts = sign([rows[place][SIGNATURES].envelope for place in places])
        for place, part in zip(places, parts, strict=True):
            row = rows[place]
            filled[place] = (*row[:SIGNATURES], part, *row[SIGNATURES + 1 :])
    return filled
