"""Fields typed on the command line: ``headline=暴雨`` is text, ``report_no:=1`` is JSON, dots nest, numbers index."""

from itertools import pairwise
from typing import Final

from pydantic import JsonValue

from schemas.errors import Fault, RequestError
from services.domain.encoding import parse_strict

_MAX_BYTES: Final = 256 * 1024


def is_field(text: str) -> bool:
    """Tell a field from the name of a file."""
    return "=" in text


def with_fields(content: dict[str, JsonValue], fields: list[str]) -> dict[str, JsonValue]:
    """Return the content with every field set, in the order typed.

    Raises:
        RequestError: A field has no name, its JSON is not valid, or it goes through something that is no object.
    """
    for text in fields:
        name, value = _parsed(text)
        _put(content, name.split("."), value, text)
    return content


def _parsed(text: str) -> tuple[str, JsonValue]:
    name, _, value = text.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":")
    if not name or "" in name.split("."):
        raise RequestError(Fault("request.field", text[:60], "write FIELD=VALUE, e.g. headline=暴雨红色预警"))
    if not is_json:
        return name, value
    parsed = parse_strict(value.encode(), max_bytes=_MAX_BYTES, what=name)
    if isinstance(parsed, Fault):
        raise RequestError(parsed)
    return name, parsed


def _put(target: JsonValue, path: list[str], value: JsonValue, text: str) -> None:
    for step, following in pairwise(path):
        target = _entered(target, step, [] if following.isdecimal() else {}, text)
    if isinstance(target, dict):
        target[path[-1]] = value
    elif isinstance(target, list) and path[-1] == str(len(target)):
        target.append(value)
    elif isinstance(target, list) and path[-1].isdecimal() and int(path[-1]) < len(target):
        target[int(path[-1])] = value
    else:
        raise _astray(text)


def _entered(target: JsonValue, step: str, missing: JsonValue, text: str) -> JsonValue:
    """Go one step down, making what is not there yet; lists grow by one at their end."""
    if isinstance(target, dict):
        return target.setdefault(step, missing)
    if isinstance(target, list) and step.isdecimal() and int(step) <= len(target):
        if int(step) == len(target):
            target.append(missing)
        return target[int(step)]
    raise _astray(text)


def _astray(text: str) -> RequestError:
    mend = "a number goes into a list, from 0 without a gap, and a name into an object"
    return RequestError(Fault("request.field", text.partition("=")[0][:60], mend))
