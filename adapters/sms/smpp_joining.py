"""Long texts from telephones: their parts are kept until all are there, for a short while and not too many.

Pure: seconds come in as arguments. Octets are joined before they are read, because a telephone may cut between the two
halves of a character.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from adapters.sms.smpp_text import UNREADABLE, Alphabet, decoded
from schemas.errors import Fault

PENDING_MAX: Final = 256
"""Texts that wait for parts at one time; the oldest one makes room."""
FINISHED_MAX: Final = 256
FINISHED_SECONDS: Final = 600.0
"""How long a part that comes again is known; a telephone uses its references anew, so not for ever."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part, or a whole text: then ``total`` is 1.

    Attributes:
        octets: Without the header.
        alphabet: None if it is not known how to read them.
        doubt: What is wrong with it.
    """

    sender: str = field(repr=False)
    receiver: str = field(repr=False)
    octets: bytes = field(repr=False)
    alphabet: Alphabet | None
    reference: int = 0
    total: int = 1
    number: int = 1
    doubt: Fault | None = field(default=None, compare=False)

    @property
    def key(self) -> "Key":
        """What the parts of one text have in common."""
        return (self.sender, self.receiver, self.reference, self.total)


Key = tuple[str, str, int, int]


@dataclass(slots=True)
class Joining:
    """One text of which at least one part came."""

    key: Key = field(repr=False)
    since: float
    pieces: dict[int, Piece] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> bool:
        """Whether every part came."""
        return len(self.pieces) == self.key[3]

    def text(self) -> str:
        """Return what came, in order; U+FFFD stands for each gap."""
        return "".join(self._runs())

    def _runs(self) -> Iterator[str]:
        numbers = range(1, self.key[3] + 1)
        for coding, run in groupby(numbers, self._coding):
            if coding is None:
                yield UNREADABLE
            else:
                yield decoded(b"".join(self.pieces[number].octets for number in run), coding[0])

    def _coding(self, number: int) -> tuple[Alphabet | None] | None:
        piece = self.pieces.get(number)
        return None if piece is None else (piece.alphabet,)


class Joiner:
    """Joins parts by sender, receiver, reference and total."""

    def __init__(self, patience_seconds: float) -> None:
        """Start with nothing.

        Args:
            patience_seconds: So long a text waits for its other parts.
        """
        self._patience = patience_seconds
        self._pending: dict[Key, Joining] = {}
        self._finished: dict[Key, tuple[float, dict[int, Piece]]] = {}

    def add(self, piece: Piece, now: float) -> tuple[Joining, list[Joining]]:
        """Take one part; return the text it belongs to, and those that had to make room for it as they are."""
        joining = self._pending.get(piece.key)
        if joining is None:
            joining = self._pending[piece.key] = Joining(piece.key, now)
        joining.pieces[piece.number] = piece
        if joining.whole:
            del self._pending[piece.key]
        crowded = [self._pending.pop(key) for key in list(self._pending)[: max(0, len(self._pending) - PENDING_MAX)]]
        return joining, crowded

    def overdue(self, now: float) -> list[Joining]:
        """Return the texts whose other parts did not come in time, as they are, and forget them."""
        late = [one for one in self._pending.values() if now - one.since >= self._patience]
        for one in late:
            del self._pending[one.key]
        return late

    def finish(self, joining: Joining, now: float) -> None:
        """Remember that a text was handed over: a part of it may come again, since our answer can get lost."""
        self._finished.pop(joining.key, None)
        self._finished[joining.key] = (now, joining.pieces)
        while len(self._finished) > FINISHED_MAX:
            del self._finished[next(iter(self._finished))]

    def known(self, piece: Piece, now: float) -> bool:
        """Tell whether this very part belongs to a text that was handed over a short while ago."""
        at, pieces = self._finished.get(piece.key, (now, {}))
        return now - at <= FINISHED_SECONDS and pieces.get(piece.number) == piece

    def clear(self) -> list[Joining]:
        """Forget the texts that wait and return them: nothing of them was confirmed, so they come again."""
        waiting, self._pending = list(self._pending.values()), {}
        return waiting
