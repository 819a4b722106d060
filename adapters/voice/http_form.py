"""A provider that calls by HTTP, as a form: what is asked, what it answers, what it calls back. Values in, values out.

No vendor's API is built in, for none could be tried. A form says which JSON a provider takes and gives: an operator
writes it from the vendor's manual. Requests and callbacks are signed as Standard Webhooks 1.0 has it (HMAC-SHA256 over
id, time and body), both ways with the same secret.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from schemas.errors import Fault
from schemas.pages import PAGE_ID_PATTERN, Dispatch, Inbound, Keyed, Report, ReportState

BODY_MAX_BYTES: Final = 64 * 1024
SKEW_SECONDS: Final = 300
_TEXT_MAX: Final = 200
_SIGNATURES_MAX: Final = 8
_DIGITS_MAX: Final = 32
_PAGE_ID: Final = re.compile(PAGE_ID_PATTERN)

STATES: Final[Mapping[str, ReportState]] = {
    "ringing": ReportState.ACCEPTED,
    "answered": ReportState.ACCEPTED,
    "played": ReportState.DELIVERED,
    "keyed": ReportState.DELIVERED,
    "busy": ReportState.FAILED,
    "no_answer": ReportState.FAILED,
    "rejected": ReportState.FAILED,
    "failed": ReportState.FAILED,
}


@dataclass(frozen=True, slots=True)
class CallForm:
    """Which JSON a provider takes and gives; places are dotted paths such as ``data.call.id``.

    Attributes:
        fields: Place → text with ``{number}``, ``{text}``, ``{page_id}``, ``{template}``, ``{subject}`` in it.
        answer_code: Where the answer says whether it was taken; empty if the HTTP status alone says so.
        answer_ok: What stands there if it was.
        answer_id: Where the answer names the call; empty if callbacks carry our page id.
        callback_id: Where a callback names the call.
        callback_state: Where it says what became of it.
        callback_digits: Where it gives what was keyed; empty for nowhere.
        callback_page: Where it repeats our page id; empty if ``callback_id`` is that.
        states: The provider's word → ours.
    """

    fields: Mapping[str, str]
    answer_code: str = ""
    answer_ok: str = "OK"
    answer_id: str = ""
    callback_id: str = "id"
    callback_state: str = "state"
    callback_digits: str = "digits"
    callback_page: str = ""
    states: Mapping[str, ReportState] = field(default_factory=lambda: STATES)


def request_of(form: CallForm, dispatch: Dispatch) -> bytes:
    """Fill the form; texts go in as JSON strings, so that none becomes structure."""
    given = {
        "number": dispatch.address,
        "text": dispatch.spoken or dispatch.text,
        "page_id": dispatch.page_id,
        "template": dispatch.template,
        "subject": dispatch.subject,
        **{f"variable.{name}": value for name, value in dispatch.variables},
    }
    filled: dict[str, Any] = {}
    for place, text in form.fields.items():
        *above, last = place.split(".")
        inner = filled
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = _filled(text, given)
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def headers_of(secret: bytes, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
        "content-type": "application/json",
    }


def is_signed(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Tell whether a callback was signed by our secret within the last five minutes; header names in lower case."""
    timestamp, message_id = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("9999999999") and message_id):
        return False
    if abs(now.timestamp() - int(timestamp)) > SKEW_SECONDS:
        return False
    right = signature(secret, message_id, int(timestamp), body).encode()
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
    return any(hmac.compare_digest(right, one) for one in given[:_SIGNATURES_MAX])


def answered(form: CallForm, body: bytes) -> tuple[bool, str, str]:
    """Read a provider's answer: whether it was taken, the call's id there, its own code."""
    read = _json(body)
    code = _at(read, form.answer_code) if form.answer_code else ""
    taken = not form.answer_code or code == form.answer_ok
    return taken, _at(read, form.answer_id) if form.answer_id else "", code[:_TEXT_MAX]


def called_back(form: CallForm, provider: str, body: bytes, now: datetime) -> tuple[Inbound, ...] | Fault:
    """Read a callback whose signature was right: a report, and what was keyed."""
    read = _json(body)
    reference, word = _at(read, form.callback_id), _at(read, form.callback_state)
    if not reference or len(reference) > _TEXT_MAX:
        return Fault("callback.reference", form.callback_id, "name the call by the id that was agreed")
    state = form.states.get(word)
    if state is None:
        return Fault("callback.state", form.callback_state, f"use one of {', '.join(sorted(form.states))}")
    heard: list[Inbound] = [Report(provider, reference, state, word, None, now)]
    digits = _at(read, form.callback_digits) if form.callback_digits else ""
    if digits:
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
            return Fault("callback.digits", form.callback_digits, f"give at most {_DIGITS_MAX} digits")
        place = form.callback_page or form.callback_id
        page_id = _at(read, place)
        if _PAGE_ID.fullmatch(page_id) is None:
            return Fault("callback.page", place, "repeat the id that the request gave, 32 hexadecimal digits")
        heard.append(Keyed(provider, page_id, digits, now))
    return tuple(heard)


def _filled(text: str, given: Mapping[str, str]) -> str:
    """Put values in the place of ``{names}``; in one pass, so that a value is never looked through again."""
    parts = text.split("{")
    made = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        made.append(given[name] + rest if closed and name in given else "{" + part)
    return "".join(made)


def _json(body: bytes) -> object:
    if len(body) > BODY_MAX_BYTES:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _at(read: object, place: str) -> str:
    for name in place.split("."):
        read = read.get(name) if isinstance(read, dict) else None
    if isinstance(read, bool) or not isinstance(read, str | int):
        return ""
    return str(read) if isinstance(read, str) or abs(read) < 10**18 else ""
