"""What is said of the file of a case that was verified: for people, and as a JSON value."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from services.cli import output
from services.domain.case_evidence import CaseVerdict
from services.domain.case_words import CONFIRMATIONS, STAGES, reason
from services.domain.evidence_verifying import Outcome, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType


def value_of(verdict: CaseVerdict) -> dict[str, object]:
    """Return a verdict as `sihu verify --json` prints it."""
    state = verdict.file.state if verdict.file else None
    return {
        "outcome": verdict.outcome.value,
        "case_id": verdict.case_id,
        "code": verdict.fault.code if verdict.fault else None,
        "field": verdict.fault.field if verdict.fault else None,
        "means": verdict.fault.mend if verdict.fault else None,
        "stage": state.stage.value if state else None,
        "confirmation": state.confirmation.value if state else None,
        "agreement_digest": state.draft if state else None,
        "events": [_event_value(one) for one in verdict.verdicts],
    }


def _event_value(one: Verdict) -> dict[str, object]:
    envelope = one.opened.event.envelope if one.opened else None
    return {
        "envelope_id": envelope.envelope_id if envelope else None,
        "type": envelope.header.type if envelope else None,
        "source": envelope.header.source if envelope else None,
        "outcome": one.outcome.value,
        "code": one.fault.code if one.fault else None,
    }


def report(verdict: CaseVerdict) -> Iterator["RenderableType"]:
    """Say for people what was found."""
    yield f"案件 case {verdict.case_id}"
    told = {one.entry.envelope_id: one for one in verdict.file.story} if verdict.file else {}
    rows = []
    for one in verdict.verdicts:
        envelope = one.opened.event.envelope if one.opened else None
        judged = told.get(envelope.envelope_id) if envelope else None
        rows.append(
            (
                output.short(envelope.envelope_id) if envelope else "–",
                output.county(envelope.header.source) if envelope else "–",
                output.type_zh(envelope.header.type) if envelope else "–",
                "[green]✓[/]" if one.failed is None else f"[bold red]✗[/] {one.fault.code if one.fault else ''}",
                "–" if judged is None else (reason(judged.fault.code) if judged.fault else "有效"),
            )
        )
    yield output.table("各件 events", "编号", "县", "事项", "证明", "*效力", rows=rows)
    if verdict.file is not None:
        state = verdict.file.state
        yield f"状态 {STAGES[state.stage]}　司法确认 {CONFIRMATIONS[state.confirmation]}"
        if state.draft is not None:
            yield f"协议摘要 agreement digest {state.draft}"
    elif verdict.fault is None:
        yield "内容未附密钥，只验证签名和先后 contents stay closed: signatures and thread were verified"
    if verdict.fault is not None:
        yield f"[red]{output.plain(str(verdict.fault))}[/]"
    words = {
        Outcome.HOLDS: "[bold green]有效 HOLDS[/]",
        Outcome.CONSISTENT: "[bold yellow]自洽但不可信 consistent, NOT trusted[/] 请用 --anchor 再验",
        Outcome.REFUSED: "[bold red]无效 REFUSED[/]",
    }
    yield words[verdict.outcome]
