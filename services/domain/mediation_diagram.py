"""The transition table as a diagram and a table for docs/mediation.md.

Source: services/domain/mediation.py
"""

from collections import defaultdict
from collections.abc import Iterator

from schemas.cases import CaseAct, CaseStage
from services.domain.mediation import GATES, TABLE


def diagram() -> str:
    """Return a state diagram (Mermaid) of every act that moves a case; those that leave it where it is are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {CaseStage.REGISTERED}: registered", *_moves()]
    return "\n".join([*lines, f"    {CaseStage.ARCHIVED} --> [*]"])


def _moves() -> Iterator[str]:
    names: dict[tuple[CaseStage, CaseStage], list[str]] = defaultdict(list)
    for act, row in TABLE.items():
        for stage, to in row.items():
            if stage is not to and stage is not CaseStage.DRAFTED:
                names[stage, to].append(f"{act}*" if act in GATES else str(act))
    order = list(CaseStage)
    for stage, to in sorted(names, key=lambda pair: (order.index(pair[0]), order.index(pair[1]))):
        yield f"    {stage} --> {to}: {', '.join(names[stage, to])}"
    yield f"    {CaseStage.SUSPENDED} --> {CaseStage.SUSPENDED}: {CaseAct.RESUMED} leads back to where it stood"


def acts_table() -> str:
    """Return a Markdown table: every act, where it can happen, and where it leads."""
    lines = ["| act | gate | when the case is | then |", "|---|---|---|---|"]
    for act, row in TABLE.items():
        targets = sorted({to.value for stage, to in row.items() if to is not stage})
        then = ", ".join(f"`{one}`" for one in targets) or "as it was"
        if act is CaseAct.RESUMED:
            then = "where it stood"
        places = ", ".join(f"`{one.value}`" for one in row)
        lines.append(f"| `{act.value}` | {'yes' if act in GATES else ''} | {places} | {then} |")
    return "\n".join(lines)
