"""What people and programs see: tables with Chinese county names, or one JSON value."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from schemas.base import BEIJING, format_time
from schemas.counties import name_of
from services.domain.documents import spoken

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

SHORT_ID: Final = 10  # characters of an envelope id in a table
_PIPED_WIDTH: Final = 160
_SOON_DAYS: Final = 30
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_URGENT_SECONDS: Final = 300
_GROUPS: Final = 4  # of four hex digits, on one line for the telephone
_LEVELS: Final = {
    1: "[bold white on red]1级[/]",
    2: "[bold black on dark_orange]2级[/]",
    3: "[bold black on yellow]3级[/]",
    4: "[bold white on blue]4级[/]",
}

SIGNED: Final = "[green]已签 signed[/]"
NOT_SIGNED: Final = "未签 not yet"


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print exactly one JSON value."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()  # whoever started us waits for this line, and a pipe is buffered


def console() -> "Console":
    """Return the terminal, or a wide plain page if the output goes elsewhere."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False, soft_wrap=False)


def show(*renderables: "RenderableType") -> None:
    """Print for people."""
    out = console()
    for each in renderables:
        out.print(each)


def table(title: str, *columns: str, rows: Sequence[Sequence[str]], empty: str = "") -> "RenderableType":
    """Return a table; a column named with ``>`` first is set to the right, with ``*`` first folds.

    Args:
        title: Chinese first.
        columns: Headings.
        rows: Cells; rich markup is read, so strangers' text goes through ``plain``.
        empty: What to say instead of a table without rows.
    """
    if not rows and empty:
        return f"[bold]{title}[/]\n{empty}"
    made = _empty_table(title, columns)
    for row in rows:
        made.add_row(*row)
    return made


def _empty_table(title: str, columns: Sequence[str]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        wide = column.startswith("*")
        made.add_column(
            column.lstrip(">*"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=not wide,
            overflow="fold" if wide else "ellipsis",
        )
    return made


def plain(text: str) -> str:
    """Return text that somebody else wrote, so that it is shown as it is and moves no cursor."""
    from rich.markup import escape

    return escape("".join(char if char.isprintable() else " " for char in text))


def county(code: str) -> str:
    """Name a county: Chinese name and code."""
    name = name_of(code)
    return code if name == code else f"{name} {code}"


def counties(codes: Sequence[str], most: int = 6) -> str:
    """Name several counties, the first few of them."""
    named = "、".join(name_of(code) for code in codes[:most])
    return f"{named} 等{len(codes)}县" if len(codes) > most else named


def moment(at: datetime | None, *, empty: str = "–") -> str:
    """Spell a time for people: Beijing time, month and day, seconds."""
    return at.astimezone(BEIJING).strftime("%m-%d %H:%M:%S") if at else empty


def minute(at: datetime | None, *, empty: str = "–") -> str:
    """Spell a time for a narrow column: Beijing time to the minute."""
    return at.astimezone(BEIJING).strftime("%m-%d %H:%M") if at else empty


def clock(at: datetime) -> str:
    """Spell a time for a screen of 80 columns: Beijing time, hour and minute."""
    return at.astimezone(BEIJING).strftime("%H:%M")


def countdown(due: datetime, now: datetime) -> str:
    """Say how long there is to answer: red when it is over, yellow in the last five minutes."""
    seconds = int((due - now).total_seconds())
    if seconds <= 0:
        return f"[bold white on red]超时 {_span(-seconds)}[/]"
    return f"[bold yellow]限 {_span(seconds)}[/]" if seconds < _URGENT_SECONDS else f"限 {_span(seconds)}"


def _span(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds}秒"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}分"
    return f"{seconds // _HOUR}时{seconds % _HOUR // _MINUTE}分" if seconds < _DAY else f"{seconds // _DAY}天"


def share(part: int, whole: int) -> str:
    """Show how many of how many: green when it is all of them."""
    return f"[green]{part}/{whole}[/]" if part >= whole else f"{part}/{whole}"


def day(at: datetime | None, *, empty: str = "–") -> str:
    """Spell a date for people."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d") if at else empty


def until(at: datetime, now: datetime) -> str:
    """Spell the end of something that is valid now: yellow in the last 30 days, red when it is over."""
    days = (at - now).days
    if at <= now:
        return f"[bold red]{day(at)} 已过期 expired[/]"
    return f"[yellow]{day(at)} 剩{days}天[/]" if days < _SOON_DAYS else day(at)


def type_title(wire_type: str) -> str:
    """Name a wire type: what an officer calls it, and its short name."""
    from schemas.catalogue import model_of

    model = model_of(wire_type)
    name = wire_type.removeprefix("cn.sihu.")
    return f"{model.title_zh} {name}" if model else name


def type_zh(wire_type: str) -> str:
    """Name a wire type for a narrow column: what an officer calls it."""
    from schemas.catalogue import model_of

    model = model_of(wire_type)
    return model.title_zh if model else wire_type.removeprefix("cn.sihu.")


def level(value: int | None) -> str:
    """Show an alert's effective level: the word, and its national colour beside it."""
    return _LEVELS.get(value or 0, "")


def short(envelope_id: str) -> str:
    """Shorten an id; every command takes it in this form."""
    return envelope_id[:SHORT_ID]


def wire_time(at: datetime) -> str:
    """Spell a time for programs, as it travels."""
    return format_time(at)


def spoken_digest(digest: str) -> tuple[str, ...]:
    """Set a digest out for the telephone: four lines of four groups, each line with its number."""
    groups = spoken(digest).split()
    lines = (groups[start : start + _GROUPS] for start in range(0, len(groups), _GROUPS))
    return (
        "摘要 digest, to be read out 电话核对:",
        *(f"  {number}.  [bold]{'   '.join(line)}[/]" for number, line in enumerate(lines, 1)),
    )
