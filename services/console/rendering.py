"""Templates and what they may call: values in, HTML out; every text is escaped."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from schemas.base import BEIJING
from schemas.catalogue import model_of
from schemas.counties import name_of
from schemas.errors import Fault
from services.console import words
from services.console.navigation import NAVIGATION
from services.domain.fault_words import sentence_of
from services.domain.form_making import path_zh
from services.domain.provider_words import problem_zh
from services.domain.timeline_words import reason_zh
from services.gateway.answers import FaultLine

_SECONDS: Final = ((86_400, "天"), (3_600, "小时"), (60, "分钟"))


_ASKED: Final = {"first": "起始日", "last": "截止日", "from": "起", "to": "止", "q": "检索词", "limit": "条数"}
"""What stands in addresses and is no field of any event."""
_NO_LABELS: Final[Mapping[str, str]] = {}


_OF_ONE_FIELD: Final = ("这一栏", "太长", "太多", "太短", "太少")
"""Sentences that say nothing without the name of their field: in a list of faults it stands before them."""


class _Compiled(BytecodeCache):
    """What templates were compiled to, by their text: two counties in one process compile each of them once."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Compiled()


class Renderer:
    """Renders the console's pages."""

    def __init__(self, *, county: str, now: Callable[[], datetime], static: Callable[[str], str]) -> None:
        """Read the templates once; ``static`` gives the address of a file by its name."""
        self._environment = Environment(
            loader=PackageLoader("services.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        self._environment.filters |= {
            "moment": moment,
            "clock": clock,
            "day": day,
            "span": span,
            "seconds": seconds,
            "county": name_of,
            "counties": counties,
            "title_of": title_of,
            "problem": problem_zh,
            "reason": reason_zh,
        }
        self._environment.globals |= {
            "own": county,
            "static": static,
            "now": now,
            "navigation": NAVIGATION,
            "w": words,
            "fault_text": fault_text,
            "mend_text": mend_text,
        }

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return one page."""
        page: str = self._environment.get_template(template).render(values)
        return page


def moment(at: datetime | None) -> str:
    """Spell a time for officers: in Beijing, with the year only where it is needed."""
    return "—" if at is None else f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def clock(at: datetime) -> str:
    """Spell a time of these days, where there is little room."""
    return f"{at.astimezone(BEIJING):%m-%d %H:%M}"


def day(at: datetime | None) -> str:
    """Spell a day in Beijing."""
    return "—" if at is None else f"{at.astimezone(BEIJING):%Y-%m-%d}"


def span(starts: datetime | None, ends: datetime | None) -> str:
    """Spell from when to when in Beijing, to the minute; the second day only where it is another one."""
    if starts is None or ends is None:
        return "—"
    first, last = starts.astimezone(BEIJING), ends.astimezone(BEIJING)
    return f"{first:%Y-%m-%d %H:%M} 至 " + (
        f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    )


def fault_text(fault: Fault | FaultLine | None, labels: Mapping[str, str] = _NO_LABELS) -> str:
    """Say in Chinese what is wrong and what to do about it.

    Args:
        fault: Nothing is said of None.
        labels: What the fields of the page's own form are called, by name: such a one is named whatever is said.
    """
    if fault is None:
        return ""
    said = mend_text(fault)
    if fault.field in labels:
        return f"{labels[fault.field]}：{said}"
    field = _ASKED.get(fault.field) or path_zh(fault.field)
    return f"{field}：{said}" if field and said.startswith(_OF_ONE_FIELD) else said


def mend_text(fault: Fault | FaultLine) -> str:
    """Say what to do about a fault that stands at its field, or behind the field's name."""
    return sentence_of(Fault(fault.code, fault.field, fault.mend))


def counties(codes: Iterable[str]) -> str:
    """Name counties."""
    return "、".join(map(name_of, codes))


def title_of(wire_type: str) -> str:
    """Return what an officer calls a type; a newer one by its name on the wire."""
    known = model_of(wire_type)
    return known.title_zh if known is not None else wire_type


def seconds(count: int | None) -> str:
    """Spell a duration in its largest unit and the next one; a dash if it is not known."""
    if count is None:
        return "—"
    rest, words = count, []
    for size, unit in (*_SECONDS, (1, "秒")):
        if rest >= size:
            words.append(f"{rest // size} {unit}")
            rest %= size
    return " ".join(words[:2]) or "0 秒"
