"""``sihu key rotate``, ``revoke``, ``adopt``, ``changes``: keys come to their end, and others follow."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.key_changes import ChangeReason, KeyChange, KeyEnd
from schemas.registry import KeyRecord, KeyUse
from services.bootstrap.cli import OFFICER_FILES, FileSigner, read_bytes, write_given
from services.bootstrap.keys import doubt_the_hub, open_key_at, own_ends
from services.cli import output
from services.cli.desk import Desk, document_bytes, key_file, read_document, sure, write_document
from services.cli.options import HERE, AsJson, Dir, OutputFile, PassphraseFile
from services.domain.documents import add_signature, document_digest, draft
from services.domain.governance import kid_of
from services.domain.key_changes import committed_kid, judge_published, with_changes
from services.domain.key_drafting import follower, key_change
from services.domain.key_ends import current_keys
from services.domain.trust import AdoptedChange, Trust
from services.domain.trust_files import key_change_file, load_officers

_LOOK_SECONDS: Final = 0.2
_ENDS_MAX_BYTES: Final = 1024 * 1024
_ENDS: Final = TypeAdapter(tuple[KeyEnd, ...])

Use = Annotated[KeyUse, typer.Option("--use", help="event or receipt.")]


def rotate(
    *,
    use: Use = KeyUse.EVENT,
    wait: Annotated[float, typer.Option("--wait", min=0, max=600, help="Seconds to wait for the node.")] = 60.0,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the node go over to the next key, made beforehand. Nothing stops meanwhile, and nothing is lost."""
    desk = Desk(directory, passphrase_file)
    old = _in_force(desk, use)
    if committed_kid(old.next_digest or "") not in desk.signing_keys.signers():
        mend = "the next key was not committed, or its file is not here; `sihu key revoke` with the recovery key helps"
        raise RequestError(Fault("key.no_next", key_file(use), mend))
    desk.signing_keys.order(use, old.kid)
    _report(desk, asyncio.run(_until_ended(desk, old.kid, wait)), as_json=as_json)


async def _until_ended(desk: Desk, kid: str, wait: float) -> AdoptedChange:
    clock = desk.county.clock
    until = clock.monotonic() + wait
    while True:
        changes = desk.loaded_trust().trust.changes
        found = next((one for one in changes if one.change.old == kid), None)
        if found is not None:
            return found
        if clock.monotonic() >= until:
            raise UnavailableError("the node has not changed the key yet; it does so as soon as it runs")
        await clock.sleep(_LOOK_SECONDS)


def revoke(
    *,
    use: Use = KeyUse.EVENT,
    kid: Annotated[str | None, typer.Option("--kid", help="The key; the one in force if left out.")] = None,
    recovery: Annotated[
        Path | None, typer.Option("--recovery", metavar="FILE", help="The recovery key, from its stick.")
    ] = None,
    ends: Annotated[
        Path | None,
        typer.Option("--ends", metavar="FILE", help="Last trusted positions; those of our own database if left out."),
    ] = None,
    output_file: OutputFile,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key by position, signed by the recovery key, and make the one that follows. Stop the node before."""
    desk = Desk(directory, passphrase_file)
    old = _record(desk, use, kid)
    now, keys = desk.now(), desk.signing_keys
    doubt_the_hub(desk.settings)  # refuses while the node runs: positions of a moment ago would cut off what it signs
    offline = offline_signer(desk, recovery)
    public, next_public = keys.make(use), keys.make(use)
    change = sure(
        key_change(
            county=desk.settings.county,
            old=old,
            key=follower(public, next_public, now),
            ends=_read_ends(ends) if ends else own_ends(desk.settings, use),
            credentials=_credentials(desk) if use is KeyUse.EVENT else (),
            reason=ChangeReason.REVOKED,
            now=now,
        )
    )
    signer = keys.signers()[kid_of("ed25519", public)]
    document = draft(PayloadType.KEY_CHANGE, change)
    for one in (offline, signer):
        document = add_signature(document, one.kid, one.sign)
    write_document(output_file, document)
    adopted = _adopted(desk, [document])
    keys.done(use, old.kid)
    _report(desk, adopted[0], as_json=as_json)


def ends(
    *,
    use: Use = KeyUse.EVENT,
    output_file: OutputFile,
    directory: Dir = HERE,
) -> None:
    """Write up to where a key of ours has signed, by our own database: what `revoke --ends` takes."""
    found = own_ends(Desk(directory).settings, use)
    data = json.dumps([end.model_dump(mode="json") for end in found], indent=1).encode() + b"\n"
    write_given(output_file, data)
    output.show(f"{len(found)} 处位置 positions  {output.plain(str(output_file))}")


def adopt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Changes of keys that came by hand.")],
    *,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Let changes of keys count here that came by hand; those that came over the bus count already."""
    desk = Desk(directory)
    adopted = _adopted(desk, [read_document(path) for path in files])
    if as_json:
        output.print_json({"changes": [_facts(one) for one in adopted]})
        return
    _show(adopted)


def changes(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the changes of keys that count here, of every county, and the files that do not count."""
    desk = Desk(directory)
    loaded = desk.loaded_trust()
    if as_json:
        output.print_json({"changes": [_facts(one) for one in loaded.trust.changes]})
        return
    _show(loaded.trust.changes)


def _in_force(desk: Desk, use: KeyUse) -> KeyRecord:
    found = current_keys(desk.loaded_trust().trust, desk.settings.county, use)
    if not found:
        raise RequestError(Fault("key.none_in_force", key_file(use), f"no {use} key of this county is in force"))
    return found[0]


def _record(desk: Desk, use: KeyUse, kid: str | None) -> KeyRecord:
    if kid is None:
        return _in_force(desk, use)
    known = desk.loaded_trust().trust.key(kid)
    if known is None or known.county != desk.settings.county or known.key.use is not use:
        raise RequestError(Fault("request.not_found", "--kid", f"{kid} is no {use} key of this county"))
    return known.key


def offline_signer(desk: Desk, path: Path | None) -> FileSigner:
    """Open the recovery key, from its stick if it is named."""
    if path is None:
        return desk.signer(KeyUse.RECOVERY)
    key = open_key_at(path, desk.passphrase)
    return FileSigner(key, kid_of("ed25519", key.public))


def _read_ends(path: Path) -> tuple[KeyEnd, ...]:
    try:
        return _ENDS.validate_json(read_bytes(path, what=path.name, max_bytes=_ENDS_MAX_BYTES), strict=False)
    except ValidationError as exc:
        mend = "it is no list of positions; `sihu key ends` writes one"
        raise RequestError(Fault("key.ends_malformed", path.name, mend)) from exc


def _credentials(desk: Desk) -> list[str]:
    return [document_digest(one) for one in sure(load_officers(desk.files.read_all(OFFICER_FILES))).values()]


def _adopted(desk: Desk, documents: list[SignedDocument]) -> list[AdoptedChange]:
    trust = desk.loaded_trust().trust
    fault = judge_published(documents, trust)
    if fault is not None:
        raise RequestError(fault)
    changed: Trust = with_changes(trust, documents)[0]
    wanted = {document_digest(one) for one in documents}
    found = [one for one in changed.changes if one.digest in wanted]
    if any(one.change.county == desk.settings.county and one.change.reason is ChangeReason.REVOKED for one in found):
        doubt_the_hub(desk.settings)
    for document in documents:
        desk.files.write(key_change_file(document), document_bytes(document))
    return found


def _facts(one: AdoptedChange) -> dict[str, Any]:
    change: KeyChange = one.change
    return {
        "digest": one.digest,
        "county": change.county,
        "use": change.use,
        "reason": change.reason,
        "old": change.old,
        "new": change.key.kid if change.key else None,
        "positions": len(change.ends),
        "issued_at": output.wire_time(change.issued_at),
    }


def _report(desk: Desk, one: AdoptedChange, *, as_json: bool) -> None:
    if as_json:
        output.print_json(_facts(one))
        return
    _show([one])
    output.show(f"文件 file  {output.plain(str(desk.directory / key_change_file(one.document)))}")


def _show(found: list[AdoptedChange] | tuple[AdoptedChange, ...]) -> None:
    rows = [
        (
            output.county(one.change.county),
            one.change.use,
            "吊销 revoked" if one.change.reason is ChangeReason.REVOKED else "轮换 rotated",
            f"{one.change.old[:8]}… → {one.change.key.kid[:8] + '…' if one.change.key else '–'}",
            str(len(one.change.ends)),
        )
        for one in found
    ]
    columns = ("县 county", "用途 use", "*缘由 reason", "密钥 key", "位置 positions")
    output.show(output.table("密钥变更 changes of keys", *columns, rows=rows, empty="none"))
