"""``sihu registry``: the signed document of members and keys, from cards to trust."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault, RequestError
from schemas.registry import KeyUse, Registry
from services.cli import output
from services.cli.desk import Desk, document_bytes, read_document, sure, write_document
from services.cli.options import HERE, AsJson, Dir, OutputFile, PassphraseFile
from services.domain.ceremony import lists_us_truly, next_registry
from services.domain.documents import document_digest, draft, merge_signatures, open_payload
from services.domain.governance import judge_card, judge_registry, signing_members
from services.domain.trust import Trust
from services.domain.trust_files import PINS_FILE, registry_file

app = typer.Typer(help="The registry 名册: who is a member, by which keys.", pretty_exceptions_enable=False)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The registry's file.")]
_DIGEST_LENGTH: Final = 64


@app.command()
def propose(
    cards: Annotated[list[Path], typer.Argument(metavar="CARD...", help="Member cards, one file each.")],
    *,
    threshold: Annotated[int, typer.Option("--threshold", help="How many members must sign.")],
    output_file: OutputFile,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long it is valid.")] = 365,
    remove: Annotated[list[str] | None, typer.Option(metavar="COUNTY", help="A county that leaves.")] = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Put cards together into a registry to be signed: version 1, or the one after what --dir trusts."""
    desk = Desk(directory)
    now = desk.now()
    registry = sure(
        next_registry(
            [sure(judge_card(read_document(path))).member for path in cards],
            threshold=threshold,
            issued_at=now,
            expires_at=now + timedelta(days=days),
            trusted=_trusted(desk),
            removed=frozenset(remove or ()),
        )
    )
    document = draft(PayloadType.REGISTRY, registry)
    write_document(output_file, document)
    _report(output_file, document, registry, as_json=as_json)


@app.command()
def sign(file: File, *, directory: Dir = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Sign a registry with this county's governance key; the file gets one more signature."""
    desk = Desk(directory, passphrase_file)
    document = read_document(file)
    registry = _opened(document)
    _refuse(lists_us_truly(registry, desk.card.member))
    document = desk.signed(document, KeyUse.GOVERNANCE)
    write_document(file, document)
    _report(file, document, registry, as_json=as_json)


@app.command()
def assemble(
    file: File,
    signed: Annotated[list[Path], typer.Argument(metavar="SIGNED...", help="Copies that others signed.")],
    *,
    output_file: OutputFile,
    as_json: AsJson = False,
) -> None:
    """Collect the signatures of several copies of one registry."""
    document = sure(merge_signatures(read_document(file), *(read_document(path) for path in signed)))
    registry = _opened(document)
    write_document(output_file, document)
    _report(output_file, document, registry, as_json=as_json)


@app.command()
def show(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="What --dir trusts, if left out.")] = None,
    *,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a registry: its digest to be read out, its members, and who signed."""
    if file is None:
        desk = Desk(directory)
        file = desk.directory / registry_file(desk.loaded_trust().trust.registry.version)
    document = read_document(file)
    _report(file, document, _opened(document), as_json=as_json)


@app.command()
def trust(
    digest: Annotated[list[str], typer.Argument(metavar="DIGEST", help="As heard on the telephone; blanks are fine.")],
    *,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="The registry with its signatures.")],
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Pin a registry by the digest that another member read out, and install it here."""
    desk = Desk(directory)
    document = read_document(file)
    heard = _heard(digest)
    _compare(document, heard)
    registry = sure(judge_registry(document, pinned=heard, previous=_trusted(desk)))
    _refuse(lists_us_truly(registry, desk.card.member))
    # The file first: a pin without its registry would stop the node, a registry without its pin harms nobody.
    desk.files.write(registry_file(registry.version), document_bytes(document))
    _pin(desk, registry.version, heard)
    _report(file, document, registry, as_json=as_json)


def _refuse(fault: Fault | None) -> None:
    if fault is not None:
        raise RequestError(fault)


def _trusted(desk: Desk) -> Trust | None:
    return desk.loaded_trust().trust if desk.files.exists(PINS_FILE) else None


def _opened(document: SignedDocument) -> Registry:
    return sure(open_payload(document, PayloadType.REGISTRY, Registry))


def _heard(words: list[str]) -> str:
    digest = "".join("".join(words).split()).lower()
    if len(digest) != _DIGEST_LENGTH or set(digest) - set("0123456789abcdef"):
        mend = f"a digest has 64 digits 0-9 and a-f in 16 groups of four; this one has {len(digest)}"
        raise RequestError(Fault("request.digest", "DIGEST", mend))
    return digest


def _compare(document: SignedDocument, heard: str) -> None:
    if document_digest(document) != heard:
        mend = "the file is not the registry that was read out; compare group by group, and ask for the right file"
        raise RequestError(Fault("registry.not_pinned", "DIGEST", mend))


def _pin(desk: Desk, version: int, digest: str) -> None:
    def edit(old: bytes | None) -> bytes:
        pins = json.loads(old) if old else {}
        return json.dumps(pins | {str(version): digest}, indent=1).encode() + b"\n"

    desk.files.change(PINS_FILE, edit)


def _report(file: Path, document: SignedDocument, registry: Registry, *, as_json: bool) -> None:
    digest, signed = document_digest(document), sorted(signing_members(document, registry))
    if not as_json:
        _print(file, registry, digest, signed)
        return
    output.print_json(
        {
            "file": str(file),
            "version": registry.version,
            "digest": digest,
            "threshold": registry.threshold,
            "expires_at": output.wire_time(registry.expires_at),
            "members": [member.county for member in registry.members],
            "signed": signed,
        }
    )


def _print(file: Path, registry: Registry, digest: str, signed: list[str]) -> None:
    rows = [
        (
            output.county(member.county),
            output.plain(member.office),
            output.plain(member.duty_phone),
            output.SIGNED if member.county in signed else output.NOT_SIGNED,
        )
        for member in registry.members
    ]
    enough = "[green]够 enough[/]" if len(signed) >= registry.threshold else "[yellow]不够 not enough yet[/]"
    columns = ("县 county", "*联络办 office", "值班电话 telephone", "签名 signed")
    output.show(
        output.table(f"名册 registry, version {registry.version}", *columns, rows=rows),
        f"签名 signatures   {len(signed)}，需 needed {registry.threshold}：{enough}",
        f"有效至 valid until {output.day(registry.expires_at)}",
        f"文件 file         {output.plain(str(file))}",
        *output.spoken_digest(digest),
    )
