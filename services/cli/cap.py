"""``sihu cap``: documents of the Common Alerting Protocol 1.2, both ways."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import JsonValue, ValidationError

from schemas.base import InformationClass, Status
from schemas.cap import DOCUMENT_MAX_BYTES, CapAlert
from schemas.catalogue import parse_new
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.faults import faults_of
from schemas.information.alert_parts import DutyContact
from schemas.information.alerts import Alert
from services.bootstrap.cap import load_signer, load_signers, read_cap, sign_cap, verify_cap, write_cap
from services.bootstrap.cli import write_given
from services.cli import cap_desk, output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk, sure
from services.cli.options import HERE, AsJson, Dir
from services.domain.cap_lines import rebuilt
from services.domain.cap_reading import Held, ImportDesk, Imported, import_cap
from services.domain.cap_rules import judge_cap
from services.domain.cap_writing import to_cap
from services.domain.encoding import parse_strict
from services.gateway.answers import EventDetail

app = typer.Typer(help="CAP 1.2 both ways 通用预警协议.", pretty_exceptions_enable=False)
app.command()(cap_desk.held)
app.command()(cap_desk.close)
app.command()(cap_desk.answers)

_MAX_BYTES: Final = 512 * 1024
_STDIN: Final = "-"
_NO_ALERT: Final = Fault("cap.no_alert", "event", "it is no draft of an alert, as `sihu send` takes it")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A document, or - for standard input.")]
SignersFolder = Annotated[
    Path | None,
    typer.Option("--signers", metavar="DIR", help="Certificates of registered authorities, one PEM file each."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output.")
]


@app.command()
def check(file: File, *, signers: SignersFolder = None, as_json: AsJson = False) -> None:
    """Say whether a document is taken: one line why not, or what it is."""
    document, signer = _read(_bytes_of(file), signers, must_be_trusted=False)
    _refuse(judge_cap(document))
    facts = {
        "identifier": document.identifier,
        "sender": document.sender,
        "sent": document.sent,
        "status": document.status,
        "msg_type": document.msg_type,
        "infos": len(document.infos),
        "signer": signer,
    }
    if as_json:
        output.print_json(facts)
    else:
        output.show(" ".join(f"{name}={output.plain(str(value))}" for name, value in facts.items()))


@app.command("import")
def import_(
    file: File,
    *,
    office: Annotated[str, typer.Option("--office", envvar="SIHU_CAP_OFFICE", metavar="14 DIGITS", help="Ourselves.")],
    contact: Annotated[str, typer.Option("--contact", envvar="SIHU_CAP_CONTACT", help="Our duty room's name.")],
    phone: Annotated[str, typer.Option("--phone", envvar="SIHU_CAP_PHONE", help="Our duty room's telephone.")],
    signers: SignersFolder = None,
    even_held: Annotated[bool, typer.Option("--even-held", help="Print what the guards hold, to be mended.")] = False,
) -> None:
    """Print a document as a draft for `sihu send`, to be completed; what to complete goes to standard error."""
    original = _bytes_of(file)
    document, _ = _read(original, signers, must_be_trusted=True)
    found = import_cap(document, original=original, desk=_import_desk(office, contact, phone))
    if isinstance(found, Fault):
        raise RequestError(found)
    if isinstance(found, Held) and not even_held:
        raise RequestError(*found.faults)
    draft = found.draft if isinstance(found, Held) else found
    _tell((*(found.faults if isinstance(found, Held) else ()), *draft.to_complete))
    output.print_json(_draft(draft))


@app.command()
def export(
    event: Annotated[str, typer.Argument(metavar="ID|FILE", help="An event of this node, or a draft in a file.")],
    *,
    status: Annotated[Status | None, typer.Option(help="If not that of the event.")] = None,
    as_received: Annotated[
        bool, typer.Option("--as-received", help="Of an imported alert: the document that it came from.")
    ] = False,
    directory: Dir = HERE,
    out: Output = None,
) -> None:
    """Write an alert as CAP 1.2."""
    alert, said, information_class = _alert_of(event, directory)
    document = (
        sure(rebuilt(alert))
        if as_received
        else to_cap(alert, status=status or said, information_class=information_class)
    )
    _write(sure(write_cap(document)), out)


@app.command()
def sign(
    file: File,
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Our private key, PEM: P-256 or RSA.")],
    certificate: Annotated[Path, typer.Option("--certificate", metavar="FILE", help="Its certificate, PEM.")],
    out: Output = None,
) -> None:
    """Sign a document so that others can verify it."""
    found = sure(read_cap(_bytes_of(file)))
    private, public = load_signer(key, certificate)
    _write(sure(sign_cap(found.document, key=private, certificate=public)), out)


@app.command()
def verify(file: File, *, signers: SignersFolder, as_json: AsJson = False) -> None:
    """Say which registered authority signed a document, or refuse it."""
    document, signer = _read(_bytes_of(file), signers, must_be_trusted=True)
    if as_json:
        output.print_json({"signer": signer, "identifier": document.identifier})
    else:
        output.show(f"[green]已验证 verified[/] {output.plain(signer or '')} {output.plain(document.identifier)}")


def _read(data: bytes, signers: Path | None, *, must_be_trusted: bool) -> tuple[CapAlert, str | None]:
    """Return a document and who signed it; of a signed one what was signed, if we were told whom to trust."""
    found = sure(read_cap(data))
    if signers is not None and (found.is_signed or must_be_trusted):
        verified = sure(verify_cap(data, signers=load_signers(signers), now=_now()))
        return verified.document, verified.signer
    if found.is_signed and must_be_trusted:
        mend = "the document is signed: say with --signers DIR whom we trust"
        raise RequestError(Fault("cap.signature", "--signers", mend))
    return found.document, None


def _now() -> datetime:
    return Desk(HERE).now()


def _refuse(fault: Fault | None) -> None:
    if fault is not None:
        raise RequestError(fault)


def _bytes_of(path: Path) -> bytes:
    """Read one byte more than is taken, so that what is too large is refused as such."""
    if str(path) == _STDIN:
        return sys.stdin.buffer.read(DOCUMENT_MAX_BYTES + 1)
    try:
        with path.open("rb") as file:
            return file.read(DOCUMENT_MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFoundError(Fault("file.not_found", "FILE", f"there is no file {path}")) from None
    except OSError as exc:
        raise RequestError(Fault("file.unreadable", "FILE", f"{path}: {exc.strerror}")) from exc


def _import_desk(office: str, contact: str, phone: str) -> ImportDesk:
    if len(office) != 14 or not (office.isascii() and office.isdecimal()) or office.startswith("0"):  # noqa: PLR2004
        raise RequestError(Fault("cap.office", "--office", "write the 14 digits of our office, as in our alert ids"))
    try:
        return ImportDesk(office, DutyContact(office=contact, phone=phone))
    except ValidationError as exc:
        raise RequestError(*faults_of(exc, "cap")) from exc


def _tell(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        sys.stderr.write(f"{fault}\n")


def _draft(found: Imported) -> dict[str, JsonValue]:
    content: Any = json_of(found.event)
    draft: dict[str, JsonValue] = {"type": found.event.wire_type, "status": found.status.value, "content": content}
    if found.information_class is not InformationClass.PUBLIC:
        draft["class"] = found.information_class.value
    return draft


def _alert_of(event: str, directory: Path) -> tuple[Alert, Status, InformationClass]:
    path = Path(event)
    if path.is_file():
        value = parse_strict(path.read_bytes(), max_bytes=_MAX_BYTES, what="FILE")
        draft: dict[str, Any] = value if isinstance(value, dict) else {}
        alert = _alert(str(draft.get("type", "")), draft.get("content"))
        try:
            return alert, Status(draft.get("status", "actual")), InformationClass(draft.get("class", "public"))
        except ValueError:
            raise RequestError(_NO_ALERT) from None

    async def work(api: Api) -> EventDetail:
        return await api.event(await api.whole_id(event))

    detail = ask(Desk(directory), work)
    header = detail.header
    return _alert(header.type, detail.content), header.status, header.information_class


def _alert(wire_type: str, content: JsonValue) -> Alert:
    parsed = parse_new(wire_type, content) if isinstance(content, dict) else None
    if isinstance(parsed, Alert):
        return parsed
    faults = parsed if isinstance(parsed, tuple) else (_NO_ALERT,)
    raise RequestError(*faults)


def _write(data: bytes, path: Path | None) -> None:
    if path is None:
        sys.stdout.write(data.decode())
    else:
        write_given(path, data)
