"""``sihu watch``: what happens, as it happens, on one screen; or one JSON line per change for programs."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from schemas.errors import ConflictError, Fault, RequestError, UnavailableError
from schemas.records import Direction
from services.bootstrap.client import ApiClient, open_client
from services.cli import output, words
from services.cli.client import Api
from services.cli.desk import Desk
from services.cli.listing import answer_state, headline
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import EventLine, LiveMessage, NoticeLine

RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_TICK_SECONDS: Final = 1.0  # countdowns move
_SETTLE_SECONDS: Final = 0.2  # a burst of changes is read and drawn once
_AROUND_ROWS: Final = 6  # title, heading, rule, state line
_NOTICES: Final = 3
_COLUMNS: Final = ("时间", "向", "级", "县", "类型", "*标题", "状态", "编号")
_NARROW_COLUMNS: Final = ("时间", "向", "级", "县", "*标题", "状态", "编号")
_NARROW: Final = 120  # columns of the terminal; below that a title would have no room beside everything else

After = Annotated[int | None, typer.Option(min=0, help="Go on behind this sequence; from now on if left out.")]


def watch(*, after: After = None, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Watch what happens until Ctrl-C; goes on by itself after the node was away."""
    desk = Desk(directory)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_print_changes(desk, after) if as_json else _draw(desk))


async def _print_changes(desk: Desk, after: int | None) -> None:
    async with open_client(desk.settings.api.address, desk.token()) as client:
        async for change in Stream(desk, client, after).changes():
            if change is not None:
                sys.stdout.write(change.model_dump_json(by_alias=True, exclude_defaults=True) + "\n")
                sys.stdout.flush()


class Stream:
    """Changes over every reconnect, each once and in order."""

    def __init__(self, desk: Desk, client: ApiClient, after: int | None) -> None:
        """Open nothing yet; ``trouble`` says in one line why there is no link now, empty while there is one."""
        self._clock, self._client, self._seen = desk.county.clock, client, after
        self.trouble = "正在连接 connecting"

    async def changes(self) -> AsyncIterator[LiveMessage | None]:
        """Yield changes for ever; None says that the link was opened anew.

        Raises:
            RequestError: The node does not let us in.
        """
        attempt = 0
        while True:
            try:
                async with Api(self._client).live(self._seen) as stream:
                    self.trouble, attempt = "", 0
                    yield None
                    async for change in stream:
                        self._seen = change.sequence
                        yield change
            except UnavailableError as exc:
                self.trouble = str(exc)
            except ConflictError as exc:
                # Another journal than the one followed, such as that of a restored node: go on from its end.
                self.trouble, self._seen = exc.fault.mend, None
            await self._clock.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1


@dataclass(slots=True)
class Board:
    """What the screen shows."""

    events: tuple[EventLine, ...] = ()
    notices: tuple[NoticeLine, ...] = ()

    async def read(self, api: Api, rows: int) -> None:
        """Read the newest events and the open notices."""
        self.events = (await api.events(limit=rows)).events
        self.notices = (await api.notices(open_only=True, limit=_NOTICES)).notices


async def _draw(desk: Desk) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        mend = "there is no terminal to draw on; `sihu watch --json` prints one line per change"
        raise RequestError(Fault("request.no_terminal", "--json", mend))
    board, dirty = Board(), asyncio.Event()
    async with open_client(desk.settings.api.address, desk.token()) as client:
        stream = Stream(desk, client, None)
        follower = asyncio.create_task(_mark(stream, dirty), name="watch follows")
        try:
            with Live(console=console, screen=True, auto_refresh=False) as screen:
                while not follower.done():
                    await _read_if(dirty, board, Api(client), max(1, console.height - _AROUND_ROWS), stream)
                    picture = picture_of(desk.settings.county, desk.now(), board, stream.trouble, console.width)
                    screen.update(picture, refresh=True)
                    await _wait(dirty)
        finally:
            follower.cancel()
        follower.result()


async def _mark(stream: Stream, dirty: asyncio.Event) -> None:
    async for _ in stream.changes():
        dirty.set()


async def _read_if(dirty: asyncio.Event, board: Board, api: Api, rows: int, stream: Stream) -> None:
    if not dirty.is_set():
        return
    dirty.clear()
    try:
        await board.read(api, rows)
    except UnavailableError as exc:
        stream.trouble = str(exc)  # the stream opens anew once the node is back, and that marks the board


async def _wait(dirty: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TICK_SECONDS):
            await dirty.wait()
            await asyncio.sleep(_SETTLE_SECONDS)


def picture_of(county: str, now: datetime, board: Board, trouble: str, width: int) -> RenderableType:
    """Draw the screen.

    Args:
        county: Whose screen it is.
        now: Aware UTC.
        board: What was read last.
        trouble: Why there is no link now; empty while there is one.
        width: Columns of the terminal.
    """
    narrow = width < _NARROW
    cells = _narrow_cells if narrow else _cells
    told = [f"[bold red]![/] {words.NOTICES[one.kind]} {output.plain(one.text)}" for one in board.notices]
    lost = [output.plain(trouble)] if trouble else []
    columns = _NARROW_COLUMNS if narrow else _COLUMNS
    table = output.table("", *columns, rows=[cells(one, now) for one in board.events])
    return Group(_top(county, now, trouble), *lost, *told, table)


def _top(county: str, now: datetime, trouble: str) -> RenderableType:
    """Whose screen it is, what time, and whether it lives, in the corner where the eye looks for it."""
    top = Table.grid(expand=True)
    top.add_column(no_wrap=True)
    top.add_column(justify="right", no_wrap=True)
    state = "[bold white on red] 断线 [/]" if trouble else "[green]● 已连接 live[/]"
    top.add_row(f"[bold]守看 {output.county(county)}  {output.moment(now)}[/]", state)
    return top


def _cells(one: EventLine, now: datetime) -> tuple[str, ...]:
    whole = len(one.audience)
    reached = f"入库 {output.share(one.stored_count, whole)} 签收 {output.share(one.acknowledged_count, whole)}"
    return (
        output.moment(one.recorded_at),
        _direction(one),
        output.level(one.level),
        words.county_name(one.source) if _is_incoming(one) else output.counties(one.audience, most=1),
        output.type_zh(one.wire_type),
        headline(one),
        answer_state(one, now) if _is_incoming(one) else reached,
        output.short(one.envelope_id),
    )


def _narrow_cells(one: EventLine, now: datetime) -> tuple[str, ...]:
    whole = len(one.audience)
    others = f"等{whole}" if whole > 1 else ""
    reached = f"库{output.share(one.stored_count, whole)} 签{output.share(one.acknowledged_count, whole)}"
    return (
        output.clock(one.recorded_at),
        _direction(one),
        output.level(one.level),
        words.county_name(one.source if _is_incoming(one) else one.audience[0]) + ("" if _is_incoming(one) else others),
        headline(one),
        answer_state(one, now) if _is_incoming(one) else reached,
        output.short(one.envelope_id),
    )


def _is_incoming(one: EventLine) -> bool:
    return one.direction is Direction.INCOMING


def _direction(one: EventLine) -> str:
    return "[cyan]收[/]" if _is_incoming(one) else "发"
