"""``sihu init``: a county's directory with its keys, settings, first token and member card."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import HERE, AsJson, Dir, PassphraseFile

if TYPE_CHECKING:
    from schemas.access import Access
    from schemas.documents import SignedDocument
    from schemas.registry import KeyUse, MemberCard
    from services.bootstrap.cli import OpenKey
    from services.cli.desk import Desk

_TLS_KEY: Final = "transport/tls.key"
_NKEY: Final = "transport/nkey.key"
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
    from services.cli.desk import Desk, ask_passphrase
    from services.domain.documents import document_digest

    desk = Desk(directory, passphrase_file)
    _refuse_to_overwrite(desk)
    signing, transport = _new_keys()
    card = _card_of(county, office, duty_phone, signing, transport, desk.now())
    passphrase = _given_passphrase(desk) or ask_passphrase("New passphrase 新口令: ", twice=True)
    document = _signed_card(card, signing)
    _save_keys(desk, signing, transport, passphrase)
    _save_rest(desk, card, document, _settings_text(county, office, duty_phone, passphrase_file))
    _report(desk, document_digest(document), as_json=as_json)


def _refuse_to_overwrite(desk: "Desk") -> None:
    from schemas.errors import Fault, RequestError
    from services.cli.desk import CARD_FILE
    from services.settings import SETTINGS_FILE

    for name in (SETTINGS_FILE, CARD_FILE, "keys"):
        if desk.files.exists(name):
            mend = f"{desk.directory / name} is there already and is not overwritten; take another --dir"
            raise RequestError(Fault("init.exists", "dir", mend))


def _new_keys() -> tuple[Mapping["KeyUse", "OpenKey"], Mapping[str, "OpenKey"]]:
    from services.bootstrap.cli import generate
    from services.domain.ceremony import ALGORITHMS

    signing = {use: generate(algorithm) for use, algorithm in ALGORITHMS.items()}
    return signing, {_TLS_KEY: generate("p256"), _NKEY: generate("ed25519")}


def _card_of(
    county: str,
    office: str,
    duty_phone: str,
    signing: Mapping["KeyUse", "OpenKey"],
    transport: Mapping[str, "OpenKey"],
    now: datetime,
) -> "MemberCard":
    from services.bootstrap.cli import certificate_request, nkey_public
    from services.cli.desk import sure
    from services.domain.ceremony import Introduction, member_card

    who = Introduction(
        county=county,
        office=office,
        duty_phone=duty_phone,
        transport_key=nkey_public(transport[_NKEY]),
        certificate_request=certificate_request(transport[_TLS_KEY], county=county, office=office),
    )
    return sure(member_card(who, {use: key.public for use, key in signing.items()}, now))


def _given_passphrase(desk: "Desk") -> str:
    import os

    return desk.passphrase if desk.passphrase_file or "SIHU_PASSPHRASE" in os.environ else ""


def _signed_card(card: "MemberCard", signing: Mapping["KeyUse", "OpenKey"]) -> "SignedDocument":
    from schemas.envelope import PayloadType
    from schemas.registry import KeyUse
    from services.domain.documents import add_signature, draft

    kid = next(key.kid for key in card.member.keys if key.use is KeyUse.GOVERNANCE)
    return add_signature(draft(PayloadType.MEMBER_CARD, card), kid, signing[KeyUse.GOVERNANCE].sign)


def _save_keys(
    desk: "Desk", signing: Mapping["KeyUse", "OpenKey"], transport: Mapping[str, "OpenKey"], passphrase: str
) -> None:
    from services.cli.desk import key_file

    desk.files.save_keys({**{key_file(use): key for use, key in signing.items()}, **transport}, passphrase)


def _save_rest(desk: "Desk", card: "MemberCard", document: "SignedDocument", settings: str) -> None:
    from services.bootstrap.cli import new_token
    from services.cli.desk import CARD_FILE, CLI_TOKEN_FILE, document_bytes
    from services.settings import SETTINGS_FILE

    token = new_token()
    desk.county.access.change(lambda tokens: (*tokens, _cli_access(token, card)))
    desk.files.write(CLI_TOKEN_FILE, token.encode() + b"\n", private=True)
    desk.files.write(CARD_FILE, document_bytes(document))
    desk.files.write(SETTINGS_FILE, settings.encode())


def _cli_access(token: str, card: "MemberCard") -> "Access":
    from schemas.access import Access, Scope
    from services.domain.encoding import digest_of

    now = card.member.keys[0].valid_from
    return Access(
        name="cli",
        digest=digest_of(token.encode()),
        scopes=(Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.OPERATE),
        issued_at=now,
        expires_at=now + _CLI_TOKEN_LIFE,
    )


def _settings_text(county: str, office: str, duty_phone: str, passphrase_file: Path | None) -> str:
    # A JSON string without control characters is a TOML string as well.
    quoted = {
        name: json.dumps(value, ensure_ascii=False)
        for name, value in {"county": county, "office": office, "duty_phone": duty_phone}.items()
    }
    path = json.dumps(str(passphrase_file.absolute()), ensure_ascii=False) if passphrase_file else ""
    line = f"passphrase_file = {path}" if path else '# passphrase_file = "/run/credentials/sihu/passphrase"'
    return _SETTINGS.format(**quoted, passphrase_line=line)


def _report(desk: "Desk", digest: str, *, as_json: bool) -> None:
    from services.cli import output
    from services.cli.desk import CARD_FILE
    from services.domain.documents import spoken

    path = desk.directory / CARD_FILE
    if as_json:
        output.print_json({"county": desk.card.member.county, "card": str(path), "digest": digest})
        return
    output.show(
        f"[bold]{output.county(desk.card.member.county)}[/] is set up in {output.plain(str(desk.directory))}",
        f"  member card 成员卡   {output.plain(str(path))}",
        f"  its digest 摘要      {spoken(digest)}",
        "",
        "Next 下一步: send the card to whoever assembles the registry, and read the digest out by telephone.",
        "Keep keys/governance.pem and keys/recovery.pem on a stick in the safe; the node never needs them.",
    )
