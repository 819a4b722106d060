"""``sihu called``: a neighbour was told by telephone, and that is put on record."""

from typing import Annotated, Final

import typer

from schemas.control import CallOutcome
from schemas.drafts import CallDraft
from schemas.ids import CountyCode
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.officer import token_file
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import CallLine

OUTCOMES: Final = {CallOutcome.TOLD: "已告知", CallOutcome.UNANSWERED: "无人接听"}


def called(
    envelope_id: Annotated[str, typer.Argument(metavar="ID", help="The event; its first characters will do.")],
    *,
    officer: Annotated[str, typer.Option("--officer", metavar="ID", help="Who called.")],
    county: Annotated[str, typer.Option("--county", help="Whom: code or name, e.g. 环江.")],
    office: Annotated[str, typer.Option("--office", help="Office or role that answered, never a name.")] = "值班室",
    unanswered: Annotated[bool, typer.Option("--unanswered", help="Nobody answered.")] = False,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Record that a neighbour was called about an event of ours: signed, and sent to that county."""
    outcome = CallOutcome.UNANSWERED if unanswered else CallOutcome.TOLD
    draft = CallDraft(county=CountyCode(words.county_code(county)), office=office, outcome=outcome)

    async def work(api: Api) -> CallLine:
        return await api.call(await api.whole_id(envelope_id), draft.model_dump_json(exclude_none=True).encode())

    desk = Desk(directory)
    done = ask(desk, work, token=desk.read_token(token_file(officer), f"`sihu officer add {officer}` makes one"))
    if as_json:
        output.print_json(json_of(done))
        return
    output.show(line_of_call(done), f"记录编号 record {done.record_id}")


def line_of_call(call: CallLine) -> str:
    """One call on one line."""
    whom = f"{output.county(call.told)} {output.plain(call.office)}"
    by = f"{output.county(call.source)} {output.plain(call.officer)}"
    return f"电话 called {output.moment(call.called_at)} {by} → {whom}：{OUTCOMES[call.outcome]}"
