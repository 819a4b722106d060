"""``sihu officer``: the people who may answer in this county's name, each with a key and a token of their own."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.access import Access, Scope
from schemas.base import format_time
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import ConflictError, Fault, NotFoundError
from schemas.officers import OfficerCredential, Role
from schemas.registry import KeyUse
from services.bootstrap.cli import OpenKey, PinFiles, generate, new_token, open_officer_files, read_secret
from services.cli import output
from services.cli.desk import Desk, document_bytes, sure
from services.cli.options import HERE, AsJson, Dir, OfficerPassphraseFile, PassphraseFile
from services.domain.ceremony import credential
from services.domain.documents import document_digest, draft, open_payload
from services.domain.encoding import digest_of
from services.domain.invitations import invitation_paper
from services.domain.sessions import SECRET_BYTES
from services.domain.trust_files import load_officers

app = typer.Typer(help="Officers 人员: who may answer in this county's name.", pretty_exceptions_enable=False)

Officer = Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits and dashes, e.g. duty-a.")]
OFFICER_FILES: Final = ("officers/*.json",)


@app.command()
def add(
    officer: Officer,
    *,
    name: Annotated[str, typer.Option("--name", help="The role at the desk, e.g. 值班员甲.")],
    role: Annotated[list[Role], typer.Option("--role", help="May be given more than once.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long it is valid.")] = 365,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    officer_passphrase_file: OfficerPassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Give an officer a key, a certified credential and a token. The county's event key certifies."""
    desk = Desk(directory, passphrase_file)
    _refuse_if_in_force(desk, officer)
    now = desk.now()
    until = now + timedelta(days=days)
    key = generate("ed25519")
    certified = sure(
        credential(
            county=desk.settings.county,
            officer=officer,
            name=name,
            roles=dict.fromkeys(role),
            public=key.public,
            now=now,
            until=until,
        )
    )
    document = desk.signed(draft(PayloadType.OFFICER, certified), KeyUse.EVENT)
    _install(desk, officer, key, document, desk.officer_passphrase(officer_passphrase_file))
    token = _replace_token(desk, certified)
    desk.files.write(token_file(officer), token.encode() + b"\n", private=True)
    _report_added(desk, certified, document, as_json=as_json)


@app.command()
def invite(
    officer: Officer,
    *,
    name: Annotated[str, typer.Option("--name", help="The role at the desk, e.g. 管理员甲.")],
    role: Annotated[list[Role], typer.Option("--role", help="May be given more than once.")],
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="How long the invitation counts.")] = 1,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Let an officer into the console: print a link, this once, that makes one account. So the first one gets in.

    An account that the officer may have is replaced when the link is used.
    """
    desk = Desk(directory)
    now, secret = desk.now(), desk.county.ids.hex(SECRET_BYTES)
    ends_at = now + timedelta(days=days)
    paper = sure(invitation_paper(secret, officer, name, role, now=now, ends_at=ends_at))
    open_officer_files(desk.settings.directory).invite(paper, now)
    link = f"{desk.settings.origin}/enrol#{secret}"
    if as_json:
        output.print_json({"officer": officer, "link": link, "secret": secret, "ends_at": output.wire_time(ends_at)})
        return
    output.show(f"[bold]{output.plain(link)}[/]")
    output.show(f"邀请只显示这一次 this link is shown once; {officer} may use it until {output.moment(ends_at)}")


@app.command("list")
def list_(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List the officers whose credentials are in force."""
    desk = Desk(directory)
    documents = sure(load_officers(desk.files.read_all(OFFICER_FILES)))
    found = [sure(open_payload(document, PayloadType.OFFICER, OfficerCredential)) for document in documents.values()]
    if as_json:
        output.print_json({"officers": [one.model_dump(mode="json") for one in found]})
        return
    now = desk.now()
    rows = [
        (
            one.officer,
            output.plain(one.display_name),
            "、".join(one.roles),
            output.until(one.expires_at, now),
        )
        for one in found
    ]
    empty = "none yet: `sihu officer add ID --name 值班员甲 --role duty` makes one"
    columns = ("编号 id", "*称呼 name", "角色 roles", "有效至 until")
    output.show(output.table("人员 officers", *columns, rows=rows, empty=empty))


@app.command()
def revoke(officer: Officer, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Take an officer's credential, tokens and invitations out of force, at once; also of one who never enrolled."""
    desk = Desk(directory)
    document = sure(load_officers(desk.files.read_all(OFFICER_FILES))).get(officer)
    if document is None:
        _take_invitation_back(desk, officer, as_json=as_json)
        return
    digest, now = document_digest(document), desk.now()
    open_officer_files(desk.settings.directory).revoke(officer, now)
    if as_json:
        output.print_json({"officer": officer, "credential_digest": digest, "revoked_at": format_time(now)})
    else:
        output.show(f"已撤销 revoked: {officer}，其令牌和邀请同时失效 and every token and invitation of it")


def _take_invitation_back(desk: Desk, officer: str, *, as_json: bool) -> None:
    """Void the invitations of somebody who has no credential: the link was lost, or went to a wrong person.

    What the node's database holds is out of a command's reach: an account that is half made is disabled in the console.

    Raises:
        NotFoundError: No invitation by command is open, either. Those of the console are the node's, not a file's.
    """
    now = desk.now()
    count = open_officer_files(desk.settings.directory).take_back(officer, now)
    if not count:
        mend = (
            f"no credential of {officer} is in force here, and no invitation by `sihu officer invite` is open; "
            "one that was made in the console is taken back there, under 人员与会话"
        )
        raise NotFoundError(Fault("request.not_found", "ID", mend))
    if as_json:
        facts = {"officer": officer, "credential_digest": None, "invitations": count, "revoked_at": format_time(now)}
        output.print_json(facts)
    else:
        output.show(
            f"已收回邀请 invitation taken back: {officer}，链接不再有效 its link counts no more",
            "此人没有完成注册，没有凭证可撤销 never enrolled, so there is no credential to revoke",
            "如果链接已被打开并设过密码，请管理员在工作台“人员与会话”里停用该账号 "
            "if somebody has opened it and set a password, let an administrator disable the account in the console",
        )


@app.command()
def pin(
    officer: Officer,
    *,
    pin_file: Annotated[
        Path | None, typer.Option("--pin-file", help="Its first line is the PIN; asked for if left out.")
    ] = None,
    directory: Dir = HERE,
) -> None:
    """Set the six digits that an officer keys in when called by telephone; only a digest is kept."""
    desk = Desk(directory)
    if officer not in sure(load_officers(desk.files.read_all(OFFICER_FILES))):
        raise NotFoundError(Fault("request.not_found", "ID", f"no credential of {officer} is in force here"))
    digits = read_secret(pin_file) if pin_file else typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    PinFiles(desk.settings.directory).set(officer, digits, bytes.fromhex(desk.county.ids.hex(16)))
    output.show(f"已设电话密码 the PIN of {officer} is set")


def key_name(officer: str) -> str:
    """Return where an officer's key is kept."""
    return f"officers/{officer}.key"


def token_file(officer: str) -> str:
    """Return where an officer's token is kept for the commands."""
    return f"officers/{officer}.token"


def _refuse_if_in_force(desk: Desk, officer: str) -> None:
    if officer in sure(load_officers(desk.files.read_all(OFFICER_FILES))):
        mend = f"{officer} has a credential in force; `sihu officer revoke {officer}` first"
        raise ConflictError(Fault("officer.exists", "ID", mend))


def _install(desk: Desk, officer: str, key: OpenKey, document: SignedDocument, passphrase: str) -> None:
    # The key of a revoked credential may be there still; it never comes back into force.
    desk.files.remove(key_name(officer))
    desk.files.save_keys({key_name(officer): key}, passphrase)
    desk.files.write(f"officers/{officer}.json", document_bytes(document))


def _replace_token(desk: Desk, certified: OfficerCredential) -> str:
    token = new_token()
    access = Access(
        name=f"officer-{certified.officer}",
        digest=digest_of(token.encode()),
        # Notices are told to officers: they close them. Who is on duty they settle among themselves.
        scopes=(Scope.EVENTS_READ, Scope.ACKNOWLEDGE, Scope.OPERATE, Scope.ROSTER_WRITE),
        officer=certified.officer,
        issued_at=certified.issued_at,
        expires_at=certified.expires_at,
    )
    open_officer_files(desk.settings.directory).revoke_tokens(certified.officer, certified.issued_at)
    desk.county.access.change(lambda tokens: (*tokens, access))
    return token


def _report_added(desk: Desk, certified: OfficerCredential, document: SignedDocument, *, as_json: bool) -> None:
    digest = document_digest(document)
    if as_json:
        output.print_json({"credential_digest": digest, **certified.model_dump(mode="json")})
        return
    folder = Path(desk.directory)
    output.show(
        f"[bold]{output.plain(certified.display_name)}[/] ({certified.officer}) may answer for "
        f"{output.county(certified.county)} until {output.day(certified.expires_at)}",
        f"密钥 key   {output.plain(str(folder / key_name(certified.officer)))}",
        f"令牌 token {output.plain(str(folder / token_file(certified.officer)))}",
    )
