"""Who released the event of an evidence file: on record at its source, and by an officer's own signature where one is.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Sequence

from pydantic import ValidationError

from schemas.control import ReleaseRecorded
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.faults import faults_of
from services.domain.encoding import parse_strict
from services.domain.evidence_chain import judge_channel
from services.domain.evidence_opening import Part
from services.domain.evidence_receipts import judge_binding
from services.domain.evidence_trust import Lineage
from services.domain.release_records import judge_officers, judge_signed, named_in, signs_twice
from services.domain.sharing import judge_membership


def judge_carried_release(
    part: Part, event: Part, before: Sequence[ReleaseRecorded], lineage: Lineage
) -> ReleaseRecorded | Fault:
    """Judge one record; what comes back says who released the event, and which of them signed that themselves.

    Args:
        part: The record.
        event: What the file is about.
        before: The records before this one that hold.
        lineage: The file's registries.
    """
    header, about = part.envelope.header, event.envelope.header
    if header.type != ReleaseRecorded.wire_type:
        return Fault("release.wrong_type", "header.type", "it is no record of a release")
    fault = (
        lineage.verify(part.envelope)
        or judge_channel(header)
        or judge_membership(lineage.from_version(header.registry)[0], header.source, header.to)
        or _misplaced(part, about)
        or judge_binding(part)
    )
    if fault is not None:
        return fault
    record = read_release(part.envelope.content)
    if isinstance(record, Fault):
        return record
    if record.id != event.envelope.envelope_id:
        return Fault("release.other_event", "content.id", "it is about another event")
    return _judge_officers(record, header, about, before, lineage) or record


def read_release(content: bytes) -> ReleaseRecorded | Fault:
    """Read the content of a record strictly."""
    value = parse_strict(content, max_bytes=len(content), what="content")
    if isinstance(value, Fault):
        return value
    try:
        return ReleaseRecorded.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "content")[0]


def _misplaced(part: Part, about: Header) -> Fault | None:
    header = part.envelope.header
    if header.channel != about.channel:
        return Fault("chain.other_channel", "header.channel", "who released an event is told on its own channel")
    if not part.has_content:
        return Fault("release.detached", "content", "a record without its content names nobody")
    if header.content.encoding != "none":
        return Fault("content.encoding", "content.encoding", "an encrypted record cannot be read here")
    return None


def _judge_officers(
    record: ReleaseRecorded, header: Header, about: Header, before: Sequence[ReleaseRecorded], lineage: Lineage
) -> Fault | None:
    named, *later = lineage.from_version(header.registry)
    found = judge_officers(record, header.source, named)
    if isinstance(found, Fault):
        return found
    if any(isinstance(judge_officers(record, header.source, one), Fault) for one in later):
        return Fault("signature.key_revoked", "content.officers", "a later registry dropped its certifying key")
    told = ((one.mode, named_in(one)) for one in before)
    if signs_twice(record, told) or len({one.public for one in found}) < len(record.officers):
        return Fault("release.same_officer", "content.officers", "two names that are one person are one name")
    return judge_signed(record, header.source, found, about)
