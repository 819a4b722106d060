"""Read one stream of the hub through, from its first to its last message, and name what is not there.

A message whose bytes on the disk were changed is passed over by nats-server without a word, to whoever reads or is
handed over; after its next start the rest of the same file is gone, too. Only the numbers show it: an event stream is
appended to and expires from its beginning, so between its first and its last number every one must be there.

On a hub of three servers any of the copies may answer: what is missing here is missing in one of them at least.

Source: docs/decisions/0027-repair-the-hubs-streams.md
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Final

from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import HubRefusedError, NoResponderError, parsed
from adapters.jetstream.wire import SilentError, command, header_of, status_of

_BATCH: Final = 500  # messages of one request
_TIMEOUT_SECONDS: Final = 10.0
_END_OF_BATCH: Final = 204
_NOT_FOUND: Final = 404
_NO_RESPONDER: Final = 503
_SEQUENCE: Final = b"Nats-Sequence"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was found in one stream.

    Attributes:
        stream: Its name.
        first: The first sequence that it keeps.
        last: Its last one.
        read: How many messages could be read.
        missing: Ranges of sequences that could not, each with both ends.
    """

    stream: str
    first: int
    last: int
    read: int = 0
    missing: tuple[tuple[int, int], ...] = ()

    @property
    def whole(self) -> bool:
        """True if nothing is missing."""
        return not self.missing


@dataclass(slots=True)
class _Part:
    """The answers to one request, and whether they are all here."""

    sequences: list[int] = field(default_factory=list)
    status: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, _subject: bytes, _reply: bytes, headers: bytes, _body: bytes) -> None:
        sequence = header_of(headers, _SEQUENCE)
        if sequence is not None and sequence.isdigit():
            self.sequences.append(int(sequence))
        else:
            self.status = status_of(headers)
            self.ended.set()


class Scrubber:
    """Borrows the registrar's connection."""

    def __init__(self, hub: HubConnection) -> None:
        """Take the connection; read nothing yet."""
        self._hub = hub

    async def scrub(self, stream: str) -> Scrubbed:
        """Read a stream up to what is its last message now.

        What expires meanwhile is not missing: the stream is asked for its first message once more at the end.

        Raises:
            UnavailableError: The hub cannot be reached, or does not serve the stream now.
        """
        _, last = await self._ends(stream)
        read = await self._read(stream, last)
        first, _ = await self._ends(stream)
        kept = [sequence for sequence in read if sequence >= first]
        return Scrubbed(stream, first, last, len(kept), tuple(_gaps(first, last, kept)))

    async def _ends(self, stream: str) -> tuple[int, int]:
        state = parsed(await self._hub.request(f"{OWNER_PREFIX}.STREAM.INFO.{stream}"))["state"]
        return int(state["first_seq"]), int(state["last_seq"])

    async def _read(self, stream: str, last: int) -> list[int]:
        found: list[int] = []
        while (found[-1] if found else 0) < last:
            part = await self._ask(stream, found[-1] + 1 if found else 1)
            if not part:
                break
            found += part
        return [sequence for sequence in found if sequence <= last]

    async def _ask(self, stream: str, first: int) -> list[int]:
        """Return the sequences of the next messages; empty if there are none."""
        part = _Part()
        wire, number, inbox = await self._hub.listen(part.hear)
        try:
            request = json.dumps({"seq": first, "batch": _BATCH}).encode()
            wire.write(command(f"{OWNER_PREFIX}.DIRECT.GET.{stream}", inbox.encode(), b"", request))
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await part.ended.wait()
        except TimeoutError:
            raise SilentError(f"the hub did not answer to the end of a batch of {stream}") from None
        finally:
            wire.untap(number)
        if part.status == _NO_RESPONDER:
            raise NoResponderError(f"nobody at the hub serves {stream}")
        if part.status not in {_END_OF_BATCH, _NOT_FOUND}:
            raise HubRefusedError(f"the hub does not hand out {stream}: {part.status}")
        return part.sequences


def _gaps(first: int, last: int, found: list[int]) -> list[tuple[int, int]]:
    """Return the ranges between ``first`` and ``last`` that are not in the rising ``found``."""
    gaps, wanted = [], max(first, 1)
    for sequence in found:
        if sequence > wanted:
            gaps.append((wanted, sequence - 1))
        wanted = sequence + 1
    return [*gaps, (wanted, last)] if wanted <= last else gaps
