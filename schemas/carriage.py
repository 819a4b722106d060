"""What passes between a county's store and the hub: publications on their way out, arrivals on their way in.

Source: docs/decisions/0006-carry-events-over-jetstream.md
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publication:
    """One message of the outbox on its way to the hub.

    Attributes:
        sequence: Dense publication sequence of its lane, from 1; travels as the header ``Sihu-Seq``.
        subject: Where it goes, as ``schemas.subjects`` spells it.
        message: The envelope as it goes on the wire.
    """

    sequence: int
    subject: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that the hub handed us: bytes as received, nothing about them believed yet.

    Attributes:
        sequence: Sequence in the hub's stream, from 1.
        subject: Where it was published.
        message: The envelope as it came.
    """

    sequence: int
    subject: str
    message: bytes


@dataclass(frozen=True, slots=True)
class ArrivalBatch:
    """Arrivals of one stream, in stream order; acknowledged as a whole, after they are committed.

    Attributes:
        stream: Name of the hub's stream.
        arrivals: At least one.
        acknowledge: Opaque: what ``Puller.acknowledge`` needs; it covers everything up to the last arrival.
    """

    stream: str
    arrivals: tuple[Arrival, ...]
    acknowledge: str
