"""补正材料: papers that an officer chooses on his computer become files of a request, named by digests of their bytes.

Each paper goes out as an attachment about a person, encrypted to the counties of the request alone, before the step
that names it. What is done stands in the form when something is refused, so nothing is chosen, carried or sent twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from schemas.base import InformationClass
from schemas.errors import Fault, RequestError
from schemas.governance.services import PURPOSE, MaterialKind
from schemas.information.attachments import AttachmentShared
from services.console.files import ENDINGS, OwnFile, keep_plain, media_type_of, own_files
from services.console.small_forms import CONTENT, FILE_PARTS, Ask, Kind, words
from services.console.uploads import file_name
from services.console.visit import Form, Visit
from services.domain.course_words import MATERIALS
from services.gateway.answers import Accepted, UploadState
from services.gateway.course_answers import ServiceDetail

ROWS_MOST: Final = 8
"""As many events as a step may name."""
_ROWS: Final = 3
_REGISTER: Final = "register_only"


@dataclass(frozen=True, slots=True)
class _Row:
    """One paper.

    Attributes:
        known: Envelope id of an attachment that was sent before.
        upload: Number of a file that lies at the node; empty once it was sent.
        sent: Envelope id of the attachment that carries it.
    """

    number: int
    kind: str
    known: str
    upload: str
    name: str
    sent: str
    sha256: str

    @property
    def names_paper(self) -> bool:
        """Something was chosen in it."""
        return bool(self.known or self.upload or self.sent or self.sha256)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """What the form holds of it when it is shown again."""
        return tuple((f"paper{self.number}.{part}", str(getattr(self, part))) for part in FILE_PARTS)


@dataclass(frozen=True, slots=True)
class Papers:
    """What was read.

    Attributes:
        form: As it is shown again: files that were handed over stand in it by their numbers.
        faults: Why the step cannot be taken yet.
    """

    form: Form
    materials: tuple[JsonValue, ...]
    evidence: tuple[str, ...]
    faults: tuple[Fault, ...]


def paper_asks(detail: ServiceDetail, files: Sequence[OwnFile]) -> tuple[Ask, ...]:
    """Return the rows of the form: a kind, a file, and one that was sent before."""
    count = min(ROWS_MOST, max(_ROWS, len(detail.wanted) + 1))
    wanted = [kind.value for kind in detail.wanted[:count]] + [""] * count
    kinds = words(MaterialKind, MATERIALS)
    known = tuple((one.envelope_id, one.file.name) for one in files)
    rows: list[Ask] = []
    for number in range(1, count + 1):
        name = f"paper{number}"
        rows.append(Ask(f"{name}.kind", f"材料 {number}", Kind.CHOICE, kinds, wanted[number - 1], required=False))
        rows.append(Ask(f"{name}.file", f"材料 {number} 的文件", Kind.FILE, required=False, value=ENDINGS))
        if known:
            rows.append(Ask(f"{name}.known", f"或已发出的附件（{number}）", Kind.CHOICE, known, required=False))
    register = Ask(
        _REGISTER,
        "只登记，文件不发",
        Kind.FLAG,
        required=False,
        hint="不打勾：文件加密后一并发给参与的县。打勾：只记下文件的校验值，文件另行送达。",
    )
    return (*rows, register)


async def read_papers(visit: Visit, detail: ServiceDetail) -> Papers:
    """Read the rows, take the files that came with the form, and send each that is not out yet."""
    rows, faults = [_row_of(visit.form, number) for number in range(1, ROWS_MOST + 1)], list[Fault]()
    known = {one.envelope_id: one for one in await own_files(visit)} if any(row.known for row in rows) else {}
    for place, row in enumerate(rows):
        try:
            rows[place] = await _handed(visit, row, known)
        except RequestError as refusal:
            faults += _at(row, refusal.faults)
    faults += [_kindless(row) for row in rows if row.names_paper and not row.kind]
    if not faults and visit.form.get(_REGISTER) != "true":
        faults += await _sent(visit, detail, rows)
    named = [row for row in rows if row.names_paper]
    return Papers(
        _with_rows(visit.form, rows),
        tuple({"kind": row.kind, "sha256": row.sha256} for row in named),
        tuple(dict.fromkeys(row.sent for row in named if row.sent)),
        tuple(faults),
    )


def _row_of(form: Form, number: int) -> _Row:
    kind, known, upload, name, sent, sha256 = (
        form.get(f"paper{number}.{part}") for part in ("kind", "known", *FILE_PARTS)
    )
    return _Row(number, kind, known, upload, file_name(name), sent, sha256)


async def _handed(visit: Visit, row: _Row, known: dict[str, OwnFile]) -> _Row:
    """Return the row with the digest of what was chosen; a file chosen anew takes the place of the one before."""
    given = visit.files.get(f"paper{row.number}.file")
    if given is not None:
        handed = await keep_plain(visit, given.name, given.data)
        row = replace(row, upload=handed.upload, name=handed.name, sent="", sha256="", known="")
    if row.upload:
        state = await visit.api.ask("show_upload", UploadState, path={"id": row.upload})
        if not state.complete:
            raise RequestError(Fault("file.not_uploaded", "file", "choose it once more: it is not whole at the node"))
        if media_type_of(row.name) is None:
            raise RequestError(Fault("file.type", "file", f"send one of these: {ENDINGS}"))
        return replace(row, sha256=state.sha256, sent="")
    if row.known and not row.sent and row.known in known:
        return replace(row, sha256=known[row.known].file.sha256, sent=row.known)
    return row


def _kindless(row: _Row) -> Fault:
    return Fault("content.missing_field", f"{CONTENT}paper{row.number}.kind", "say what the paper is")


def _at(row: _Row, faults: Iterable[Fault]) -> list[Fault]:
    return [replace(fault, field=f"{CONTENT}paper{row.number}.file") for fault in faults]


async def _sent(visit: Visit, detail: ServiceDetail, rows: list[_Row]) -> list[Fault]:
    """Send each file that lies at the node; what went out stands in ``rows``, also if the next one is refused."""
    own = visit.hall.desk.gateway.county
    for place, row in enumerate(rows):
        if not row.upload:
            continue
        state = await visit.api.ask("show_upload", UploadState, path={"id": row.upload})
        body = {
            "type": AttachmentShared.wire_type,
            "agreement": detail.agreement,
            "to": [code for code in detail.parties if code != own],
            "class": InformationClass.PERSONAL.value,
            "purpose": PURPOSE,
            "upload": row.upload,
            "content": {
                "name": row.name,
                "media_type": media_type_of(row.name),
                "size": state.size,
                "sha256": state.sha256,
            },
        }
        once = visit.form.get("once")
        try:
            event = await visit.api.ask(
                "submit_event", Accepted, body=body, key=f"{once}-paper{row.number}-{state.sha256}" if once else None
            )
        except RequestError as refusal:
            return _at(row, refusal.faults)
        rows[place] = replace(row, upload="", sent=event.envelope_id)
    return []


def _with_rows(form: Form, rows: Sequence[_Row]) -> Form:
    parts = {name for row in rows for name, _ in row.pairs}
    kept = tuple(pair for pair in form.pairs if pair[0] not in parts)
    return Form((*kept, *(pair for row in rows for pair in row.pairs)))
