"""One signature over a run of envelopes: the root record that is signed, and what each envelope of the run carries.

Source: docs/protocol.md, section "Batch signatures".
"""

from typing import Annotated, Final

from pydantic import Field

from schemas.base import Model
from schemas.envelope import Signature
from schemas.ids import CountyId, Digest

BATCH_COUNT_MIN: Final = 2
"""A batch of one is a plain signature."""
BATCH_COUNT_MAX: Final = 4096
ROOT_VERSION: Final = 1


class RootRecord(Model):
    """What is signed for a run. Field order is the order on the wire.

    Bounds have codes of their own, so they are not judged here: see ``services.domain.batches``.
    """

    v: int
    source: CountyId
    count: int
    root: Digest


class BatchSignature(Signature):
    """A signature over the root of a run, and the way from one envelope to it; ``sig`` covers the root record."""

    root: RootRecord
    index: int
    path: Annotated[tuple[str, ...], Field(strict=False)]  # base64url of 32 bytes each, the lowest first
