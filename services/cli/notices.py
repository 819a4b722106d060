"""``sihu notices``: what this county's duty officer must know, and that it has been dealt with."""

from typing import Annotated

import typer

from schemas.errors import ConflictError, Fault, NotFoundError, RequestError
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.officer import token_file
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import NoticeLine

app = typer.Typer(
    help="Notices 提醒: what this county's duty officer must know.",
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)

All = Annotated[bool, typer.Option("--all", help="Those that have ended or were closed, too.")]
Numbers = Annotated[
    list[int], typer.Argument(metavar="ID...", min=1, max=2**53 - 1, help="Numbers of notices, as the list shows them.")
]
Officer = Annotated[
    str | None, typer.Option("--officer", metavar="ID", help="Who closes it; the commands' own token if left out.")
]

_COLUMNS = (">编号", "时间", "种类", "*内容", "*状态")


@app.callback()
def notices(
    context: typer.Context, *, every: All = False, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False
) -> None:
    """List what this county's own duty officer must know; `close` tells that it has been dealt with."""
    if context.invoked_subcommand is not None:
        _refuse_misplaced(context)
        return
    found = ask(Desk(directory), lambda api: api.notices(open_only=not every, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (str(one.number), output.minute(one.told_at), words.NOTICES[one.kind], output.plain(one.text), _state(one))
        for one in found.notices
    ]
    empty = "没有提醒 there is none" if every else "没有未解除的提醒 nothing is open"
    output.show(output.table("值班提醒 notices", *_COLUMNS, rows=rows, empty=empty))


@app.command()
def close(numbers: Numbers, *, officer: Officer = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Close notices that have been dealt with; who and when is kept. Closing one again changes nothing."""
    desk = Desk(directory)
    token = desk.read_token(token_file(officer), f"`sihu officer add {officer}` makes one") if officer else None
    closed, refused = ask(desk, lambda api: _close(api, numbers), token=token)
    if as_json:
        output.print_json({"notices": [json_of(one) for one in closed]})
    else:
        output.show(*(f"{one.number}  {_state(one)}  {output.plain(one.text)}" for one in closed))
    if refused:
        raise type(refused[0])(*(error.fault for error in refused))


def _refuse_misplaced(context: typer.Context) -> None:
    """Refuse options before the word: they would be those of the list, and passed over in silence."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    if any(source is not None and source.name == "COMMANDLINE" for source in sources.values()):
        word = context.invoked_subcommand
        raise RequestError(Fault("request.misplaced", "options", f"write them behind `{word}`, not before it"))


async def _close(api: Api, numbers: list[int]) -> tuple[list[NoticeLine], list[RequestError]]:
    """Close one after the other; what cannot be closed stops none of the others."""
    closed: list[NoticeLine] = []
    refused: list[RequestError] = []
    for number in dict.fromkeys(numbers):
        try:
            closed.append(await api.close_notice(number))
        except (NotFoundError, ConflictError) as exc:
            refused.append(type(exc)(Fault(exc.fault.code, str(number), _mend(exc))))
    return closed, refused


def _mend(error: RequestError) -> str:
    """Say what to type at a desk, where the API names an address."""
    if isinstance(error, NotFoundError):
        return "there is no notice of this number; `sihu notices --all` lists them"
    return error.fault.mend


def _state(one: NoticeLine) -> str:
    if one.resolved_at is None:
        return "[bold red]未解除[/]"
    if one.closed_by is None:
        return f"[dim]已解除 {output.minute(one.resolved_at)}[/]"
    return f"[dim]已关闭 {output.minute(one.resolved_at)} {output.plain(one.closed_by)}[/]"
