"""``sihu key keep-branch``: after a fork the recovery key names the branch that is true, and the channel goes on."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.envelope import PayloadType
from schemas.errors import Fault, NotFoundError
from schemas.key_changes import BranchKept
from services.bootstrap.keys import own_forks
from services.cli import output
from services.cli.desk import Desk, document_bytes, sure, write_document
from services.cli.key_changes import offline_signer
from services.cli.options import HERE, AsJson, Dir, OutputFile, PassphraseFile
from services.domain.documents import add_signature, document_digest, draft
from services.domain.key_changes import judge_branches
from services.domain.trust_files import key_change_file


def keep_branch(
    *,
    recovery: Annotated[
        Path | None, typer.Option("--recovery", metavar="FILE", help="The recovery key, from its stick.")
    ] = None,
    output_file: OutputFile,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep, of every forked channel of ours, the branch that our own database holds; the recovery key signs."""
    desk = Desk(directory, passphrase_file)
    trust = desk.loaded_trust().trust
    county = desk.card.member.county
    forks = [one for one in own_forks(desk.settings) if trust.branch(county, one.channel, one.epoch) is None]
    if not forks:
        raise NotFoundError(Fault("key.no_fork", "dir", "no channel of ours is forked and unresolved"))
    kept = BranchKept(county=county, branches=tuple(forks), issued_at=desk.now())
    signer = offline_signer(desk, recovery)
    document = add_signature(draft(PayloadType.BRANCH_KEPT, kept), signer.kid, signer.sign)
    sure(judge_branches(document, trust.registry))
    write_document(output_file, document)
    desk.files.write(key_change_file(document), document_bytes(document))
    if as_json:
        output.print_json({"digest": document_digest(document), "branches": len(forks), "file": str(output_file)})
        return
    output.show(f"{len(forks)} 条分叉通道已定主线 branches kept  {output.plain(str(output_file))}")
