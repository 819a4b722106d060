"""Forms as a browser sees and sends them: every type that an officer composes, and contents drawn for any of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html

from schemas.base import BEIJING, Event
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from services.domain.form_fields import SEVERAL, Input, Shape, Source
from services.domain.form_reading import MARK, TRUE
from services.domain.form_shown import Form, FormField

COMPOSED: Final[list[type[Event]]] = [one for one in TYPES if CONTROL_PURPOSE not in one.purposes]
TEMPLATES: Final = Path(__file__).parents[1] / "services" / "console" / "templates"
PAGE: Final = (
    '{% import "forms.html" as forms %}<!doctype html><html lang="zh-CN"><head><title>发布</title></head><body>'
    '<form method="post" action="/compose" novalidate>{{ forms.default_submit() }}{{ forms.problems(form) }}'
    '{{ forms.body(form, "/compose") }}<button>下一步</button></form></body></html>'
)

Pairs = list[tuple[str, str]]


@cache
def environment() -> Environment:
    """Templates as strict as the console's own."""
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def page_of(form: Form) -> str:
    """A page with nothing but this form."""
    return environment().from_string(PAGE).render(form=form)


def fields_of(form: Form) -> Iterator[FormField]:
    """The fields of a form, without those within others."""
    for section in form.sections:
        yield from (*section.fields, *section.rare)


def pairs_of(form: Form) -> Pairs:
    """What a browser sends if nobody types anything."""
    return [pair for one in fields_of(form) for pair in _pairs(one)]


def _pairs(one: FormField) -> Iterator[tuple[str, str]]:  # noqa: C901, PLR0912 - one case for each kind of input
    match one.input:
        case Input.GROUP:
            for part in (*one.parts, *one.rare):
                yield from _pairs(part)
        case Input.ROWS:
            for row in one.rows:
                if not row.is_plain:
                    yield row.name, MARK
                for part in (*([row.file] if row.file else []), *row.parts, *row.rare):
                    yield from _pairs(part)
        case Input.CHOICES:
            yield from ((one.name, option.value) for option in one.options if option.is_chosen)
            if one.other is not None:
                yield one.name, one.other
        case Input.YES_NO:
            yield from ((one.name, option.value) for option in one.options if option.is_chosen)
        case Input.CHOICE:
            chosen = [option.value for option in one.options if option.is_chosen]
            yield one.name, (chosen or [one.options[0].value])[0]
        case Input.CHECK:
            if one.value == TRUE:
                yield one.name, TRUE
        case Input.TEXT | Input.LINES:
            yield one.name, one.value.replace("\n", "\r\n")
        case _:
            yield one.name, one.value


def sent_by(page: str) -> Pairs:
    """What a browser sends for the form of a page, buttons left out."""
    root = html.document_fromstring(page)
    pairs: Pairs = []
    for one in root.iter("input", "select", "textarea"):
        name = one.get("name", "")
        if one.tag == "select":
            chosen = one.xpath("option[@selected]") or one.xpath("option[1]")
            pairs.append((name, chosen[0].get("value")))
        elif one.tag == "textarea":
            pairs.append((name, (one.text or "").removeprefix("\n").replace("\n", "\r\n")))
        elif one.get("type") not in {"checkbox", "radio"} or one.get("checked") is not None:
            pairs.append((name, one.get("value", "")))
    return pairs


_WORDS: Final = "环江荔波暴雨洪水abcXYZ019，。（）-<>&\"'"
words: st.SearchStrategy[str] = st.text(_WORDS, min_size=1, max_size=12)
_BEGIN: Final = datetime(2000, 1, 1, tzinfo=BEIJING)
moments: st.SearchStrategy[str] = st.integers(0, 2 * 10**9).map(
    lambda seconds: (_BEGIN + timedelta(seconds=seconds)).isoformat()
)


def contents(shapes: Sequence[Shape]) -> st.SearchStrategy[dict[str, Any]]:
    """Contents of the right shape, whether or not the rules of their type like them; nothing in them is empty."""
    needed = {shape.key: _values(shape) for shape in shapes if shape.required}
    others = {shape.key: _values(shape) for shape in shapes if not shape.required and shape.default == ""}
    given = {shape.key: st.just(_default(shape)) for shape in shapes if not shape.required and shape.default}
    return st.fixed_dictionaries(needed | given, optional=others)


def _default(shape: Shape) -> Any:  # noqa: ANN401
    return int(shape.default) if shape.input in {Input.INTEGER, Input.LEVEL} else shape.default


def _values(shape: Shape) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912 - one for each kind of input
    match shape.input:
        case Input.GROUP if shape.required:
            return contents(shape.parts)
        case Input.GROUP:
            return contents(shape.parts).filter(bool)
        case Input.ROWS:
            row = contents(shape.parts) if shape.entry is None else _values(shape.entry)
            return st.lists(row, min_size=max(1, shape.least or 0), max_size=max(3, shape.least or 0))
        case _ if shape.input in SEVERAL:
            entry = st.sampled_from([one.value for one in shape.choices]) if shape.choices else _entries(shape)
            return st.lists(entry, min_size=1, max_size=3, unique=True)
        case Input.INTEGER | Input.LEVEL:
            return st.integers(shape.least or 0, shape.most if shape.most is not None else 99)
        case Input.DATE:
            return st.dates().map(str)
        case Input.TIME:
            return moments
        case Input.CHECK:
            return st.just(value=True)
        case Input.YES_NO:
            return st.booleans()
        case Input.TEXT:
            return st.lists(words, min_size=1, max_size=3).map("\n".join)
        case Input.NUMBER:
            return st.integers(0, 10**6).map(str)
        case Input.CHOICE:
            return st.sampled_from([one.value for one in shape.choices])
        case _:
            return _entries(shape)


def _entries(shape: Shape) -> st.SearchStrategy[str]:
    if shape.source is Source.COUNTY:
        return st.sampled_from(["451226", "522722", "450000", "110101"])
    return st.text("abcXYZ019-", min_size=1, max_size=12) if shape.latin else words


def names_in(shapes: Sequence[Shape], at: str = "content") -> Iterator[str]:
    """Every name that a form may send, first rows of lists."""
    for shape in shapes:
        name = f"{at}.{shape.key}"
        yield name
        if shape.input is Input.ROWS:
            yield f"{name}.0"
            yield from names_in(shape.parts, f"{name}.0")
        yield from names_in(shape.parts, name)


def every(shapes: Sequence[Shape]) -> Iterator[Shape]:
    """Every field, with those within others."""
    for shape in shapes:
        yield shape
        yield from every(shape.parts)
