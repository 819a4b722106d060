"""核验与审计: an evidence file judged step by step, and who was shown personal content."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from schemas.case_evidence import CASE_FILE_MAX_BYTES
from schemas.documents import SignedDocument
from schemas.errors import Fault, UnavailableError
from services.console.navigation import AUDITORS, EVERYBODY, LOG_READERS
from services.console.visit import Page, Visit
from services.domain import case_words
from services.domain.case_evidence import CaseVerdict, is_case_file, verify_case_file
from services.domain.documents import read_file, spoken
from services.domain.evidence_verifying import Outcome, Verdict, verify_evidence
from services.domain.fork_files import ForkVerdict, is_fork_file, verify_fork_file
from services.domain.reading import headline_of
from services.domain.verdict_words import (
    CONCLUSIONS,
    OUTCOMES,
    STEPS,
    meaning_of,
    step_number,
    told_of_papers,
    told_of_step,
    unreached,
)
from services.gateway.answers import OpeningList

_PAPERS: Final = ("paper1", "paper2", "paper3")
_LABELS: Final[Mapping[str, str]] = {
    "anchor": "起点名册的摘要",
    "file": "证据文件",
    **{name: f"另带文件 {number}" for number, name in enumerate(_PAPERS, 1)},
}
_PAPERS_MAX_BYTES: Final = 1024 * 1024
_DIGITS: Final = 64
_SHOWN: Final = 200
_TAGS: Final[Mapping[Outcome, str]] = {
    Outcome.HOLDS: "good",
    Outcome.CONSISTENT: "warn",
    Outcome.REFUSED: "bad",
}


@dataclass(frozen=True, slots=True)
class StepShown:
    """One row of the verdict; ``holds`` is None for a step that was not reached."""

    number: str
    title: str
    holds: bool | None
    text: str
    code: str = ""


Judged = Verdict | CaseVerdict | ForkVerdict


@dataclass(slots=True)
class Bench:
    """Where files are judged: few at once, for each takes a processor and the memory of its file.

    Attributes:
        busy: How many are being judged now.
    """

    most: int = 2
    busy: int = 0

    async def judge(self, data: bytes, anchor: str | None, papers: list[SignedDocument]) -> Judged:
        """Judge a file in a thread: a case's thousands of signatures must not hold up an alert.

        Raises:
            UnavailableError: Others are at it.
        """
        if self.busy >= self.most:
            raise UnavailableError("other files are being verified")
        self.busy += 1
        try:
            return await asyncio.to_thread(_judge, data, anchor, papers)
        finally:
            self.busy -= 1


_BENCH: Final = Bench()


async def audit(visit: Visit) -> web.StreamResponse:
    """Offer what can be verified and looked up here."""
    return _asked(visit)


def _asked(visit: Visit, faults: tuple[Fault, ...] = (), anchor: str = "") -> web.StreamResponse:
    values = {
        "faults": faults,
        "anchor": anchor,
        "most": CASE_FILE_MAX_BYTES // 1024 // 1024,
        "papers": _PAPERS,
        "labels": _LABELS,
        "may_see_openings": visit.visitor.is_any(AUDITORS),
        "may_see_log": visit.visitor.is_any(LOG_READERS),
    }
    return visit.render("audit.html", values, 422 if faults else 200)


async def verify(visit: Visit) -> web.StreamResponse:
    """Judge a file that was handed in, as `sihu verify` does; nothing of it is kept."""
    typed = visit.form.get("anchor")
    anchor = _digest_of(typed) if typed else None
    file = visit.files.get("file")
    papers = _papers_of(visit)
    faults = [one for one in (anchor, papers) if isinstance(one, Fault)]
    if file is None or not file.data:
        faults.append(Fault("request.missing_field", "file", "choose the evidence file to be verified"))
    if faults or file is None or isinstance(anchor, Fault) or isinstance(papers, Fault):
        return _asked(visit, tuple(faults), typed)
    judged = await _BENCH.judge(file.data, anchor, papers)
    values = {
        "file": file,
        "judged": judged,
        "outcome": OUTCOMES[judged.outcome],
        "conclusion": CONCLUSIONS[judged.outcome],
        "tag": _TAGS[judged.outcome],
        "trusted": judged.outcome is Outcome.HOLDS,
        "consistent": judged.outcome is Outcome.CONSISTENT,
        "meaning_of": meaning_of,
        **_told(judged),
    }
    return visit.render("verdict.html", values)


def _judge(data: bytes, anchor: str | None, papers: list[SignedDocument]) -> Judged:
    if is_fork_file(data):
        return verify_fork_file(data, anchor)
    if is_case_file(data):
        return verify_case_file(data, anchor, papers)
    return verify_evidence(data, anchor, papers)


def _digest_of(text: str) -> str | Fault:
    digest = "".join(text.split()).lower()
    if len(digest) != _DIGITS or set(digest) - set("0123456789abcdef"):
        return Fault("request.digest", "anchor", f"a digest has 64 digits 0-9 and a-f; this one has {len(digest)}")
    return digest


def _papers_of(visit: Visit) -> list[SignedDocument] | Fault:
    found = []
    for name in _PAPERS:
        paper = visit.files.get(name)
        if paper is None or not paper.data:
            continue
        document = read_file(paper.data)
        if isinstance(document, Fault):
            return Fault(document.code, name, document.mend)
        found.append(document)
    return found


def _told(judged: Judged) -> dict[str, object]:
    match judged:
        case Verdict():
            return {"kind": "event", **_of_event(judged)}
        case CaseVerdict():
            return {"kind": "case", "rows": list(_of_case(judged)), "words": case_words, "anchor": ""}
        case ForkVerdict():
            return {"kind": "fork", "anchor": spoken(judged.anchor) if judged.anchor else ""}


def _of_event(verdict: Verdict) -> dict[str, object]:
    envelope = verdict.opened.event.envelope if verdict.opened else None
    readable = envelope is not None and envelope.header.content.encoding == "none"
    has_content = verdict.opened is not None and verdict.opened.event.has_content
    return {
        "envelope": envelope,
        "headline": headline_of(envelope.content) if envelope and readable and has_content else "",
        "steps": list(_steps(verdict)),
        "papers": told_of_papers(verdict),
        "anchor": spoken(verdict.lineage.anchor) if verdict.lineage else "",
    }


def _steps(verdict: Verdict) -> Iterator[StepShown]:
    for one in verdict.findings:
        number, title = step_number(one), STEPS[one.step]
        if one.fault is None:
            yield StepShown(number, title, holds=True, text=told_of_step(one, verdict))
        else:
            said = meaning_of(one.fault.code) or one.fault.mend
            yield StepShown(number, title, holds=False, text=said, code=one.fault.code)
    for step in unreached(verdict):
        yield StepShown(str(step), STEPS[step], holds=None, text="")


def _of_case(verdict: CaseVerdict) -> Iterator[dict[str, object]]:
    told = {one.entry.envelope_id: one for one in verdict.file.story} if verdict.file else {}
    for one in verdict.verdicts:
        envelope = one.opened.event.envelope if one.opened else None
        entry = told.get(envelope.envelope_id) if envelope else None
        effect = "—" if entry is None else case_words.reason(entry.fault.code) if entry.fault else "有效"
        yield {"envelope": envelope, "holds": one.failed is None, "fault": one.fault, "effect": effect}


async def openings(visit: Visit) -> web.StreamResponse:
    """List who was shown personal content, when and why, and whether the log is whole."""
    since = visit.query("since")
    found = await visit.api.ask("list_openings", OpeningList, query={"since": since, "limit": _SHOWN})
    last = found.openings[-1].number if len(found.openings) == _SHOWN else None
    values = {
        "found": found,
        "spoken": spoken,
        "next_path": f"?since={last}" if last else None,
        "first_path": visit.request.path if since else None,
    }
    return visit.render("openings.html", values)


AUDIT: Final = (
    Page("GET", "/audit", "audit", "核验与审计", audit, EVERYBODY, "audit"),
    Page(
        "POST",
        "/audit/verification",
        "verify",
        "核验结果",
        verify,
        EVERYBODY,
        "audit",
        upload_max=CASE_FILE_MAX_BYTES + len(_PAPERS) * _PAPERS_MAX_BYTES,
    ),
    Page("GET", "/audit/openings", "openings", "打开记录", openings, AUDITORS, "audit"),
)
