"""``sihu agreement``: who may send what to whom, from a draft to a document that every party signed."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.agreements import Agreement, Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.registry import KeyUse, Registry
from services.bootstrap.cli import read_bytes
from services.cli import output
from services.cli.desk import Desk, read_document, sure, write_document
from services.cli.options import HERE, AsJson, Dir, OutputFile, PassphraseFile
from services.cli.suspending import suspend
from services.domain.agreement_adopting import collected_here, judge_adoption
from services.domain.agreement_copies import Flaw, WrongSignature
from services.domain.agreement_drafts import (
    DRAFT_MAX_BYTES,
    judge_draft,
    judge_members,
    judge_party,
    read_draft,
    unsigned,
)
from services.domain.documents import document_digest, open_payload
from services.domain.governance import signing_members
from services.domain.trust_files import agreement_file

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(help="Agreements 协作协议: who may send what to whom, until when.", pretty_exceptions_enable=False)

app.command()(suspend)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The agreement's file.")]
_FLAWS = {
    Flaw.BROKEN: "签名与内容不符 the signature does not hold",
    Flaw.STRANGER: "名册里没有这把治理钥匙 the registry knows no such governance key",
    Flaw.NOT_PARTY: "不是协议的一方 no party",
}


@app.command()
def propose(
    *,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="The draft: TOML, or JSON.")],
    output_file: OutputFile,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Fix a draft as a document to be signed. Its parties must be members of the trusted registry."""
    trust = Desk(directory).loaded_trust().trust
    agreement = _read_draft(file)
    if faults := judge_draft(agreement, trust):
        raise RequestError(*faults)
    document = unsigned(agreement)
    write_document(output_file, document)
    _report(output_file, document, agreement, trust.registry, as_json=as_json)


@app.command()
def sign(file: File, *, directory: Dir = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Sign an agreement with this county's governance key; the file gets one more signature."""
    desk = Desk(directory, passphrase_file)
    registry = desk.loaded_trust().trust.registry
    document = read_document(file)
    agreement = _opened(document)
    fault = judge_members(agreement, registry) or judge_party(agreement, desk.settings.county)
    if fault is not None:
        raise RequestError(fault)
    document = desk.signed(document, KeyUse.GOVERNANCE)
    write_document(file, document)
    _report(file, document, agreement, registry, as_json=as_json)


@app.command()
def assemble(
    file: File,
    signed: Annotated[list[Path], typer.Argument(metavar="SIGNED...", help="Copies that others signed.")],
    *,
    output_file: OutputFile,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Collect the signatures of several copies of one agreement; those that do not hold are named and left out."""
    trust = Desk(directory).loaded_trust().trust
    found = sure(collected_here([read_document(file), *(read_document(path) for path in signed)], trust))
    write_document(output_file, found.document)
    if not as_json:
        output.show(*(_wrong(one) for one in found.wrong))
    _report(output_file, found.document, found.agreement, trust.registry, as_json=as_json)


@app.command()
def adopt(file: File, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Install an agreement that every party signed; from then on it permits."""
    desk = Desk(directory)
    document, county = read_document(file), desk.settings.county
    done = sure(desk.trust_folder.put(lambda files: judge_adoption([document], files, county)))
    registry = desk.loaded_trust().trust.registry
    _report(desk.directory / done.name, done.document, done.in_force.agreement, registry, as_json=as_json)


@app.command("list")
def list_(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the agreements adopted here, and the files that do not count."""
    desk = Desk(directory)
    loaded = desk.loaded_trust()
    held = sorted(loaded.trust.by_reference.values(), key=lambda one: (one.agreement.id, one.agreement.version))
    if as_json:
        agreements = [_facts(one.agreement, one.reference.rpartition(":")[2]) for one in held]
        left_out = [{"code": one.code, "field": one.field, "mend": one.mend} for one in loaded.left_out]
        output.print_json({"agreements": agreements, "left_out": left_out})
        return
    now = desk.now()
    rows = [
        (
            f"{one.agreement.id}@{one.agreement.version}",
            output.plain(one.agreement.title),
            output.counties(one.agreement.parties),
            output.until(one.agreement.valid_until, now),
        )
        for one in held
    ]
    columns = ("协议 agreement", "*名称 title", "各方 parties", "有效至 until")
    empty = "none yet: `sihu agreement adopt FILE` installs one that every party signed"
    output.show(
        output.table("协作协议 agreements", *columns, rows=rows, empty=empty),
        *(f"[red]不算数 does not count[/]  {output.plain(str(fault))}" for fault in loaded.left_out),
    )


@app.command()
def show(
    which: Annotated[str, typer.Argument(metavar="ID|FILE", help="An adopted agreement's id, or a file.")],
    *,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show an agreement: its digest, what it permits, and who signed."""
    desk = Desk(directory)
    trust = desk.loaded_trust().trust
    adopted = trust.agreement(which)
    file = Path(which)
    if adopted is not None:
        file = desk.directory / agreement_file(which, adopted.agreement.version)
    elif not file.exists():
        mend = "no such agreement is adopted here, and no such file; `sihu agreement list` names them"
        raise NotFoundError(Fault("request.not_found", which, mend))
    document = read_document(file)
    _report(file, document, _opened(document), trust.registry, as_json=as_json)


def _read_draft(path: Path) -> Agreement:
    data = read_bytes(path, what=path.name, max_bytes=DRAFT_MAX_BYTES)
    if path.suffix == ".toml":
        data = _json_of_toml(data, path)
    agreement = read_draft(data, what=path.name)
    if isinstance(agreement, tuple):
        raise RequestError(*agreement)
    return agreement


def _json_of_toml(data: bytes, path: Path) -> bytes:
    def spelled(value: Any) -> str:  # noqa: ANN401 - whatever TOML has and JSON has not
        if isinstance(value, datetime | date):
            return value.isoformat()
        raise RequestError(Fault("draft.wrong_type", path.name, f"write {value!r} as a string"))

    try:
        return json.dumps(tomllib.loads(data.decode()), ensure_ascii=False, default=spelled).encode()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise RequestError(Fault("draft.malformed", path.name, f"it is not valid TOML: {exc}")) from exc


def _opened(document: SignedDocument) -> Agreement:
    return sure(open_payload(document, PayloadType.AGREEMENT, Agreement))


def _wrong(one: WrongSignature) -> str:
    whose = "" if one.county is None else f"{output.county(one.county)} "
    return f"[red]不算数 does not count[/]  {whose}{one.kid} {_FLAWS[one.flaw]}"


def _facts(agreement: Agreement, digest: str) -> dict[str, Any]:
    return {"digest": digest, **agreement.model_dump(mode="json")}


def _report(file: Path, document: SignedDocument, agreement: Agreement, registry: Registry, *, as_json: bool) -> None:
    digest = document_digest(document)
    signed = sorted(signing_members(document, registry) & set(agreement.parties))
    if as_json:
        output.print_json({"file": str(file), "signed": signed, **_facts(agreement, digest)})
        return
    parties = [
        (output.county(party), output.SIGNED if party in signed else output.NOT_SIGNED) for party in agreement.parties
    ]
    grants = [(_types(grant), _named(grant.sources), _named(grant.recipients)) for grant in agreement.grants]
    output.show(
        f"[bold]{output.plain(agreement.title)}[/]  {agreement.id}@{agreement.version}",
        f"有效 valid      {output.day(agreement.valid_from)} – {output.day(agreement.valid_until)}",
        f"密级上限 class  {agreement.class_ceiling}；用途 purposes {'、'.join(agreement.purposes)}",
        output.table("许可 grants", "*类型 types", "由 from", "至 to", rows=grants),
        *_quotas(agreement),
        output.table("各方 parties", "县 county", "签名 signed", rows=parties),
        f"文件 file       {output.plain(str(file))}",
        *output.spoken_digest(digest),
    )


def _quotas(agreement: Agreement) -> "Iterator[RenderableType]":
    if not agreement.quotas:
        return
    rows = [
        (
            output.county(quota.county) if quota.county else "其余各方，各自 every other party for itself",
            f"{quota.events_per_hour:,}",
            "不限 any" if quota.bytes_per_hour is None else f"{quota.bytes_per_hour:,}",
        )
        for quota in agreement.quotas
    ]
    yield output.table("配额 quotas", "县 county", "每小时 events an hour", "字节 bytes an hour", rows=rows)


def _types(grant: Grant) -> str:
    return "\n".join(output.type_title(wire_type) for wire_type in grant.types)


def _named(counties: tuple[str, ...] | None) -> str:
    return "各方 every party" if counties is None else output.counties(counties)
