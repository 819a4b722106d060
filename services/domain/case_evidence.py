"""Write and verify the file of a case offline: every event by itself, then the thread, then the story that follows.

Source: docs/mediation.md, section "A case as evidence"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from schemas.case_evidence import CASE_FILE_MAX_BYTES, CASE_HEAD_MAX_BYTES, CaseHead
from schemas.cases import CaseEntry
from schemas.catalogue import parse_received
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, RefRelation
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.governance.mediation import CASE_PREFIX
from services.domain.encoding import compact_json, from_base64url, parse_strict, to_base64url
from services.domain.encryption import read_content
from services.domain.evidence_verifying import Outcome, Verdict, verify_evidence
from services.domain.mediation_acts import entry_of
from services.domain.mediation_door import Carriage, judge_case_event, seen_in
from services.domain.mediation_thread import CaseFile, replay

FORMAT: Final = b'{"format":"sihu-case-evidence"'


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """What the examination of a case's file found.

    Attributes:
        verdicts: Of each evidence file, in the order of the file; empty if its form does not hold.
        fault: Why the file as a whole does not hold; of a single event its verdict says it.
        file: The case as it follows from the contents; None while they are closed, or if anything does not hold.
    """

    outcome: Outcome
    case_id: str
    verdicts: tuple[Verdict, ...] = ()
    fault: Fault | None = None
    file: CaseFile | None = None


def is_case_file(data: bytes) -> bool:
    """Tell whether bytes begin as the file of a case does; nothing is verified."""
    return data.startswith(FORMAT)


def write_case_file(case_id: str, files: Sequence[bytes], keys: Mapping[str, bytes]) -> bytes:
    """Return the file of a case.

    Args:
        case_id: Which.
        files: The evidence file of each event, its one spelling.
        keys: Content keys by envelope id; empty leaves the contents closed.
    """
    spelled = {one: to_base64url(keys[one]) for one in sorted(keys)}
    head = CaseHead(case_id=case_id, count=len(files), keys=spelled)
    return b"\n".join((compact_json(head.model_dump(mode="json")), *files))


def verify_case_file(data: bytes, anchor: str | None, papers: Sequence[SignedDocument] = ()) -> CaseVerdict:
    """Verify the file of a case. Whatever the bytes are, nothing is raised.

    Args:
        data: The whole file.
        anchor: As for ``verify_evidence``.
        papers: As for ``verify_evidence``.
    """
    if len(data) > CASE_FILE_MAX_BYTES:
        return _refused("", Fault("json.too_large", "evidence", f"it has more than {CASE_FILE_MAX_BYTES} bytes"))
    first, *lines = data.split(b"\n")
    head = _head_of(first)
    if isinstance(head, Fault):
        return _refused("", head)
    if head.count != len(lines):
        return _refused(head.case_id, Fault("evidence.not_canonical", "count", "another number of lines follows"))
    verdicts = tuple(verify_evidence(line, anchor, papers) for line in lines)
    outcome = min((one.outcome for one in verdicts), key=_WORST.index)
    if outcome is Outcome.REFUSED:
        return CaseVerdict(outcome, head.case_id, verdicts)
    envelopes = [one.opened.event.envelope for one in verdicts if one.opened is not None]
    fault = _judge_thread(head, envelopes)
    told = None if fault is not None else _told(head, envelopes)
    if isinstance(told, Fault):
        fault, told = told, None
    return CaseVerdict(Outcome.REFUSED if fault else outcome, head.case_id, verdicts, fault, told)


_WORST: Final = (Outcome.REFUSED, Outcome.CONSISTENT, Outcome.HOLDS)


def _refused(case_id: str, fault: Fault) -> CaseVerdict:
    return CaseVerdict(Outcome.REFUSED, case_id, fault=fault)


def _head_of(line: bytes) -> CaseHead | Fault:
    value = parse_strict(line, max_bytes=CASE_HEAD_MAX_BYTES, what="evidence")
    if isinstance(value, Fault):
        return value
    try:
        head = CaseHead.model_validate_json(line)
    except ValidationError as exc:
        return faults_of(exc, "evidence")[0]
    if compact_json(head.model_dump(mode="json")) != line or list(head.keys) != sorted(head.keys):
        return Fault("evidence.not_canonical", "evidence", "the first line is not in its one spelling")
    return head


def _judge_thread(head: CaseHead, envelopes: Sequence[Envelope]) -> Fault | None:
    ids = [one.envelope_id for one in envelopes]
    if len(set(ids)) != len(ids):
        return Fault("evidence.not_canonical", "evidence", "an event stands in the file twice")
    if head.case_id not in ids:
        return Fault("case.entries_missing", head.case_id, "the event that registered the case is not in the file")
    for one in envelopes:
        named = next((ref.id for ref in one.header.refs if ref.rel is RefRelation.CASE), one.envelope_id)
        if not one.header.type.startswith(CASE_PREFIX) or named != head.case_id:
            return Fault("case.stranger", one.envelope_id, "it is no event of this case")
        if missing := sorted(set(seen_in(one.header.refs)) - set(ids)):
            return Fault("case.entries_missing", one.envelope_id, f"it follows {missing[0]}, which is not in the file")
    if strange := sorted(set(head.keys) - set(ids)):
        return Fault("evidence.not_canonical", "keys", f"{strange[0]} is no event of the file")
    return None


def _told(head: CaseHead, envelopes: Iterable[Envelope]) -> CaseFile | Fault | None:
    entries: list[CaseEntry] = []
    for one in envelopes:
        if one.envelope_id not in head.keys and one.header.content.encoding != "none":
            return None  # closed, or erased: who reads it is told no more than the headers say
        entry = _entry(one, from_base64url(head.keys.get(one.envelope_id, "")) or b"")
        if isinstance(entry, Fault):
            return entry
        entries.append(entry)
    return replay(head.case_id, entries)


def _entry(envelope: Envelope, key: bytes) -> CaseEntry | Fault:
    header, content = envelope.header, read_content(envelope, key)
    if content is None:
        return Fault("encryption.content_not_opened", envelope.envelope_id, "its key does not open it")
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    if isinstance(parsed, tuple):
        return parsed[0]
    fault = judge_case_event(parsed.event, Carriage.of(header))
    entry = entry_of(parsed.event, header, envelope.envelope_id)
    if fault is not None or entry is None:
        return fault or Fault("case.stranger", envelope.envelope_id, "it is no event of a case")
    return entry
