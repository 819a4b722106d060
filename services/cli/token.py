"""``sihu token``: who may call the API. Only digests are kept, so a token is shown once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from schemas.access import Access, Scope
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError
from services.bootstrap.cli import new_token
from services.cli import output
from services.cli.desk import Desk, sure
from services.cli.options import HERE, AsJson, Dir
from services.domain.tokens import judge_scopes, new_access, with_token, without_token
from services.domain.trust_files import load_officers

app = typer.Typer(help="Tokens 令牌: who may call the API.", pretty_exceptions_enable=False)

_OPTIONS: Final[Mapping[str, str]] = {"officer": "--officer", "scopes": "--scope", "name": "NAME"}
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
    _refuse(desk, scope, officer)
    token, now = new_token(), desk.now()
    access = new_access(name, token, scope, officer, now=now, until=now + timedelta(days=days))
    if isinstance(access, tuple):
        raise RequestError(*access)

    def edit(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
        changed = with_token(tokens, access)
        if isinstance(changed, Fault):
            raise ConflictError(_as_option(changed))
        return changed

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
        changed = without_token(tokens, name, now)
        if isinstance(changed, Fault):
            raise NotFoundError(_as_option(changed))
        return changed

    desk.county.access.change(edit)
    if as_json:
        output.print_json({"name": name, "revoked_at": output.wire_time(now)})
    else:
        output.show(f"已撤销 revoked: {name}")


def _refuse(desk: Desk, scopes: list[Scope], officer: str | None) -> None:
    fault = judge_scopes(scopes, officer)
    if fault is not None:
        raise RequestError(_as_option(fault))
    if officer is not None and officer not in sure(load_officers(desk.files.read_all(("officers/*.json",)))):
        mend = f"{officer} has no credential in force; `sihu officer add {officer}` makes one"
        raise NotFoundError(Fault("officer.unknown", "--officer", mend))


def _as_option(fault: Fault) -> Fault:
    return replace(fault, field=_OPTIONS.get(fault.field, fault.field))


def _facts(access: Access) -> dict[str, Any]:
    return access.model_dump(mode="json", exclude={"digest"})


def _state(access: Access, now: datetime) -> str:
    if access.revoked_at is not None:
        return f"[dim]已撤销 revoked {output.day(access.revoked_at)}[/]"
    return output.until(access.expires_at, now)
