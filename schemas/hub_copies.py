"""How much of a hub's stream one server holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamCopy:
    """One copy of one stream.

    Attributes:
        name: The stream's.
        leader: The server that orders it; empty while none does.
        behind: Servers that have not caught up or are away; only the leader knows, so it is empty on the others.
        messages: How many it keeps.
        first: Number of the first, 0 if it never had any.
        last: Number of the last.
        holders: The servers that keep a copy.
    """

    name: str
    leader: str
    behind: tuple[str, ...]
    messages: int
    first: int = 0
    last: int = 0
    holders: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """How many are not there between the first and the last; a stream of signals forgets in between by itself."""
        return max(0, self.last - self.first + 1 - self.messages) if self.messages else 0
