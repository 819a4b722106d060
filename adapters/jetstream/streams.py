"""The registrar: makes the hub's streams and each county's consumers what they should be; again and again is harmless.

Run by ``sihu hub`` at start and whenever members or agreements change.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from adapters.jetstream.api import OWNER_PREFIX, handed_to
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import HubRefusedError, parsed
from schemas.errors import UnavailableError
from schemas.subjects import (
    BLOB_STREAM,
    SIGNAL_STREAM,
    URGENT_STREAM,
    Lane,
    blob_space,
    consumer_of,
    hub_streams,
    own_space,
    shard_of,
    signal_space,
    streams,
)

ACK_PENDING_MAX: Final = 2000
"""Messages that a county may hold unacknowledged, per stream: four batches of its puller."""

CHUNKS_PENDING_MAX: Final = 16
"""Chunks that a county may hold unacknowledged: on a slow line half a minute's worth, in memory a MiB."""
_CHUNKS_PER_SUBJECT: Final = 16_384  # a GiB of 64 KiB; a county that sends more pushes out its own
_BLOB_AGE_SECONDS: Final = 3 * 24 * 3600
_REPEATED_SECONDS: Final = 120

_SIGNAL_AGE_SECONDS: Final = 600  # what is older is believed by nobody
_NANOSECONDS: Final = 1_000_000_000
_PAGE_MAX: Final = 10_000  # pages of a list; a guard against a server that never says the end
_STREAM_NOT_FOUND: Final = "[10059]"
_EDITION: Final = "sihu-edition"


class DocumentsBehindError(UnavailableError):
    """Another server of this hub has arranged it by newer documents than these: they would take members out again."""

    code: ClassVar[str] = "hub.documents_outdated"


@dataclass(frozen=True, slots=True)
class Edition:
    """By which documents a hub is arranged; three servers get them one after the other, perhaps days apart.

    Attributes:
        registry: Version of the registry.
        agreements: Newest version of each agreement, by its id.
    """

    registry: int
    agreements: Mapping[str, int] = field(default_factory=dict)

    def behind(self, other: "Edition") -> bool:
        """True if ``other`` knows more: a newer registry, or with the same one an agreement that is newer or new."""
        if self.registry != other.registry:
            return self.registry < other.registry
        return any(self.agreements.get(name, 0) < version for name, version in other.agreements.items())

    def written(self) -> str:
        """Return it as a stream's metadata keep it."""
        return json.dumps([self.registry, dict(sorted(self.agreements.items()))])


def _edition_of(config: Mapping[str, Any]) -> Edition:
    text = (config.get("metadata") or {}).get(_EDITION)
    return Edition(*json.loads(text)) if text else Edition(0)


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What one hub stream keeps; limits retention, and new messages are refused when it is full.

    Attributes:
        max_age_seconds: A hub is no archive: what is older is gone, whatever it was.
        max_messages_per_subject: A county that floods fills its own subjects with this many, and no other county's.
        max_bytes: Of one stream; -1 leaves it to the server's store.
        blob_bytes: Of the stream of chunks, whose oldest give way: what is missing there is asked for again.
        replicas: 1, or 3 on three servers in three failure domains; of streams and of consumers.
    """

    max_age_seconds: int = 14 * 24 * 3600
    max_messages_per_subject: int = 100_000
    max_bytes: int = -1
    blob_bytes: int = 512 * 1024 * 1024
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """What one county keeps at the hub: how many different subjects, how many messages."""

    subjects: int
    messages: int


class Registrar:
    """Borrows the registrar's connection, which owns the streams' account."""

    def __init__(self, hub: HubConnection, limits: StreamLimits | None = None, edition: Edition | None = None) -> None:
        """Take the connection; change nothing yet.

        Args:
            hub: The registrar's.
            limits: What the streams keep.
            edition: Of the documents, on a hub of several servers; None on one that is alone.
        """
        self._hub, self._limits, self._edition = hub, limits or StreamLimits(), edition

    async def arrange(self, members: Collection[str], agreements: Mapping[str, Collection[str]]) -> int:
        """Make streams and consumers fit the registry; return how many had to be changed.

        Args:
            members: County codes of everybody in the registry; consumers of others are removed.
            agreements: The parties of each agreement in force, by its id without version.

        Raises:
            DocumentsBehindError: Another server has newer documents; nothing was changed.
            UnavailableError: The hub cannot be reached or refuses; what was done stays, calling again is harmless.
        """
        changed = 0
        for stream in hub_streams():
            changed += await self._arrange_stream(stream, members)
            held = {consumer["name"]: consumer["config"] for consumer in await self._consumers(stream)}
            wanted = {consumer_of(county): self._consumer(stream, county, agreements) for county in sorted(members)}
            for name, config in wanted.items():
                if not _fits(config, held.get(name, {})):
                    await self._ask(f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": config})
                    changed += 1
            for name in sorted(held.keys() - wanted.keys()):
                await self._ask(f"CONSUMER.DELETE.{stream}.{name}")
                changed += 1
        return changed

    async def missing(self, members: Collection[str]) -> list[str]:
        """Return the streams that are gone, set otherwise, or lack a consumer; cheap enough for every second.

        Of a hub that others arranged by newer documents only gone streams are named: we do not know the others.

        Args:
            members: As for ``arrange``.

        Raises:
            UnavailableError: The hub cannot be reached.
        """
        found, behind = [], False
        for stream in hub_streams():
            try:
                info = await self._ask(f"STREAM.INFO.{stream}")
            except HubRefusedError as exc:
                if _STREAM_NOT_FOUND not in str(exc):
                    raise
                found.append(stream)
                continue
            behind = behind or (self._edition is not None and self._edition.behind(_edition_of(info["config"])))
            if behind:
                continue
            if info["state"].get("consumer_count") != len(members) or not _fits(
                self._stream(stream, members), info["config"]
            ):
                found.append(stream)
        return found

    async def usage(self) -> dict[str, Usage]:
        """Return what each county keeps at the hub: the one that floods it, or invents subjects, stands out.

        Raises:
            UnavailableError: The hub cannot be reached.
        """
        found: dict[str, Usage] = {}
        for stream in (*streams(), BLOB_STREAM):
            subjects = await self._subjects_of(stream)
            for subject, messages in subjects.items():
                county = subject.split(".")[2]
                before = found.get(county, Usage(0, 0))
                found[county] = Usage(before.subjects + 1, before.messages + messages)
        return found

    async def _subjects_of(self, stream: str) -> dict[str, int]:
        """Return the number of messages of each subject; the hub tells them in pages."""
        found: dict[str, int] = {}
        for _ in range(_PAGE_MAX):
            info = await self._ask(f"STREAM.INFO.{stream}", {"subjects_filter": "hub.in.>", "offset": len(found)})
            page = info["state"].get("subjects") or {}
            found |= page
            if not page or len(found) >= info.get("total", 0):
                break
        return found

    async def _arrange_stream(self, stream: str, members: Iterable[str]) -> int:
        config = self._stream(stream, members)
        try:
            held = (await self._ask(f"STREAM.INFO.{stream}"))["config"]
        except HubRefusedError as exc:
            if _STREAM_NOT_FOUND not in str(exc):
                raise
            await self._ask(f"STREAM.CREATE.{stream}", config)
            return 1
        if self._edition is not None and self._edition.behind(known := _edition_of(held)):
            raise DocumentsBehindError(f"this hub is arranged by registry {known.registry} and newer agreements")
        if _fits(config, held):
            return 0
        await self._ask(f"STREAM.UPDATE.{stream}", held | config)
        return 1

    def _stream(self, stream: str, members: Iterable[str]) -> dict[str, object]:
        if stream == BLOB_STREAM:
            return self._blob_stream()
        return self._signal_stream() if stream == SIGNAL_STREAM else self._event_stream(stream, members)

    def _blob_stream(self) -> dict[str, object]:
        """Keep chunks for some days. The oldest give way, a county's own ones first: nothing waits for room here."""
        return {
            "name": BLOB_STREAM,
            "subjects": [blob_space()],
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "max_msgs_per_subject": _CHUNKS_PER_SUBJECT,
            "max_age": _BLOB_AGE_SECONDS * _NANOSECONDS,
            "max_bytes": self._limits.blob_bytes,
            "duplicate_window": _REPEATED_SECONDS * _NANOSECONDS,
            "num_replicas": self._limits.replicas,
            "allow_direct": True,
            "deny_delete": True,
            "deny_purge": True,
        }

    def _signal_stream(self) -> dict[str, object]:
        """Keep the newest signal of each kind and pair of counties, for a few minutes: an older one says nothing."""
        return {
            "name": SIGNAL_STREAM,
            "subjects": [signal_space()],
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "max_msgs_per_subject": 1,
            "max_age": _SIGNAL_AGE_SECONDS * _NANOSECONDS,
            "max_bytes": self._limits.max_bytes,
            "num_replicas": self._limits.replicas,
            "allow_direct": True,
            "deny_delete": True,
            "deny_purge": True,
        }

    def _event_stream(self, stream: str, members: Iterable[str]) -> dict[str, object]:
        return {
            "name": stream,
            "subjects": _subjects(stream, members),
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "discard_new_per_subject": True,
            "max_msgs_per_subject": self._limits.max_messages_per_subject,
            "max_age": self._limits.max_age_seconds * _NANOSECONDS,
            "max_bytes": self._limits.max_bytes,
            "num_replicas": self._limits.replicas,
            "allow_atomic": True,
            "allow_direct": True,
            "deny_delete": True,
            "deny_purge": True,
            **({"metadata": {_EDITION: self._edition.written()}} if self._edition is not None else {}),
        }

    def _consumer(self, stream: str, county: str, agreements: Mapping[str, Collection[str]]) -> dict[str, object]:
        mine = {name: parties for name, parties in agreements.items() if county in parties}
        return {
            "durable_name": consumer_of(county),
            "name": consumer_of(county),
            "filter_subjects": _filters(stream, county, mine),
            "deliver_policy": "all",
            "deliver_subject": handed_to(county, stream),
            "flow_control": True,
            "idle_heartbeat": _NANOSECONDS,
            "ack_policy": "all",
            # A county that comes back sets its consumer back anyway; chunks take their time on a slow line.
            "ack_wait": (120 if stream == BLOB_STREAM else 30) * _NANOSECONDS,
            "max_ack_pending": CHUNKS_PENDING_MAX if stream == BLOB_STREAM else ACK_PENDING_MAX,
            "num_replicas": self._limits.replicas,  # one copy is away with its server, and the county's mail with it
        }

    async def _consumers(self, stream: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(_PAGE_MAX):
            page = await self._ask(f"CONSUMER.LIST.{stream}", {"offset": len(found)})
            found += page.get("consumers") or []
            if not page.get("consumers") or len(found) >= page.get("total", 0):
                break
        return found

    async def _ask(self, request: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else b""
        return parsed(await self._hub.request(f"{OWNER_PREFIX}.{request}", data, timeout_seconds=10.0))


def _filters(stream: str, county: str, mine: Mapping[str, Collection[str]]) -> list[str]:
    """What of a stream is for a county. A signal is for one county, never for an audience.

    Of chunks its own ones are left out, too: 64 MiB that come back would cost its line as much as they are worth.
    """
    if stream == BLOB_STREAM:
        others = sorted((name, party) for name, parties in mine.items() for party in parties if party != county)
        return [f"hub.in.*.*.{county}.>", *(f"hub.in.{party}.*._{name}.>" for name, party in others)]
    audiences = () if stream == SIGNAL_STREAM else sorted(f"_{name}" for name in mine)
    return [f"hub.in.*.*.{destination}.>" for destination in (county, *audiences)]


def _subjects(stream: str, members: Iterable[str]) -> list[str]:
    """Every member's urgent lane goes to one stream, its other lanes to the stream of its shard."""
    if stream == URGENT_STREAM:
        return [own_space("*", Lane.URGENT)]
    shard = int(stream.rpartition("_")[2])
    mine = sorted(county for county in members if shard_of(county) == shard)
    kept = [own_space(county, lane) for county in mine for lane in (Lane.NORMAL, Lane.REPAIR)]
    return kept or [f"hub.nobody.{shard}"]  # a stream needs a subject; this one nobody may use


def _fits(wanted: Mapping[str, object], held: Mapping[str, object]) -> bool:
    """Tell whether every setting that we care about is as wanted.

    One filter comes back under another name, and the server adds metadata of its own.
    """
    one = held.get("filter_subject")
    known = {**held, "filter_subjects": [one]} if one else held
    if isinstance(wanted.get("metadata"), dict):
        wanted = {**wanted, "metadata": known.get("metadata", {}) | wanted["metadata"]}  # type: ignore[operator]
    return all(known.get(key) == value for key, value in wanted.items())
