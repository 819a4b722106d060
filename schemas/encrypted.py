"""The keys part of an envelope: the content key, wrapped once for each reader.

Source: docs/protocol.md, section "Encrypted content".
"""

from typing import Annotated, Final

from pydantic import StringConstraints

from schemas.base import Model
from schemas.ids import CountyId, KeyId

WRAPPED_BYTES: Final = 80
"""An encapsulated key of X25519 (32 bytes), the encrypted content key (32), the tag of AES-GCM (16)."""


class WrappedKey(Model):
    """The content key for one reader. Field order is the order on the wire."""

    to: CountyId
    kid: KeyId
    """Of the reader's public key."""
    wrapped: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{107}$")]
