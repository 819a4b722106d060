"""Turn what pydantic found into faults that say the mend in plain words: one table.

A model's own rule is raised as ``broken_rule(field, mend)`` (or a plain ``ValueError``) and comes
out as code ``<prefix>.rule``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from schemas.errors import Fault
from schemas.forms import FORMS

MAX_FAULTS: Final = 20
_MAX_STEP: Final = 48  # characters of one name in a path: an unknown name is a stranger's text
_RULE: Final = "sihu_rule"

Context = Mapping[str, Any]
Words = Callable[[Context], str]


def broken_rule(field: str, mend: str) -> PydanticCustomError:
    """Return what a model's validator raises when its own rule is broken.

    Args:
        field: Dotted path from the model to the field to be changed; empty for the whole.
        mend: One plain sentence that says what to do.
    """
    return PydanticCustomError(_RULE, "{mend}", {"field": field, "mend": mend})


def _always(text: str) -> Words:
    return lambda _: text


def _form(context: Context) -> str:
    words = FORMS.get(str(context.get("pattern")))
    return f"write {words}" if words else "write it in the form that the type's JSON Schema gives"


def _one_of(context: Context) -> str:
    return f"choose one of {context.get('expected')}"


def _rule(context: Context) -> str:
    return str(context.get("mend") or context.get("error") or "the rule of the type is broken")


_TIME: Final = _always("write a time with its offset, e.g. 2025-06-11T08:30:00+08:00")
_DATE: Final = _always("write a date, e.g. 2025-06-11")
_ONCE: Final = _always("write it as one JSON object with named fields")

_TABLE: Final[dict[str, tuple[str, Words]]] = {
    "missing": ("missing_field", _always("add this field; the type needs it")),
    "extra_forbidden": ("unknown_field", _always("remove this field; the type has none of this name")),
    "string_too_long": ("too_long", lambda c: f"shorten it to at most {c['max_length']} characters"),
    "string_too_short": ("too_short", lambda c: f"write at least {c['min_length']} characters"),
    "too_long": ("too_long", lambda c: f"give at most {c['max_length']} entries"),
    "too_short": ("too_short", lambda c: f"give at least {c['min_length']} entries"),
    "string_pattern_mismatch": ("wrong_form", _form),
    "string_type": ("wrong_type", _always("write a text in quotes")),
    "int_type": ("wrong_type", _always("write a whole number without quotes, or null where unknown is allowed")),
    "int_from_float": ("wrong_type", _always("write a whole number without a decimal point")),
    "int_parsing_size": ("out_of_range", _always("write a smaller number")),
    "bool_type": ("wrong_type", _always("write true or false")),
    "tuple_type": ("wrong_type", _always("write a list in square brackets")),
    "list_type": ("wrong_type", _always("write a list in square brackets")),
    "dict_type": ("wrong_type", _ONCE),
    "model_type": ("wrong_type", _ONCE),
    "model_attributes_type": ("wrong_type", _ONCE),
    "none_required": ("wrong_type", _always("write null")),
    "enum": ("not_allowed", _one_of),
    "literal_error": ("not_allowed", _one_of),
    "greater_than": ("out_of_range", lambda c: f"write a number above {c['gt']}"),
    "greater_than_equal": ("out_of_range", lambda c: f"write a number of at least {c['ge']}"),
    "less_than": ("out_of_range", lambda c: f"write a number below {c['lt']}"),
    "less_than_equal": ("out_of_range", lambda c: f"write a number of at most {c['le']}"),
    "datetime_type": ("wrong_type", _TIME),
    "datetime_parsing": ("wrong_form", _TIME),
    "datetime_from_date_parsing": ("wrong_form", _TIME),
    "datetime_object_invalid": ("wrong_form", _TIME),
    "timezone_aware": ("wrong_form", _TIME),
    "date_type": ("wrong_type", _DATE),
    "date_parsing": ("wrong_form", _DATE),
    "date_from_datetime_parsing": ("wrong_form", _DATE),
    "date_from_datetime_inexact": ("wrong_form", _DATE),
    "string_unicode": ("wrong_form", _always("write Unicode text without lone surrogates")),
    "json_invalid": ("not_json", _always("send one valid JSON object")),
    "json_type": ("not_json", _always("send one valid JSON object")),
    "value_error": ("rule", _rule),
    _RULE: ("rule", _rule),
}


def faults_of(error: ValidationError, prefix: str) -> tuple[Fault, ...]:
    """Return every problem as a fault, the first ``MAX_FAULTS`` of them.

    Args:
        error: What pydantic raised.
        prefix: First part of every code and every path, e.g. ``content`` or ``request``.
    """
    details = error.errors(include_url=False, include_input=False)
    told = [detail for detail in details if not _is_echo(detail, details)]
    return tuple(_fault(detail, prefix) for detail in told[:MAX_FAULTS])


def _is_echo(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    # A list whose only entry is wrong is called too short as well; the entry's own fault says enough.
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in details
    )


def _fault(detail: ErrorDetails, prefix: str) -> Fault:
    context = detail.get("ctx", {})
    code, words = _TABLE.get(detail["type"], ("invalid", _always("write it as the type's JSON Schema says")))
    return Fault(f"{prefix}.{code}", ".".join(_steps(detail, context, prefix)), words(context))


def _steps(detail: ErrorDetails, context: Context, prefix: str) -> Iterator[str]:
    yield prefix
    for step in detail["loc"]:
        yield str(step)[:_MAX_STEP]
    if field := context.get("field"):
        yield str(field)
