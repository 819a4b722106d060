"""``sihu verify``: judge an evidence file on any machine, without a node, a network or settings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.base import Status
from schemas.case_evidence import CASE_FILE_MAX_BYTES
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError
from schemas.evidence import CHANGES_MAX
from services.bootstrap.cli import read_bytes
from services.cli import case_reports, forks, output
from services.cli.app import REFUSED
from services.cli.desk import read_document
from services.cli.options import AsJson
from services.domain.case_evidence import is_case_file, verify_case_file
from services.domain.evidence_verifying import LAST_STEP, Finding, KeyInForce, Outcome, Verdict, verify_evidence
from services.domain.fork_files import is_fork_file, verify_fork_file
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

if TYPE_CHECKING:
    from rich.console import RenderableType

EvidenceFile = Annotated[Path, typer.Argument(metavar="FILE", help="As `sihu evidence` or `sihu forks` wrote it.")]
Anchor = Annotated[
    str | None,
    typer.Option(
        "--anchor", metavar="DIGEST", help="Digest of the counties' first registry, as you know it from elsewhere."
    ),
]
PaperFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--papers",
        metavar="FILE",
        help="A later registry, a change of a key, a branch kept or a suspension that you know of besides; repeatable.",
        show_default=False,
    ),
]
_DIGEST_LENGTH: Final = 64
_ENGLISH: Final[Mapping[int, str]] = {
    1: "form",
    2: "registry",
    3: "agreement",
    4: "signature",
    5: "channel",
    6: "content",
    7: "permission",
    8: "chain",
    9: "receipt",
    10: "release",
}
_HOLDS: Final = "[green]✓[/]"
_FAILS: Final = "[bold red]✗[/]"


def verify(file: EvidenceFile, *, anchor: Anchor = None, papers: PaperFiles = None, as_json: AsJson = False) -> None:
    """Verify an evidence file step by step; 0 only if every step holds and the anchor is the file's first registry."""
    known = None if anchor is None else _digest(anchor)
    data = read_bytes(file, what="FILE", max_bytes=CASE_FILE_MAX_BYTES)
    if is_fork_file(data):
        _verify_fork(data, known, as_json=as_json)
        return
    brought = [read_document(one) for one in papers or ()]
    if len(brought) > CHANGES_MAX:
        raise RequestError(Fault("request.too_long", "--papers", f"at most {CHANGES_MAX} documents are taken"))
    if is_case_file(data):
        _verify_case(data, known, brought, as_json=as_json)
        return
    verdict = verify_evidence(data, known, brought)
    if as_json:
        output.print_json(as_value(verdict))
    else:
        output.show(*report(verdict, anchor=known))
    if verdict.outcome is not Outcome.HOLDS:
        raise typer.Exit(REFUSED)


def _verify_fork(data: bytes, anchor: str | None, *, as_json: bool) -> None:
    verdict = verify_fork_file(data, anchor)
    if as_json:
        output.print_json(forks.value_of(verdict))
    else:
        output.show(*forks.report(verdict))
    if verdict.outcome is not Outcome.HOLDS:
        raise typer.Exit(REFUSED)


def _verify_case(data: bytes, anchor: str | None, papers: list[SignedDocument], *, as_json: bool) -> None:
    verdict = verify_case_file(data, anchor, papers)
    if as_json:
        output.print_json(case_reports.value_of(verdict))
    else:
        output.show(*case_reports.report(verdict))
    if verdict.outcome is not Outcome.HOLDS:
        raise typer.Exit(REFUSED)


def _digest(text: str) -> str:
    digest = "".join(text.split()).lower()
    if len(digest) != _DIGEST_LENGTH or set(digest) - set("0123456789abcdef"):
        mend = f"a digest has 64 digits 0-9 and a-f; this one has {len(digest)}"
        raise RequestError(Fault("request.digest", "--anchor", mend))
    return digest


def as_value(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as a JSON value: what `sihu verify --json` prints."""
    failed, fault = verdict.failed, verdict.fault
    event = verdict.opened.event.envelope if verdict.opened else None
    return {
        "outcome": verdict.outcome.value,
        "step": failed.step if failed else None,
        "code": fault.code if fault else None,
        "field": fault.field if fault else None,
        "means": fault.mend if fault else None,
        "anchor": verdict.lineage.anchor if verdict.lineage else None,
        "envelope_id": event.envelope_id if event else None,
        "source": event.header.source if event else None,
        "type": event.header.type if event else None,
        "time": output.wire_time(event.header.time) if event else None,
        "as_of": _as_of(verdict),
        "keys": [_key_value(one) for one in verdict.keys] if verdict.lineage else None,
        "steps": [_step_value(one) for one in verdict.findings],
    }


def _as_of(verdict: Verdict) -> dict[str, object] | None:
    if verdict.lineage is None:
        return None
    count, until = len(verdict.lineage.known.adopted), verdict.lineage.as_of
    return {"registry": verdict.lineage.newest, "documents": count, "issued_at": output.wire_time(until)}


def _key_value(one: KeyInForce) -> dict[str, object]:
    word = "revoked" if one.revoked else "rotated"
    return {"kid": one.kid, "ended": word if one.has_ended else None, "last": one.last.seq if one.last else None}


def _step_value(finding: Finding) -> dict[str, object]:
    found: dict[str, object] = {"step": finding.step, "holds": finding.fault is None}
    if finding.place is not None:
        found["receipt" if finding.step < LAST_STEP else "release"] = finding.place
    if finding.fault is not None:
        found |= {"code": finding.fault.code, "field": finding.fault.field, "means": finding.fault.mend}
    if finding.receipt is not None:
        found |= {"receiver": finding.receipt.receiver, "stage": finding.receipt.stage.value}
    if finding.release is not None:
        officers = [{"officer": one.officer, "own": one.own is not None} for one in finding.release.officers]
        found |= {"mode": finding.release.mode.value, "officers": officers}
    return found


def report(verdict: Verdict, *, anchor: str | None) -> Iterator["RenderableType"]:
    """Say for people what was found: the event, one row a step, and what may be concluded."""
    yield from _head(verdict)
    rows = [
        (step_number(one), _title(one.step), _FAILS if one.fault else _HOLDS, _says(one, verdict))
        for one in verdict.findings
    ]
    rows += [(str(step), _title(step), "[dim]–[/]", "[dim]未查 not reached[/]") for step in unreached(verdict)]
    yield output.table("逐步检验 verification", ">步", "检查 what", "", "*说明", rows=rows)
    yield from _conclusion(verdict, anchor)


def _title(step: int) -> str:
    return f"{STEPS[step]} {_ENGLISH[step]}"


def _head(verdict: Verdict) -> Iterator[str]:
    if verdict.opened is None:
        return
    envelope = verdict.opened.event.envelope
    header = envelope.header
    drill = {Status.EXERCISE: "【演练】", Status.TEST: "【测试】", Status.SYSTEM: "【系统】"}.get(header.status, "")
    readable = header.content.encoding == "none" and verdict.opened.event.has_content
    title = headline_of(envelope.content) if readable else ""
    yield f"[bold]{drill}{output.plain(title)}[/]" if title else f"[bold]{drill}{output.type_title(header.type)}[/]"
    if title:
        yield output.type_title(header.type)
    yield f"由 from   {output.county(header.source)}"
    yield f"至 to     {output.counties(header.to, most=12)}"
    yield f"时间 time {output.wire_time(header.time)}"
    yield f"编号 id   {envelope.envelope_id}"


def _says(finding: Finding, verdict: Verdict) -> str:
    if finding.fault is not None:
        return f"[red]{meaning_of(finding.fault.code)} {output.plain(str(finding.fault))}[/]"
    return output.plain(told_of_step(finding, verdict))


def _conclusion(verdict: Verdict, anchor: str | None) -> Iterator["RenderableType"]:
    if papers := told_of_papers(verdict):
        yield f"{papers} as far as these papers go"
        yield "[dim]此后的吊销不在其中，索取后用 --papers 带上 later revocations are not among them: bring them[/]"
    if verdict.outcome is Outcome.HOLDS:
        said = f"[bold green]{OUTCOMES[verdict.outcome]} HOLDS[/] {CONCLUSIONS[verdict.outcome]}"
        yield f"{said} every step holds, from the given registry on"
    elif verdict.failed is not None:
        step = step_number(verdict.failed)
        yield f"[bold red]{OUTCOMES[verdict.outcome]} REFUSED[/] 第 {step} 步不成立 step {step} does not hold"
    elif anchor is None:
        said = f"[bold yellow]{OUTCOMES[verdict.outcome]} consistent, NOT trusted[/] {CONCLUSIONS[verdict.outcome]}"
        yield f"{said} so is a wholly forged world"
        if verdict.lineage is not None:
            yield "与另一成员电话核对后，用 --anchor 再验一次 compare with another member, then give it as --anchor"
            yield from output.spoken_digest(verdict.lineage.anchor)
