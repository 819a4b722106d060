"""``sihu agreement suspend``: one party stops sending and taking under an agreement, by itself and at once."""

from typing import Annotated

import typer

from schemas.envelope import PayloadType
from schemas.errors import Fault, NotFoundError
from schemas.key_changes import Suspension
from schemas.registry import KeyUse
from services.bootstrap.keys import agreed_ends
from services.cli import output
from services.cli.desk import Desk, document_bytes, write_document
from services.cli.options import HERE, AsJson, Dir, OutputFile, PassphraseFile
from services.domain.documents import document_digest, draft
from services.domain.trust_files import key_change_file


def suspend(
    which: Annotated[str, typer.Argument(metavar="ID", help="An adopted agreement's id.")],
    *,
    output_file: OutputFile,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the other parties.")] = "",
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Suspend an agreement for this county; what is under way is still taken, and a new version ends it."""
    desk = Desk(directory, passphrase_file)
    in_force = desk.loaded_trust().trust.agreement(which)
    if in_force is None:
        raise NotFoundError(Fault("request.not_found", "ID", f"{which} is not adopted here; `sihu agreement list`"))
    agreement = in_force.agreement
    suspension = Suspension(
        county=desk.card.member.county,
        agreement_id=agreement.id,
        version=agreement.version,
        ends=agreed_ends(desk.settings, agreement),
        reason=reason,
        issued_at=desk.now(),
    )
    document = desk.signed(draft(PayloadType.SUSPENSION, suspension), KeyUse.GOVERNANCE)
    write_document(output_file, document)
    desk.files.write(key_change_file(document), document_bytes(document))
    digest, name = document_digest(document), f"{agreement.id}@{agreement.version}"
    if as_json:
        output.print_json({"agreement": name, "digest": digest, "positions": len(suspension.ends)})
        return
    output.show(f"已中止 suspended: {name}，{len(suspension.ends)} 处位置 positions", *output.spoken_digest(digest))
