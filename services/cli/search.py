"""``sihu search``: find events by words of their content, newest first."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.base import BEIJING
from schemas.records import Direction
from services.cli import output, words
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit, Type, headline
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import EventLine
from services.gateway.search_answers import FoundLine, HitLine, SearchPage

if TYPE_CHECKING:
    from rich.console import RenderableType

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORDS]...", help="All must occur; one of them has two characters or more."),
]
Mutual = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only information, outreach, development or governance.")
]
County = Annotated[str | None, typer.Option(metavar="COUNTY", help="Only from or to this county, by code or name.")]
Way = Annotated[Direction | None, typer.Option("--direction", help="Only what came in, or what was sent.")]
Level = Annotated[int | None, typer.Option(min=1, max=4, help="Only this level; 1 is the highest.")]
Status = Annotated[str | None, typer.Option(metavar="NAME", help="Only actual, exercise, test or system.")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on, Beijing time.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Before this day.")]

_COLUMNS: Final = ("时间", "级", "收发", "来自", "类型", "*标题", "*命中", "编号")
_ROUNDS: Final = 200
"""Answers asked for at most: as many events that have to be read one by one as a county has in years."""


def search(  # noqa: PLR0913 - one option for each filter
    terms: Words = None,
    *,
    mutual: Mutual = None,
    wire_type: Type = None,
    county: County = None,
    direction: Way = None,
    level: Level = None,
    status: Status = None,
    since: From = None,
    until: To = None,
    limit: Limit = 20,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Find events by words of their content, newest first; personal content is never searched."""
    asked = {
        "q": " ".join(terms) if terms else None,
        "mutual": mutual,
        "type": words.whole_type(wire_type),
        "county": None if county is None else words.county_code(county),
        "direction": None if direction is None else direction.value,
        "level": None if level is None else str(level),
        "status": status,
        "from": _spelled(since),
        "to": _spelled(until),
    }
    params = {name: value for name, value in asked.items() if value is not None}
    page = ask(Desk(directory), lambda api: _search(api, params, limit))
    if as_json:
        output.print_json(json_of(page))
        return
    output.show(_table(page))
    if page.next_before is not None:
        output.show("[dim]还有更早的，用 --limit 多看一些 there may be more[/]")


async def _search(api: Api, params: dict[str, str], limit: int) -> SearchPage:
    """Go on where an answer ended early, until there are enough or everything was looked through."""
    found: list[FoundLine] = []
    before = 0
    for _ in range(_ROUNDS):
        page = await api.search({**params, "before": str(before), "limit": str(limit - len(found))})
        found += page.found
        if page.next_before is None or len(found) >= limit:
            break
        before = page.next_before
    return page.model_copy(update={"found": tuple(found)})


def _spelled(day: datetime | None) -> str | None:
    return None if day is None else day.replace(tzinfo=BEIJING).isoformat()


def _table(page: SearchPage) -> "RenderableType":
    rows = [
        (
            output.minute(one.event.recorded_at),
            output.level(one.event.level),
            _way(one.event),
            words.county_name(one.event.source),
            output.type_zh(one.event.wire_type),
            headline(one.event),
            _shown(one.hit),
            output.short(one.event.envelope_id),
        )
        for one in page.found
    ]
    return output.table("查找 search", *_COLUMNS, rows=rows, empty="没有找到 nothing was found")


def _way(event: EventLine) -> str:
    return "收" if event.direction is Direction.INCOMING else "发"


def _shown(hit: HitLine | None) -> str:
    if hit is None:
        return ""
    return f"{output.plain(hit.before)}[bold]{output.plain(hit.found)}[/]{output.plain(hit.after)}"
