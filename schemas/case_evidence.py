"""A case as evidence: a line that says which, then one evidence file a line, byte by byte as each would stand alone.

So whoever verifies evidence files verifies this one: split it at its line feeds. Where the writer opened the contents,
the first line also has the key of each: it opens that ciphertext, which the header binds, and no other.

Source: docs/mediation.md, section "A case as evidence"
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from schemas.base import Model, VersionOne
from schemas.cases import HELD_MAX
from schemas.ids import EnvelopeId

CASE_FILE_MAX_BYTES: Final = 64 * 1024 * 1024
CASE_HEAD_MAX_BYTES: Final = 128 * 1024
ContentKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes as base64url, no padding."""


class CaseHead(Model):
    """The first line."""

    format: Literal["sihu-case-evidence"] = "sihu-case-evidence"
    v: VersionOne = 1
    case_id: EnvelopeId
    count: Annotated[int, Field(ge=1, le=HELD_MAX)]
    """Evidence files that follow."""
    keys: Annotated[dict[EnvelopeId, ContentKey], Field(max_length=HELD_MAX)]
    """Content keys by envelope id, ascending; empty if the contents stay closed."""
