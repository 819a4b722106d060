"""``sihu evidence``: one event with everything that proves it, as one file; checked before it is written."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import Fault, RequestError
from schemas.evidence import LINKS_MAX
from services.bootstrap.cli import TRUST_FILES, write_given
from services.cli import output
from services.cli.client import Api, ask
from services.cli.desk import Desk, sure
from services.cli.options import HERE, AsJson, Dir
from services.cli.showing import EventId
from services.cli.verifying import report
from services.domain.evidence_verifying import Verdict, verify_evidence
from services.domain.trust_files import read_pins

OutFile = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here; `-` is standard output.", show_default=False),
]
WithoutContent = Annotated[
    bool, typer.Option("--without-content", help="Leave the content out; its digest stays, signed.")
]
Links = Annotated[int, typer.Option("--links", min=0, max=LINKS_MAX, help="How many links before it, at most.")]


def evidence(
    envelope_id: EventId,
    *,
    out_file: OutFile = None,
    without_content: WithoutContent = False,
    links: Links = 16,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write one event, its registry, agreement, chain and receipts to a file that anybody can verify offline."""

    async def work(api: Api) -> tuple[str, bytes, int]:
        whole = await api.whole_id(envelope_id)
        data = await api.evidence(whole, content=not without_content, links=links)
        return whole, data, len((await api.receipts(whole)).receipts)

    desk = Desk(directory)
    whole, data, receipt_count = ask(desk, work)
    anchor = _own_anchor(desk)
    verdict = _checked(data, anchor)
    if out_file == "-":
        sys.stdout.write(data.decode("ascii"))  # and no line feed: it would be a second spelling
        return
    path = Path(out_file or f"evidence-{output.short(whole)}.json")
    write_given(path, data)
    left_out = receipt_count - len(verdict.receipts)
    if as_json:
        facts = {"file": str(path), "bytes": len(data), "receipts": len(verdict.receipts), "left_out": left_out}
        output.print_json({"envelope_id": whole, **facts, "anchor": anchor})
        return
    output.show(*report(verdict, anchor=anchor))
    if left_out:
        output.show(f"[yellow]{left_out} 份回执收不进同一个文件 receipts cannot stand in one file with this event[/]")
    output.show("文件交给对方，名册摘要另走电话 hand the file over, and read the registry out by telephone")
    output.show(*output.spoken_digest(anchor))
    output.show(f"[bold]已写入 written to[/] {output.plain(str(path))}  {len(data):,} 字节")


def _own_anchor(desk: Desk) -> str:
    pins = sure(read_pins(desk.files.read_all(TRUST_FILES)))
    if not pins:
        raise RequestError(Fault("trust.nothing_pinned", "trust", "no registry is trusted here yet"))
    return pins[min(pins)]


def _checked(data: bytes, anchor: str) -> Verdict:
    verdict = verify_evidence(data, anchor)
    if verdict.failed is not None and verdict.fault is not None:
        mend = f"what this node holds does not prove itself, step {verdict.failed.step}: {verdict.fault.mend}"
        raise RequestError(Fault(verdict.fault.code, verdict.fault.field, mend))
    return verdict
