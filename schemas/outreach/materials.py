"""宣传素材: material that the neighbours may use, with its licence and its end.

Source: docs/events.md, section "outreach".
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.base import Event, WireTime
from schemas.faults import broken_rule
from schemas.forms import Language, Line, Name, Note
from schemas.parts import Attachment, each_once


class MaterialKind(StrEnum):
    """海报, 视频, 文稿, 音频."""

    POSTER = "poster"
    VIDEO = "video"
    TEXT = "text"
    AUDIO = "audio"


class Licence(StrEnum):
    """What may be done with it: SPDX identifiers, and ``partners-only`` for nobody but the recipients, unchanged."""

    CC0 = "CC0-1.0"
    CC_BY = "CC-BY-4.0"
    CC_BY_NC = "CC-BY-NC-4.0"
    CC_BY_ND = "CC-BY-ND-4.0"
    PARTNERS_ONLY = "partners-only"


_BEGINNINGS: Final = {
    MaterialKind.POSTER: ("image/", "application/pdf"),
    MaterialKind.VIDEO: ("video/",),
    MaterialKind.TEXT: ("text/", "application/"),
    MaterialKind.AUDIO: ("audio/",),
}


class MaterialShared(Event):
    """A county lets its partners use a poster, a film, a text, a recording. ``kind`` is ``material_kind`` in code."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True, serialize_by_alias=True)

    wire_type: ClassVar[str] = "cn.sihu.outreach.material_shared.v1"
    title_zh: ClassVar[str] = "宣传素材"
    purposes: ClassVar[tuple[str, ...]] = ("joint_activity",)

    title: Line
    material_kind: Annotated[MaterialKind, Field(alias="kind")]
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=8)]
    licence: Licence
    credit: Name | None = None
    """Whom to name, if the licence asks for that: an office."""
    attachments: Annotated[tuple[Attachment, ...], Field(min_length=1, max_length=20)]
    """Files that ``attachment_shared`` carries, by their digests."""
    expires: WireTime | None = None
    """Not to be shown afterwards; null means no end."""
    note: Note | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("languages", self.languages)
        each_once("attachments", tuple(one.sha256 for one in self.attachments))
        if self.licence.startswith("CC-BY") != (self.credit is not None):
            raise broken_rule("credit", "name an office exactly if the licence is one of CC-BY")
        allowed = _BEGINNINGS[self.material_kind]
        if not all(one.media_type.startswith(allowed) for one in self.attachments):
            raise broken_rule("attachments", f"a {self.material_kind} is a file of {' or '.join(allowed)}")
        return self
