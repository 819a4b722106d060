"""``sihu forks``: counties that told two stories, and each proof as a file that verifies alone."""

from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.completeness import ForkEvidence
from schemas.errors import Fault, NotFoundError
from services.bootstrap.cli import open_directory, write_given
from services.bootstrap.keys import kept_forks
from services.cli import output
from services.cli.desk import Desk, sure
from services.cli.options import HERE, AsJson, Dir
from services.domain.fork_files import ForkVerdict, write_fork

Channel = Annotated[
    str | None, typer.Argument(metavar="CHANNEL", help="Its first characters will do; all are listed if left out.")
]
OutFile = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the proof to this file.")]


def forks(channel: Channel = None, *, out_file: OutFile = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List proved forks, or write one proof for `sihu verify`; works when the node is down."""
    desk = Desk(directory)
    found = [one for one in kept_forks(desk.settings) if one.channel.startswith((channel or "").lower())]
    if out_file is None:
        _show(found, as_json=as_json)
        return
    if len(found) != 1:
        mend = f"{len(found)} proved forks fit; name one by the first characters of its channel"
        raise NotFoundError(Fault("request.not_found", "CHANNEL", mend))
    papers = open_directory(desk.settings.directory, monotonic=lambda: 0.0).papers()
    data = sure(write_fork(found[0], papers))
    write_given(out_file, data)
    if as_json:
        output.print_json(_facts(found[0]) | {"file": str(out_file), "bytes": len(data)})
        return
    output.show(f"[bold]已写入 written to[/] {output.plain(str(out_file))}  {len(data):,} 字节")


def _show(found: list[ForkEvidence], *, as_json: bool) -> None:
    if as_json:
        output.print_json({"forks": [_facts(one) for one in found]})
        return
    rows = [(output.county(one.source), one.channel[:16], one.epoch, output.moment(one.found_at)) for one in found]
    columns = ("县 county", "通道 channel", "纪元 epoch", "发现 found")
    output.show(output.table("分叉证明 proofs of forks", *columns, rows=rows, empty="没有 none"))


def _facts(one: ForkEvidence) -> dict[str, Any]:
    ids = [one.first.envelope_id, one.second.envelope_id]
    return {"county": one.source, "channel": one.channel, "epoch": one.epoch, "ids": ids}


def value_of(verdict: ForkVerdict) -> dict[str, Any]:
    """Return a verdict as a JSON value: what `sihu verify --json` prints of a fork file."""
    first, second, fault = verdict.first, verdict.second, verdict.fault
    return {
        "outcome": verdict.outcome.value,
        "step": verdict.step,
        "code": fault.code if fault else None,
        "field": fault.field if fault else None,
        "means": fault.mend if fault else None,
        "anchor": verdict.anchor,
        "source": first.header.source if first else None,
        "channel": first.header.channel if first else None,
        "epoch": first.header.epoch if first else None,
        "seq": second.header.seq if second else None,
        "ids": [first.envelope_id, second.envelope_id] if first and second else None,
    }


def report(verdict: ForkVerdict) -> list[str]:
    """Say for people what was found."""
    lines = []
    if verdict.first and verdict.second:
        one, other = verdict.first.header, verdict.second.header
        lines.append(f"[bold]{output.county(one.source)}[/] 通道 channel {one.channel[:16]}… 第 {other.seq} 条")
        lines += [f"  {link.envelope_id}" for link in (verdict.first, verdict.second)]
    if verdict.fault is not None:
        lines.append(f"[bold red]{verdict.outcome.value}[/] {output.plain(verdict.fault.mend)} [{verdict.fault.code}]")
    else:
        lines.append("[green]✓[/] 两条互相矛盾，均由该县签名 both were signed, and both cannot be true")
    return lines
