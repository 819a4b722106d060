"""Content that only its audience can read: what is bound to what, how it is spelt, and what opens it.

The content is encrypted once, by AES-256-GCM under a key of its own. That key is wrapped for each reader by HPKE (RFC
9180), bound to the one place of the one chain that it belongs to, so nobody can carry another's ciphertext as its own.
Nothing here makes randomness: keys and salts come in, and wrapping is a port.

Source: docs/protocol.md, section "Encrypted content"; docs/decisions/0015-encrypt-to-the-audience.md
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter, ValidationError

from schemas.base import InformationClass
from schemas.encrypted import WRAPPED_BYTES, WrappedKey
from schemas.envelope import KEYS_MAX_BYTES, Envelope, Header
from schemas.errors import Fault, InvariantError
from services.domain.encoding import (
    compact_json,
    from_base64url,
    length_prefixed,
    parse_strict,
    require_base64url,
    to_base64url,
)

CONTENT_KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
COMMITMENT_BYTES: Final = 32
OVERHEAD_BYTES: Final = COMMITMENT_BYTES + SALT_BYTES + 16
"""By how much the content grows: commitment and salt in front, the tag of AES-GCM behind."""

_NONCE: Final = bytes(12)  # each key encrypts one content and no other, so one nonce serves
_CONTENT_LABEL: Final = b"sihu-content-v1\0"
_COMMITMENT_LABEL: Final = b"sihu-content-commitment-v1\0"
_WRAP_LABEL: Final = b"sihu-content-key-v1\0"
_WRAPPED_KEYS: Final = TypeAdapter(tuple[WrappedKey, ...])

Unwrap = Callable[[str, bytes, bytes], bytes | None]
"""Opens a wrapped key: (key id, wrapped bytes, info) to the content key.

None if the private half is not here; empty if it is, and the wrapped bytes are not for this key and this info.
"""


@dataclass(frozen=True, slots=True)
class EncryptedContent:
    """A content ready to travel; its ``repr`` shows nothing of the key.

    Attributes:
        content_id: 32 hex characters, random.
        carried: Commitment, ciphertext and tag.
        key: 32 bytes; opens ``carried`` and nothing else.
    """

    content_id: str
    carried: bytes
    key: bytes

    def __repr__(self) -> str:
        """Name the content alone."""
        return f"EncryptedContent({self.content_id})"


@dataclass(frozen=True, slots=True)
class OpenedContent:
    """What an envelope says, and the key by which it was opened; empty for content in clear."""

    content: bytes
    key: bytes = b""

    def __repr__(self) -> str:
        """Show the size alone."""
        return f"OpenedContent({len(self.content)} bytes)"


def must_be_encrypted(information_class: InformationClass, *, internal_in_clear: bool) -> bool:
    """Tell whether content of a class is encrypted under an agreement that says this about ``internal``."""
    if information_class is InformationClass.INTERNAL:
        return not internal_in_clear
    return information_class is InformationClass.PERSONAL


def encrypt_content(plain: bytes, *, source: str, content_id: str, key: bytes, salt: bytes) -> EncryptedContent:
    """Encrypt a content before it has a place in any chain.

    Args:
        plain: Content bytes.
        source: Our own county.
        content_id: 32 hex characters, fresh.
        key: 32 random bytes that are used for this content alone.
        salt: 16 random bytes, so that equal contents differ even for who has both keys.
    """
    if len(key) != CONTENT_KEY_BYTES or len(salt) != SALT_BYTES:
        raise InvariantError("a content key has 32 bytes and a salt 16")
    closed = AESGCM(key).encrypt(_NONCE, salt + plain, content_aad(source, content_id))
    return EncryptedContent(content_id, commitment_of(key) + closed, key)


def decrypt_content(carried: bytes, *, source: str, content_id: str, key: bytes) -> bytes | None:
    """Return the content, or None if this key does not open these bytes under these names."""
    if len(key) != CONTENT_KEY_BYTES or len(carried) < OVERHEAD_BYTES or not carried.startswith(commitment_of(key)):
        return None
    try:
        salted = AESGCM(key).decrypt(_NONCE, carried[COMMITMENT_BYTES:], content_aad(source, content_id))
    except InvalidTag:
        return None
    return salted[SALT_BYTES:]


def commitment_of(key: bytes) -> bytes:
    """Return the 32 bytes by which a ciphertext names the one key that opens it.

    AES-GCM alone does not: a source could make one ciphertext that opens to two stories under two keys, and wrap one of
    them for each of two readers.
    """
    return hashlib.sha256(_COMMITMENT_LABEL + key).digest()


def content_aad(source: str, content_id: str) -> bytes:
    """Return what a ciphertext is bound to: whose it is, and which."""
    return _CONTENT_LABEL + length_prefixed((source, content_id))


def wrap_info(
    *, wire_type: str, source: str, channel: str, epoch: str, seq: int, recipient: str, content_id: str
) -> bytes:
    """Return what a wrapped key is bound to: one place of one chain, and one reader."""
    return _WRAP_LABEL + length_prefixed((wire_type, source, channel, epoch, str(seq), recipient, content_id))


def _info_of(header: Header, recipient: str) -> bytes:
    return wrap_info(
        wire_type=header.type,
        source=header.source,
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        recipient=recipient,
        content_id=header.content.content_id,
    )


def readers_of(source: str, to: tuple[str, ...]) -> tuple[str, ...]:
    """Return who can open an envelope: its audience and its source, ascending."""
    return tuple(sorted((*to, source)))


def spell_keys(wrapped: Mapping[str, tuple[str, bytes]]) -> bytes:
    """Spell the keys part: county to (key id, wrapped content key), in the one form that it has."""
    rows = ((county, *wrapped[county]) for county in sorted(wrapped))
    return compact_json([{"to": county, "kid": kid, "wrapped": to_base64url(data)} for county, kid, data in rows])


def parse_keys(data: bytes, header: Header, readers: tuple[str, ...] | None = None) -> dict[str, WrappedKey] | Fault:
    """Parse the keys part strictly: one entry for each reader, ascending, in the one spelling.

    Args:
        data: The keys part as carried.
        header: It binds the keys part.
        readers: Who must be in it; the audience and the source if left out.

    Returns:
        The entries by county, or the fault.
    """
    value = parse_strict(data, max_bytes=KEYS_MAX_BYTES, what="keys")
    if isinstance(value, Fault):
        return value
    try:
        entries = _WRAPPED_KEYS.validate_json(data, strict=False)
    except ValidationError:
        return _malformed("expected a JSON array of {to, kid, wrapped}")
    expected = readers_of(header.source, header.to) if readers is None else readers
    if tuple(entry.to for entry in entries) != expected:
        mend = f"there is one entry for each of {', '.join(expected[:9])}, ascending"
        return Fault("encryption.readers", "keys", mend)
    raw = [from_base64url(entry.wrapped) for entry in entries]
    if any(one is None or len(one) != WRAPPED_BYTES for one in raw):
        return _malformed(f"a wrapped key has {WRAPPED_BYTES} bytes in canonical base64url")
    if compact_json([entry.model_dump() for entry in entries]) != data:
        return _malformed("expected compact JSON, `to` before `kid` before `wrapped`")
    return {entry.to: entry for entry in entries}


def _malformed(mend: str) -> Fault:
    return Fault("encryption.malformed", "keys", mend)


def open_content(
    envelope: Envelope, county: str, unwrap: Unwrap, readers: tuple[str, ...] | None = None
) -> OpenedContent | Fault:
    """Return what an envelope says to us.

    Args:
        envelope: Its header is verified and binds both keys and content.
        county: Ourselves, one of the readers.
        unwrap: Opens what was wrapped for one of our keys.
        readers: Who must be able to read it; the audience and the source if left out.
    """
    if envelope.header.content.encoding == "none":
        if envelope.keys_bytes:
            return _malformed("content in clear has no keys")
        return OpenedContent(envelope.content)
    if not envelope.keys_bytes:
        return Fault("content.encoding", "content.encoding", "it claims to be encrypted and brings no keys")
    entries = parse_keys(envelope.keys_bytes, envelope.header, readers)
    return entries if isinstance(entries, Fault) else _opened(envelope, entries[county], unwrap)


def _opened(envelope: Envelope, entry: WrappedKey, unwrap: Unwrap) -> OpenedContent | Fault:
    header = envelope.header
    key = unwrap(entry.kid, require_base64url(entry.wrapped), _info_of(header, entry.to))
    if key is None:
        mend = f"{entry.kid} is no key of {entry.to} that is still here; take its newest one and send again"
        return Fault("encryption.unknown_key", "keys", mend)
    if not key:
        mend = "the key in it was not wrapped for this county and this place of the chain"
        return Fault("encryption.key_not_opened", "keys", mend)
    binding = header.content
    plain = decrypt_content(envelope.content, source=header.source, content_id=binding.content_id, key=key)
    if plain is None:
        return Fault("encryption.content_not_opened", "content", "the key in it does not open this content")
    return OpenedContent(plain, key)


def no_private_keys(kid: str, wrapped: bytes, info: bytes) -> bytes | None:  # noqa: ARG001 - the shape of ``Unwrap``
    """Open nothing: for a county without encryption keys."""
    return None


def read_content(envelope: Envelope, key: bytes) -> bytes | None:
    """Return the content of a kept envelope, or None if it was erased or cannot be opened.

    Args:
        envelope: As kept: the content as it was carried.
        key: The content key kept beside it; empty for content in clear.
    """
    binding = envelope.header.content
    if binding.encoding == "none":
        return envelope.content
    return decrypt_content(envelope.content, source=envelope.header.source, content_id=binding.content_id, key=key)
