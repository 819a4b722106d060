"""附件: a file that goes with other events, or alone.

The file itself travels beside the envelope, in chunks; this content, which every reader has at once, says what it is.
Other events name the same file by its digest (``attachments``, ``resources``) and this event by a reference.

Source: docs/events.md, section "information"; docs/decisions/0025-carry-files-in-chunks.md
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import Event, InformationClass
from schemas.envelope import FILE_MAX_BYTES
from schemas.forms import FileName, Note
from schemas.ids import Digest


class FileType(StrEnum):
    """What may be carried: documents, pictures, sound and moving pictures; nothing that runs in a browser."""

    PDF = "application/pdf"
    OFD = "application/ofd"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    TEXT = "text/plain"
    CSV = "text/csv"
    JPEG = "image/jpeg"
    PNG = "image/png"
    MPEG_AUDIO = "audio/mpeg"
    MP4 = "video/mp4"


class AttachmentShared(Event):
    """A file is handed to the neighbours (附件)."""

    wire_type: ClassVar[str] = "cn.sihu.information.attachment_shared.v1"
    title_zh: ClassVar[str] = "附件"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    carries_file: ClassVar[bool] = True
    purposes: ClassVar[tuple[str, ...]] = (
        "work_exchange",
        "policy_exchange",
        "joint_response",
        "emergency_warning",
        "dispute_mediation",
        "joint_activity",
        "mutual_development",
        "cross_province_service",
    )

    name: FileName
    media_type: FileType
    size: Annotated[int, Field(ge=1, le=FILE_MAX_BYTES)]
    """Bytes."""
    sha256: Digest
    note: Note | None = None
