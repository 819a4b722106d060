"""A fork file: two headers that one county signed and that cannot both be true, and the registries behind its keys.

Source: docs/protocol.md, section "Fork files".
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.base import Model
from schemas.documents import SignedDocument
from schemas.evidence import REGISTRIES_MAX, CarriedLink

FORK_FORMAT: Final = "sihu-fork"


class ForkFile(Model):
    """Everything that is needed to see that a county told two stories, without a node, a network or this project."""

    format: Literal["sihu-fork"] = "sihu-fork"
    v: Literal[1] = 1
    registries: Annotated[tuple[SignedDocument, ...], Field(min_length=1, max_length=REGISTRIES_MAX, strict=False)]
    """The pinned version and every later one up to the newest that a header in this file names."""
    links: Annotated[tuple[CarriedLink, ...], Field(min_length=2, max_length=2, strict=False)]
