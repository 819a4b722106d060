"""``sihu key`` and ``sihu members``: public records from the files of trust; they answer when the node is down."""

from datetime import datetime
from typing import Annotated, Any

import typer

from schemas.errors import Fault, NotFoundError
from schemas.registry import KeyRecord, KeyUse, Member
from services.bootstrap.cli import FileEncryption, key_name
from services.cli import output
from services.cli.card import card
from services.cli.desk import Desk, key_file
from services.cli.key_changes import adopt, changes, ends, revoke, rotate
from services.cli.key_forks import keep_branch
from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.domain.governance import kid_of
from services.domain.key_ends import keys_in_force
from services.domain.office_keys import LIFE
from services.domain.trust import Trust
from services.domain.trust_files import PINS_FILE

app = typer.Typer(help="Keys 密钥: public records and how long they are valid.", pretty_exceptions_enable=False)

for _command in (rotate, revoke, ends, adopt, changes, keep_branch, card):
    app.command(_command.__name__.replace("_", "-"))(_command)

County = Annotated[
    str | None, typer.Option("--county", metavar="COUNTY", help="Another member of the registry; ours if left out.")
]
_USES = {
    KeyUse.GOVERNANCE: "治理",
    KeyUse.RECOVERY: "恢复",
    KeyUse.EVENT: "签发",
    KeyUse.RECEIPT: "回执",
    KeyUse.ENCRYPTION: "加密",
}


@app.command("list")
def list_(*, county: County = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the public keys of this county, or of another member; `key show` spells one out."""
    desk = Desk(directory)
    member, trust = _member(desk, county)
    office = _office_keys(desk) if member.county == desk.settings.county else []
    if as_json:
        facts = {"keys": [_facts(desk, key, trust) for key in member.keys]}
        own = {"office_keys": [key.model_dump(mode="json") for key in office]} if office else {}
        output.print_json({"county": member.county, **facts, **own})
        return
    now = desk.now()
    rows = [
        (
            f"{_USES[key.use]} {key.use}",
            f"{key.kid[:16]}…",
            _validity(key, now),
            _place(desk, key, trust),
        )
        for key in member.keys
    ]
    rows += [("月度 office", f"{key.kid[:16]}…", _validity(key, now), "文件在此 file here") for key in office]
    columns = ("用途 use", "指纹 key id", "至 until", "*状态 state")
    output.show(output.table(f"密钥 keys of {output.county(member.county)}", *columns, rows=rows))


@app.command()
def show(
    which: Annotated[str, typer.Argument(metavar="USE|KID", help="governance, event, …, or a key id.")],
    *,
    county: County = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one public key with its fingerprint."""
    desk = Desk(directory)
    member, trust = _member(desk, county)
    key = next((one for one in member.keys if which in {one.kid, one.use.value}), None)
    if key is None:
        mend = f"{output.county(member.county)} has no such key; `sihu key list` names them"
        raise NotFoundError(Fault("request.not_found", "USE|KID", mend))
    if as_json:
        output.print_json({"county": member.county, **_facts(desk, key, trust)})
        return
    kid = "   ".join(key.kid[at : at + 4] for at in range(0, len(key.kid), 4))
    output.show(
        f"[bold]{output.county(member.county)}[/]  {_USES[key.use]} {key.use}",
        f"指纹 key id     [bold]{kid}[/]",
        f"算法 algorithm  {key.algorithm}",
        f"公钥 public     {key.public}",
        f"有效 valid      {output.day(key.valid_from)} – {_validity(key, desk.now())}",
        f"状态 state      {_place(desk, key, trust)}",
    )


@app.command("rotate-office")
def rotate_office(*, directory: Dir = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Make a new office key now, e.g. after a laptop was lost; the running node publishes it within a minute."""
    desk = Desk(directory, passphrase_file)
    desk.signer(KeyUse.EVENT)  # the node must be able to open the new file by the passphrase that opens the others
    now = desk.now()
    made = FileEncryption(desk.settings.office_keys, desk.passphrase, kid_of).make(now, now + LIFE)
    if as_json:
        output.print_json(made.model_dump(mode="json"))
        return
    output.show(
        f"新的月度密钥 new office key  [bold]{made.kid}[/]",
        f"有效至 valid until {_validity(made, now)}",
        "运行中的节点一分钟内公布它 a running node publishes it within a minute.",
    )


def _office_keys(desk: Desk) -> list[KeyRecord]:
    return FileEncryption(desk.settings.office_keys, "", kid_of).listed()


def members(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the counties of the trusted registry with their duty telephones; works when the node is down."""
    desk = Desk(directory)
    trust = desk.loaded_trust().trust
    registry = trust.registry
    if as_json:
        output.print_json(
            {
                "registry_version": registry.version,
                "registry_digest": trust.registry_digest,
                "expires_at": output.wire_time(registry.expires_at),
                "members": [_member_facts(member, trust) for member in registry.members],
            }
        )
        return
    rows = [
        (
            output.county(member.county) + (" [dim]本县[/]" if member.county == desk.settings.county else ""),
            output.plain(member.office),
            f"[bold]{output.plain(member.duty_phone)}[/]",
            "、".join(_agreements_of(member, trust)) or "–",
        )
        for member in registry.members
    ]
    columns = ("县 county", "联络办 office", "值班电话 telephone", "*协议 agreements")
    output.show(
        output.table(f"成员 members, registry version {registry.version}", *columns, rows=rows),
        f"名册有效至 registry valid until {output.until(registry.expires_at, desk.now())}",
    )


def _member(desk: Desk, county: str | None) -> tuple[Member, Trust | None]:
    """Return a member with the keys in force now, whatever card or registry say of those that have changed since."""
    trust = desk.loaded_trust().trust if desk.files.exists(PINS_FILE) else None
    if county is None or county == desk.settings.county:
        member: Member | None = desk.card.member
    else:
        member = trust.member(county) if trust else None
    if member is None:
        raise NotFoundError(Fault("request.not_found", "--county", f"{county} is no member of the trusted registry"))
    return member.model_copy(update={"keys": keys_in_force(member, trust)}), trust


def _agreements_of(member: Member, trust: Trust) -> list[str]:
    return sorted(one.agreement.id for one in trust.agreements.values() if member.county in one.agreement.parties)


def _member_facts(member: Member, trust: Trust) -> dict[str, Any]:
    return {
        "county": member.county,
        "name": output.county(member.county).split()[0],
        "office": member.office,
        "duty_phone": member.duty_phone,
        "transport_key": member.transport_key,
        "keys": [key.model_dump(mode="json") for key in member.keys],
        "agreements": _agreements_of(member, trust),
    }


def _facts(desk: Desk, key: KeyRecord, trust: Trust | None) -> dict[str, Any]:
    return {
        **key.model_dump(mode="json"),
        "in_registry": _known(key, trust),
        "file_here": _is_here(desk, key),
    }


def _is_here(desk: Desk, key: KeyRecord) -> bool:
    if key.kid in {one.kid for one in desk.card.member.keys}:
        return desk.files.exists(key_file(key.use))
    return desk.files.exists(f"keys/{key_name(key.use, key.kid)}")


def _known(key: KeyRecord, trust: Trust | None) -> bool:
    return trust is not None and trust.key(key.kid) is not None


def _validity(key: KeyRecord, now: datetime) -> str:
    return output.until(key.valid_until, now) if key.valid_until else "未限 open"


def _place(desk: Desk, key: KeyRecord, trust: Trust | None) -> str:
    words = ["[green]在册 in registry[/]" if _known(key, trust) else "[yellow]未入册 not in registry[/]"]
    if _is_here(desk, key):
        words.append("文件在此 file here")
    elif key.kid in {one.kid for one in desk.card.member.keys}:
        words.append("离线 kept offline")
    return "，".join(words)
