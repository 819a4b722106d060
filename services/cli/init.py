"""``sihu init``: a county's directory with its keys, settings, first token and member card."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.access import Access, Scope
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault, RequestError
from schemas.registry import KeyUse, MemberCard
from services.bootstrap.cli import new_token
from services.bootstrap.identity import Identity, new_identity
from services.cli import output
from services.cli.desk import (
    CARD_FILE,
    CLI_TOKEN_FILE,
    Desk,
    ask_passphrase,
    document_bytes,
    following_file,
    key_file,
    sure,
)
from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.domain.ceremony import Introduction, member_card
from services.domain.documents import add_signature, document_digest, draft
from services.domain.encoding import digest_of
from services.settings import SETTINGS_FILE

_CLI_TOKEN_LIFE: Final = timedelta(days=3650)  # it never leaves this machine, and one command revokes it

_SETTINGS: Final = """\
# Settings of one county's node. A variable beats this file: SIHU_API__PORT=8641 stands for `port` under [api].
county = {county}
office = {office}
duty_phone = {duty_phone}

[api]
# host = "127.0.0.1"
# port = 8640

[hub]
# urls = ["tls://hub.example:4222"]

[store]
# path = "sihu.db"
# floor_mib = 256

[keys]
{passphrase_line}
"""


def init(
    county: Annotated[str, typer.Argument(metavar="COUNTY", help="Division code of the county, six digits.")],
    *,
    office: Annotated[str, typer.Option("--office", help="Name of the liaison office, e.g. 环江县联络办.")],
    duty_phone: Annotated[str, typer.Option("--duty-phone", help="Telephone that is answered day and night.")],
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a county's directory: keys encrypted at rest, settings, member card. Nothing is overwritten."""
    desk = Desk(directory, passphrase_file)
    _refuse_to_overwrite(desk)
    identity = new_identity()
    who = Introduction(
        county=county,
        office=office,
        duty_phone=duty_phone,
        transport_key=identity.nkey,
        certificate_request=identity.certificate_request(county=county, office=office),
    )
    card = sure(member_card(who, identity.public_keys, desk.now(), identity.next_public_keys))
    document = _signed_card(card, identity)
    passphrase = _new_passphrase(desk)
    desk.files.make_root()
    _save_keys(desk, identity, passphrase)
    _save_rest(desk, card, document)
    _report(desk, document_digest(document), as_json=as_json)


def _refuse_to_overwrite(desk: Desk) -> None:
    for name in (SETTINGS_FILE, CARD_FILE, "keys"):
        if desk.files.exists(name):
            mend = f"{desk.directory / name} is there already and is not overwritten; take another --dir"
            raise RequestError(Fault("init.exists", "dir", mend))


def _new_passphrase(desk: Desk) -> str:
    if desk.passphrase_file or "SIHU_PASSPHRASE" in os.environ:
        return desk.passphrase
    return ask_passphrase("New passphrase 新口令: ", twice=True)


def _signed_card(card: MemberCard, identity: Identity) -> SignedDocument:
    kid = next(key.kid for key in card.member.keys if key.use is KeyUse.GOVERNANCE)
    return add_signature(draft(PayloadType.MEMBER_CARD, card), kid, identity.signing[KeyUse.GOVERNANCE].sign)


def _save_keys(desk: Desk, identity: Identity, passphrase: str) -> None:
    member_keys = {key_file(use): key for use, key in identity.signing.items()}
    following = {following_file(use, key.public): key for use, key in identity.following.items()}
    desk.files.save_keys({**member_keys, **following, **identity.transport}, passphrase)


def _save_rest(desk: Desk, card: MemberCard, document: SignedDocument) -> None:
    token = new_token()
    access = _cli_access(token, card)
    desk.county.access.change(lambda tokens: (*tokens, access))
    desk.files.write(CLI_TOKEN_FILE, token.encode() + b"\n", private=True)
    desk.files.write(CARD_FILE, document_bytes(document))
    desk.files.write(SETTINGS_FILE, _settings_text(card, desk.passphrase_file).encode())


def _cli_access(token: str, card: MemberCard) -> Access:
    now = card.member.keys[0].valid_from
    return Access(
        name="cli",
        digest=digest_of(token.encode()),
        scopes=(Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.OPERATE, Scope.ERASE),
        issued_at=now,
        expires_at=now + _CLI_TOKEN_LIFE,
    )


def _settings_text(card: MemberCard, passphrase_file: Path | None) -> str:
    # A JSON string without control characters is a TOML string as well.
    member = card.member
    facts = {"county": member.county, "office": member.office, "duty_phone": member.duty_phone}
    quoted = {name: json.dumps(value, ensure_ascii=False) for name, value in facts.items()}
    line = '# passphrase_file = "/run/credentials/sihu/passphrase"'
    if passphrase_file is not None:
        line = f"passphrase_file = {json.dumps(str(passphrase_file.absolute()), ensure_ascii=False)}"
    return _SETTINGS.format(**quoted, passphrase_line=line)


def _report(desk: Desk, digest: str, *, as_json: bool) -> None:
    county = desk.card.member.county
    path = desk.directory / CARD_FILE
    if as_json:
        output.print_json({"county": county, "card": str(path), "digest": digest})
        return
    output.show(
        f"[bold]{output.county(county)}[/] is set up in {output.plain(str(desk.directory))}",
        f"成员卡 member card  {output.plain(str(path))}",
        *output.spoken_digest(digest),
        "",
        "Next 下一步: send the card to whoever assembles the registry, and read its digest out by telephone.",
        "keys/governance.pem and keys/recovery.pem belong on a stick in the safe; a running node never needs them.",
    )
