"""A signed document: payload bytes, their type, and signatures. A file people pass around.

The JSON form is a DSSE envelope; the digest that people read out to each other is the SHA-256 of
the bytes to sign, so it names type and content alike.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Model
from schemas.envelope import PayloadType, Signature


class SignedDocument(Model):
    """A registry, agreement, member card or officer credential with its signatures."""

    payload_type: PayloadType
    payload: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=4 * 1024 * 1024)]  # base64url
    signatures: Annotated[tuple[Signature, ...], Field(max_length=1024, strict=False)] = ()
