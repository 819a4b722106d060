"""Chunks of a file: how one travels, what proves that it belongs there, which ones are held and which are missing.

Pure: bytes and bindings come in. Which chunks are held is a bitmap, the first chunk being the lowest bit of byte 0.

Source: docs/protocol.md, section "Files"; docs/decisions/0025-carry-files-in-chunks.md
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

from schemas.base import Model
from schemas.control import CHUNKS_MAX, MISSING_MAX, Missing
from schemas.envelope import CHUNK_MAX_BYTES, ChunkBinding
from schemas.errors import Fault
from schemas.ids import EnvelopeId
from services.domain import merkle
from services.domain.encoding import compact_json, from_base64url, to_base64url

_LINE_MAX_BYTES: Final = 2048
_PATH_MAX: Final = (CHUNKS_MAX - 1).bit_length()
MESSAGE_MAX_BYTES: Final = _LINE_MAX_BYTES + 1 + CHUNK_MAX_BYTES


Node = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""A hash of the tree: base64url of 32 bytes."""


class ChunkLine(Model):
    """What stands before the bytes of a chunk. Field order is the order on the wire."""

    id: EnvelopeId
    index: Annotated[int, Field(ge=0, lt=CHUNKS_MAX)]
    path: Annotated[tuple[Node, ...], Field(max_length=_PATH_MAX, strict=False)]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as it came: nothing about it believed yet.

    Attributes:
        envelope_id: The event whose file it is of.
        index: Its place, from 0.
        path: Audit path of its digest.
        data: Its bytes.
    """

    envelope_id: str
    index: int
    path: tuple[bytes, ...]
    data: bytes


def spell_chunk(envelope_id: str, index: int, tree: merkle.Levels[bytes], data: bytes) -> bytes:
    """Return the message of one chunk: a line of compact JSON, a line feed, its bytes.

    Args:
        envelope_id: The event whose file it is of.
        index: Its place, from 0.
        tree: Over the digests of all chunks.
        data: Its bytes.
    """
    path = [to_base64url(node) for node in merkle.path_in(tree, index)]
    return compact_json({"id": envelope_id, "index": index, "path": path}) + b"\n" + data


def parse_chunk(message: bytes) -> Chunk | Fault:
    """Split a message and read its line; nothing is compared with any file."""
    if len(message) > MESSAGE_MAX_BYTES:
        return Fault("chunk.too_large", "message", f"at most {MESSAGE_MAX_BYTES} bytes are taken")
    line, feed, _ = message[: _LINE_MAX_BYTES + 1].partition(b"\n")
    if not feed or len(line) > _LINE_MAX_BYTES:
        return _MALFORMED
    try:
        read = ChunkLine.model_validate_json(line)
    except ValidationError:
        return _MALFORMED
    path = [node for node in map(from_base64url, read.path) if node is not None]
    if len(path) != len(read.path) or compact_json(read.model_dump()) != line:
        return _MALFORMED
    return Chunk(read.id, read.index, tuple(path), message[len(line) + 1 :])


_MALFORMED: Final = Fault(
    "chunk.malformed", "message", "a chunk is {id, index, path} as compact JSON, a line feed, and its bytes"
)


def judge_chunk(chunk: Chunk, binding: ChunkBinding) -> Fault | None:
    """Tell why a chunk is none of the file that a signed header binds, or None."""
    if chunk.index >= binding.count:
        return Fault("chunk.invalid", "index", f"the file has {binding.count} chunks")
    if len(chunk.data) != size_of(binding, chunk.index):
        return Fault("chunk.invalid", "message", f"chunk {chunk.index} has {size_of(binding, chunk.index)} bytes")
    found = merkle.root_from_path(hashlib.sha256(chunk.data).digest(), chunk.index, binding.count, chunk.path)
    if found is None or found.hex() != binding.root:
        return Fault("chunk.invalid", "message", "its bytes and its path do not lead to the root that the header binds")
    return None


def size_of(binding: ChunkBinding, index: int) -> int:
    """Return how many bytes a chunk has."""
    return min(binding.chunk_size, binding.size - index * binding.chunk_size)


# -- which chunks -------------------------------------------------------------------------------------


def none_of(count: int) -> bytes:
    """Return the bitmap of a file of which no chunk is meant."""
    return bytes((count + 7) // 8)


def all_of(count: int) -> bytes:
    """Return the bitmap of a file of which every chunk is meant."""
    return ((1 << count) - 1).to_bytes((count + 7) // 8, "little")


def has(bitmap: bytes, index: int) -> bool:
    """Tell whether a chunk is meant."""
    return bool(bitmap[index >> 3] >> (index & 7) & 1)


def with_chunks(bitmap: bytes, indices: Iterable[int]) -> bytes:
    """Return a bitmap with more chunks."""
    changed = bytearray(bitmap)
    for index in indices:
        changed[index >> 3] |= 1 << (index & 7)
    return bytes(changed)


def without_chunks(bitmap: bytes, indices: Iterable[int]) -> bytes:
    """Return a bitmap with fewer chunks."""
    changed = bytearray(bitmap)
    for index in indices:
        changed[index >> 3] &= ~(1 << (index & 7))
    return bytes(changed)


def count_of(bitmap: bytes) -> int:
    """Return how many chunks are meant."""
    return int.from_bytes(bitmap, "little").bit_count()


def first_of(bitmap: bytes, most: int) -> list[int]:
    """Return the first ``most`` chunks that are meant, ascending."""
    found: list[int] = []
    for place, byte in enumerate(bitmap):
        if byte:
            found += [place * 8 + bit for bit in range(8) if byte >> bit & 1]
        if len(found) >= most:
            break
    return found[:most]


def missing_of(held: bytes, count: int, most: int = MISSING_MAX) -> tuple[Missing, ...]:
    """Return the first ``most`` runs of chunks that are not held."""
    found: list[Missing] = []
    first: int | None = None
    for index in range(count + 1):
        lacking = index < count and not has(held, index)
        if lacking and first is None:
            first = index
        elif not lacking and first is not None:
            found.append(Missing(first=first, last=index - 1))
            first = None
            if len(found) == most:
                break
    return tuple(found)


def asked_of(missing: Iterable[Missing], count: int) -> bytes:
    """Return the bitmap of what somebody asks for, as far as the file goes."""
    return with_chunks(
        none_of(count), (index for run in missing for index in range(run.first, min(run.last, count - 1) + 1))
    )
