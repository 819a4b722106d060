"""Files that events carry: encrypted and read piece by piece, so that none is ever in memory as a whole.

A file is encrypted like a content, by AES-256-GCM, under a key derived from the content key of its event: whoever can
open the event can open its file, and destroying that one key destroys both. The event's content commits to that key.
A piece is read alone by the counter of GCM; that it is the right piece, the digest or the root of the header has shown.

Source: docs/protocol.md, section "Files"; NIST SP 800-38D
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, GCM

from schemas.base import Event
from schemas.envelope import FILE_OVERHEAD_BYTES, ChunkBinding, ContentBinding
from schemas.errors import Fault
from schemas.files import KeptFile
from schemas.information.attachments import AttachmentShared
from services.domain import merkle
from services.domain.encoding import length_prefixed

CHUNK_SIZE: Final = 64 * 1024
"""Bytes of a chunk, unless the settings say otherwise: on a line of 256 kbit/s it takes two seconds, and an alert waits
behind no more than that. Header fields allow up to 512 KiB."""
PIECE_BYTES: Final = 256 * 1024
"""How much of a file is in hand at once."""
_KEY_LABEL: Final = b"sihu-file-key-v1\0"
_FILE_LABEL: Final = b"sihu-file-v1\0"
_NONCE: Final = bytes(12)  # the key encrypts this one file and nothing else
_BLOCK: Final = 16
_FIRST_COUNTER: Final = 2  # GCM keeps counter 1 for the tag


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file that is ready to travel with an event; its ``repr`` shows nothing of the key.

    Attributes:
        upload: The upload that it came by.
        name: Under which it is kept.
        content_id: 32 hex characters: of the event that it will belong to.
        key: Content key of that event; empty if both travel in clear.
        chunks: What the header will say.
        size: Bytes as it is read.
        sha256: Digest of what is read.
    """

    upload: str
    name: str
    content_id: str
    key: bytes = field(repr=False)
    chunks: ChunkBinding
    size: int
    sha256: str


def file_key(content_key: bytes) -> bytes:
    """Return the 32 bytes that open the file of an event, given its content key."""
    return hashlib.sha256(_KEY_LABEL + content_key).digest()


def file_aad(source: str, content_id: str) -> bytes:
    """Return what an encrypted file is bound to: whose it is, and which."""
    return _FILE_LABEL + length_prefixed((source, content_id))


class Sealer:
    """Encrypts a file piece by piece; the tag comes last."""

    def __init__(self, content_key: bytes, *, source: str, content_id: str) -> None:
        """Begin with the first byte."""
        self._gcm = Cipher(AES(file_key(content_key)), GCM(_NONCE)).encryptor()
        self._gcm.authenticate_additional_data(file_aad(source, content_id))

    def add(self, piece: bytes) -> bytes:
        """Return the next piece, encrypted; as long as it was."""
        return self._gcm.update(piece)

    def tag(self) -> bytes:
        """Return the 16 bytes that end the file."""
        self._gcm.finalize()
        return self._gcm.tag


class Opener:
    """Decrypts a whole file piece by piece, and says at the end whether it was whole."""

    def __init__(self, content_key: bytes, *, source: str, content_id: str) -> None:
        """Begin with the first byte."""
        self._gcm = Cipher(AES(file_key(content_key)), GCM(_NONCE)).decryptor()
        self._gcm.authenticate_additional_data(file_aad(source, content_id))

    def add(self, piece: bytes) -> bytes:
        """Return the next piece in clear: to be digested, and not to be believed before ``holds``."""
        return self._gcm.update(piece)

    def holds(self, tag: bytes) -> bool:
        """Tell whether every piece was what was encrypted."""
        try:
            self._gcm.finalize_with_tag(tag)
        except InvalidTag:
            return False
        return True


def at_offset(content_key: bytes, offset: int) -> CipherContext:
    """Return what encrypts, or decrypts, from a byte of the file on: both are the same in counter mode.

    Args:
        content_key: Of the event.
        offset: In the file as it is read; bytes.
    """
    counter = _NONCE + (_FIRST_COUNTER + offset // _BLOCK).to_bytes(4, "big")
    stream = Cipher(AES(file_key(content_key)), CTR(counter)).encryptor()
    stream.update(bytes(offset % _BLOCK))
    return stream


class Digester:
    """Digests a file as it is carried, and its chunks, piece by piece."""

    def __init__(self, chunk_size: int) -> None:
        """Begin with the first byte."""
        self._chunk_size = chunk_size
        self._whole, self._chunk = hashlib.sha256(), hashlib.sha256()
        self._size = self._in_chunk = 0
        self.digests: list[bytes] = []
        """Of the chunks that are complete."""

    def add(self, piece: bytes) -> None:
        """Take the next piece, of any length."""
        self._whole.update(piece)
        self._size += len(piece)
        view = memoryview(piece)
        while view:
            part = view[: self._chunk_size - self._in_chunk]
            self._chunk.update(part)
            self._in_chunk += len(part)
            view = view[len(part) :]
            if self._in_chunk == self._chunk_size:
                self._close()

    def _close(self) -> None:
        self.digests.append(self._chunk.digest())
        self._chunk, self._in_chunk = hashlib.sha256(), 0

    def binding(self) -> ChunkBinding:
        """Return what a header says about the file; nothing may be added any more."""
        if self._in_chunk:
            self._close()
        return ChunkBinding(
            size=self._size,
            digest=self._whole.hexdigest(),
            chunk_size=self._chunk_size,
            root=merkle.root(self.digests).hex(),
        )


def judge_carriage(event: Event, binding: ContentBinding) -> Fault | None:
    """Tell why a header's file does not go with its event, or None."""
    chunks = binding.chunks
    if type(event).carries_file != (chunks is not None):
        mend = "a file goes with it, and none is bound" if chunks is None else "no file goes with this type"
        return Fault("file.unexpected" if chunks else "file.missing", "content.chunks", mend)
    if chunks is None or not isinstance(event, AttachmentShared):
        return None
    overhead = FILE_OVERHEAD_BYTES if binding.encoding != "none" else 0
    if chunks.size != event.size + overhead:
        return Fault("file.differs", "content.size", "the content names another size than the file has that is bound")
    return None


def pieces(total: int, piece: int = PIECE_BYTES) -> Iterable[tuple[int, int]]:
    """Yield (offset, length) over a file of ``total`` bytes."""
    return ((offset, min(piece, total - offset)) for offset in range(0, total, piece))


def with_room(arriving: Iterable[KeptFile], most_bytes: int) -> list[KeptFile]:
    """Return the files that may take room while they arrive: of each source the oldest ones, and always the first.

    Args:
        arriving: The oldest first.
        most_bytes: Of one source.
    """
    used: dict[str, int] = {}
    found: list[KeptFile] = []
    for one in arriving:
        before = used.get(one.source, 0)
        if before and before + one.chunks.size > most_bytes:
            continue
        used[one.source] = before + one.chunks.size
        found.append(one)
    return found
