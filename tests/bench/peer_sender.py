"""Child: a county on FastStream, as its documentation shows it: broker, pydantic model, confirmed publication.

Signing is what the floor has: Ed25519 over the bytes, here in a header. The bytes are made once, by the model, and
published as they are, for handing the model over would make FastStream serialise it a second time.
"""

import asyncio
import base64
import time
from datetime import date
from typing import Annotated, Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from faststream.nats import JStream, NatsBroker
from pydantic import BaseModel, ConfigDict, StringConstraints

from tests.bench.events import draft_of
from tests.bench.floor_sender import SEED, due_times
from tests.bench.processes import serve

STREAM: Final = JStream("PEER", subjects=["peer.event"])
SUBJECT: Final = "peer.event"
SIGNATURE: Final = "signature"
_IN_FLIGHT: Final = 256
_TIMEOUT_SECONDS: Final = 30.0
_JSON: Final = {"content-type": "application/json"}


class Period(BaseModel):
    """What the bulletin tells of."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    starts_on: date
    ends_on: date


class Bulletin(BaseModel):
    """The content: the same members, and the same 1 KiB, as in Sihu's events."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    period: Period
    kind: Literal["brief", "weekly"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    topics: tuple[Annotated[str, StringConstraints(max_length=80)], ...]


class Draft(BaseModel):
    """What the county's own system posts, as to Sihu: checked here, as Sihu checks it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    agreement: str
    content: Bulletin


class PeerEvent(BaseModel):
    """What travels."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: int
    made_ns: int
    content: Bulletin


class Sender:
    """One broker and one key."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._key = Ed25519PrivateKey.from_private_bytes(SEED)
        self._broker: NatsBroker

    async def open(self, url: str) -> dict[str, Any]:
        """Connect and make sure that the stream is there."""
        self._broker = NatsBroker(url, logger=None)
        self._publisher = self._broker.publisher(SUBJECT, stream=STREAM, timeout=_TIMEOUT_SECONDS)
        await self._broker.start()
        return {}

    async def publish(self, first: int, count: int, *, sign: bool, skip: int = -1) -> dict[str, Any]:
        """Publish events ``first``… as fast as confirmations come; ``skip`` is one that is only said to be sent."""
        numbers = iter(range(first, first + count))

        async def work() -> None:
            for number in numbers:
                if number != skip:
                    await self._one(number, time.monotonic_ns(), sign=sign)

        started = time.monotonic_ns()
        await asyncio.gather(*(work() for _ in range(_IN_FLIGHT)))
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def trickle(self, first: int, count: int, every_ms: float) -> dict[str, Any]:
        """Publish one event every ``every_ms`` by the clock, whatever the confirmations do (open loop)."""
        started = time.monotonic_ns()
        async with asyncio.TaskGroup() as tasks:
            for number, made in zip(range(first, first + count), due_times(started, every_ms), strict=False):
                await asyncio.sleep(max(0.0, (made - time.monotonic_ns()) / 1e9))
                tasks.create_task(self._one(number, made, sign=True))
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def _one(self, number: int, made_ns: int, *, sign: bool) -> None:
        body = event_of(number, made_ns).model_dump_json().encode()
        headers = {**_JSON, SIGNATURE: base64.b64encode(self._key.sign(body)).decode()} if sign else _JSON
        await self._publisher.publish(body, headers=headers)


def event_of(number: int, made_ns: int) -> PeerEvent:
    """Return the event with this number: the content that Sihu's event of this number has."""
    return PeerEvent(number=number, made_ns=made_ns, content=Draft.model_validate_json(draft_of(number)).content)


async def main() -> None:
    """Take orders."""
    sender = Sender()
    await serve({"open": sender.open, "publish": sender.publish, "trickle": sender.trickle})


if __name__ == "__main__":
    asyncio.run(main())
