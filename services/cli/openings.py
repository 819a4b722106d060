"""``sihu openings``: who was shown personal content, and whether the log of it is whole; for the auditor."""

from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.custody import OpeningReason
from services.cli import output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk, token_in
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import OpeningList

REASONS: Final = {
    OpeningReason.HANDLING: "办理",
    OpeningReason.ANSWERING: "答复",
    OpeningReason.REVIEW: "审核",
    OpeningReason.SUBJECT_REQUEST: "本人查询",
}
Event = Annotated[str | None, typer.Argument(metavar="ID", help="Of one event, whole; of every one if left out.")]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="A token with the scope openings:read."),
]


def openings(
    envelope_id: Event = None,
    *,
    token_file: TokenFile = None,
    since: Annotated[int, typer.Option("--since", min=0, help="Only rows behind this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List who was shown personal content, when and why, and check that no row of the log was changed or taken out."""

    async def work(api: Api) -> OpeningList:
        return await api.openings(envelope_id, since=since, limit=limit)

    found = ask(Desk(directory), work, token=token_in(token_file))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            str(one.number),
            output.moment(one.opened_at),
            output.plain(one.officer or one.access),
            REASONS[one.reason],
            output.short(one.envelope_id),
        )
        for one in found.openings
    ]
    columns = (">序号", "时间", "*人员或令牌 who", "事由 why", "编号 event")
    output.show(output.table("查阅记录 openings", *columns, rows=rows, empty="没有 none"))
    log = found.log
    if log.holds:
        output.show(f"记录完整 whole: 共 {log.count} 条，末条摘要 last digest {log.digest[:16]}，请与上次抄录核对")
    else:
        output.show(f"[bold red]第 {log.broken_at} 条起被改动或缺失 changed or missing[/]")
