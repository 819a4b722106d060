"""``sihu token``: who may call the API. Only digests are kept, so a token is shown once."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError
from schemas.faults import faults_of
from services.bootstrap.cli import new_token
from services.cli import output
from services.cli.desk import Desk, sure
from services.cli.options import HERE, AsJson, Dir
from services.domain.encoding import digest_of
from services.domain.trust_files import load_officers

app = typer.Typer(help="Tokens 令牌: who may call the API.", pretty_exceptions_enable=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and dashes.")]


@app.command()
def issue(
    name: Name,
    *,
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it allows; may be given more than once.")],
    officer: Annotated[str | None, typer.Option("--officer", metavar="ID", help="Bind it to this officer.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long it is valid.")] = 365,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Issue a token and print it, this once."""
    desk = Desk(directory)
    _refuse_unbound(desk, scope, officer)
    _refuse_beside_calendar(scope)
    token, now = new_token(), desk.now()
    access = _access(name, token, tuple(dict.fromkeys(scope)), officer, now, now + timedelta(days=days))

    def edit(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
        if any(one.name == name and one.revoked_at is None for one in tokens):
            mend = f"a token of this name is in force; `sihu token revoke {name}` first, or take another name"
            raise ConflictError(Fault("token.exists", "NAME", mend))
        return (*tokens, access)

    desk.county.access.change(edit)
    address = f"{desk.settings.api.address}/api/v1/calendar/{token}.ics" if Scope.CALENDAR_READ in scope else None
    if as_json:
        output.print_json({"token": token, **_facts(access), **({"address": address} if address else {})})
        return
    output.show(
        f"[bold]{token}[/]",
        f"令牌 {name} 只显示这一次 this token is shown once; valid until {output.day(access.expires_at)}",
    )
    if address:
        output.show(f"订阅地址 subscribe to: {address}", "有此地址即可读取日历 whoever has it reads the calendar")


@app.command("list")
def list_(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List every token, revoked and expired ones too; never the tokens themselves."""
    desk = Desk(directory)
    tokens = desk.county.access.read()
    if as_json:
        output.print_json({"tokens": [_facts(one) for one in tokens]})
        return
    now = desk.now()
    rows = [
        (one.name, "\n".join(one.scopes), one.officer or "–", output.day(one.issued_at), _state(one, now))
        for one in tokens
    ]
    columns = ("名称 name", "*权限 scopes", "人员 officer", "签发 issued", "状态 state")
    output.show(output.table("令牌 tokens", *columns, rows=rows, empty="none: `sihu token issue` makes one"))


@app.command()
def revoke(name: Name, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Take a token out of force, at once."""
    desk = Desk(directory)
    now = desk.now()

    def edit(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
        if not any(one.name == name and one.revoked_at is None for one in tokens):
            mend = "no token of this name is in force; `sihu token list` names them"
            raise NotFoundError(Fault("request.not_found", "NAME", mend))
        return tuple(
            one.model_copy(update={"revoked_at": now}) if one.name == name and one.revoked_at is None else one
            for one in tokens
        )

    desk.county.access.change(edit)
    if as_json:
        output.print_json({"name": name, "revoked_at": output.wire_time(now)})
    else:
        output.show(f"已撤销 revoked: {name}")


def _refuse_unbound(desk: Desk, scopes: list[Scope], officer: str | None) -> None:
    scope_set = set(scopes)
    if officer is None:
        if {Scope.ACKNOWLEDGE, Scope.ROSTER_WRITE} & scope_set:
            mend = "a person answers for it, not a machine: bind the token with --officer ID"
            raise RequestError(Fault("token.no_officer", "--officer", mend))
    elif Scope.UNATTENDED in scope_set:
        mend = "an officer is asked for a second one; only an automatic source is not: leave out --officer or the scope"
        raise RequestError(Fault("token.unattended_officer", "--scope", mend))
    elif officer not in sure(load_officers(desk.files.read_all(("officers/*.json",)))):
        mend = f"{officer} has no credential in force; `sihu officer add {officer}` makes one"
        raise NotFoundError(Fault("officer.unknown", "--officer", mend))


def _refuse_beside_calendar(scopes: list[Scope]) -> None:
    if Scope.CALENDAR_READ in scopes and set(scopes) != {Scope.CALENDAR_READ}:
        mend = "it stands in an address, which is logged and passed on: give it a token of its own"
        raise RequestError(Fault("token.not_alone", "--scope", mend))


def _access(
    name: str, token: str, scopes: tuple[Scope, ...], officer: str | None, now: datetime, until: datetime
) -> Access:
    try:
        return Access(
            name=name,
            digest=digest_of(token.encode()),
            scopes=scopes,
            officer=officer,
            issued_at=now,
            expires_at=until,
        )
    except ValidationError as exc:
        raise RequestError(*faults_of(exc, "token")) from exc


def _facts(access: Access) -> dict[str, Any]:
    return access.model_dump(mode="json", exclude={"digest"})


def _state(access: Access, now: datetime) -> str:
    if access.revoked_at is not None:
        return f"[dim]已撤销 revoked {output.day(access.revoked_at)}[/]"
    return output.until(access.expires_at, now)
