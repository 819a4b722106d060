"""``sihu audit``: what people did in the console, whether the log is whole, and a copy of it for the archive."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.client import PAGE_MAX, Api, ask, json_of
from services.cli.desk import Desk, token_in
from services.cli.options import HERE, AsJson, Dir
from services.gateway.audit_answers import AuditLine, AuditList, AuditState

if TYPE_CHECKING:
    from rich.console import RenderableType

_EXPORT_MAX: Final = 1_000_000
"""Lines of one export."""
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="A token with the scope audit:read."),
]


def audit(
    *,
    token_file: TokenFile = None,
    since: Annotated[int, typer.Option("--since", min=0, help="Only lines behind this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=PAGE_MAX, help="How many at most.")] = 50,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write every line behind --since there, as JSON.")
    ] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List what people did in the console, and check that no line of the log was changed or taken out."""
    token, desk = token_in(token_file), Desk(directory)
    if export is not None:
        found = ask(desk, lambda api: _all(api, since), token=token)
        write_given(export, b"".join(line.model_dump_json().encode() + b"\n" for line in found.lines))
    else:
        found = ask(desk, lambda api: api.audit(since=since, limit=limit), token=token)
    if as_json:
        output.print_json(json_of(found.log if export else found))
        return
    if export is None:
        output.show(_table(found.lines))
    output.show(_said(found.log), *([f"已导出 {len(found.lines)} 条 exported"] if export else []))


async def _all(api: Api, since: int) -> AuditList:
    lines: list[AuditLine] = []
    while len(lines) < _EXPORT_MAX:
        page = await api.audit(since=lines[-1].number if lines else since, limit=PAGE_MAX)
        if not page.lines:
            break
        lines += page.lines
    return AuditList(lines=tuple(lines), log=page.log)


def _table(lines: tuple[AuditLine, ...]) -> "RenderableType":
    rows = [
        (
            str(one.number),
            output.moment(one.at),
            output.plain(one.officer or "–"),
            output.plain(one.act),
            output.plain(one.about[:24]),
            output.plain(one.note),
        )
        for one in lines
    ]
    columns = (">序号", "时间", "人员 who", "事项 act", "对象 about", "*备注 note")
    return output.table("审计记录 audit", *columns, rows=rows, empty="没有 none")


def _said(log: AuditState) -> str:
    if log.holds:
        return (
            f"记录完整 whole: 第 {log.first} 至 {log.last} 条，末条摘要 last digest {log.digest[:16]}，请与上次抄录核对"
        )
    return f"[bold red]第 {log.broken_at} 条起被改动或缺失 changed or missing[/]"
