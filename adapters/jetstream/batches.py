"""Atomic batches as they go on the wire: cut to what hub and line take, staged in slices, committed by the last."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from adapters.jetstream.wire import command
from schemas.carriage import Publication

BATCH_MAX: Final = 1000  # messages: nats-server's own limit for an atomic batch
BATCH_MAX_BYTES: Final = 2 * 1024 * 1024
BATCH_MIN_BYTES: Final = 16 * 1024
_SLICE_BYTES: Final = 32 * 1024  # written at once, so that an alert on the same connection waits for no more
SEQUENCE: Final = b"Sihu-Seq"


def chunks(waiting: Sequence[Publication], most_bytes: Callable[[], int]) -> Iterator[Sequence[Publication]]:
    """Cut into pieces that one atomic batch may carry, as large as the line takes now."""
    start = size = 0
    for index, publication in enumerate(waiting):
        size += len(publication.message)
        if index - start == BATCH_MAX or (size > most_bytes() and index > start):
            yield waiting[start:index]
            start, size = index, len(publication.message)
    if start < len(waiting):
        yield waiting[start:]


def staged(batch: bytes, chunk: Sequence[Publication]) -> Iterator[list[bytes]]:
    """All but the last message, in slices: the hub puts them aside until the last one commits them."""
    commands: list[bytes] = []
    size = 0
    for number, publication in enumerate(chunk[:-1], 1):
        headers = b"NATS/1.0\r\nNats-Batch-Id: %b\r\nNats-Batch-Sequence: %d\r\n%b: %d\r\n\r\n" % (
            batch,
            number,
            SEQUENCE,
            publication.sequence,
        )
        commands.append(command(publication.subject, b"", headers, publication.message))
        size += len(publication.message)
        if size >= _SLICE_BYTES:
            yield commands
            commands, size = [], 0
    yield commands


def commit(reply: bytes, batch: bytes, number: int, publication: Publication, expect: bytes) -> bytes:
    """The last message of a batch: with it all are stored, or none."""
    headers = (
        b"NATS/1.0\r\nNats-Batch-Id: %b\r\nNats-Batch-Sequence: %d\r\nNats-Batch-Commit: 1\r\n%b%b: %d\r\n\r\n"
        % (batch, number, expect, SEQUENCE, publication.sequence)
    )
    return command(publication.subject, reply, headers, publication.message)
