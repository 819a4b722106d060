"""Delivery receipts of SMPP: which submitted part one is about, and what became of it.

A receipt names its part and its state in optional parameters, in a text, or in both. The text has the form of appendix
B of the specification, which is "vendor specific": fields are looked for by name, in any order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final

from adapters.sms.smpp_pdu import Message, Option
from adapters.sms.smpp_text import UCS2
from schemas.errors import Fault
from schemas.pages import ReportState

_KINDS: Final = 0x3C
_RECEIPT_KINDS: Final = frozenset({0x04, 0x08, 0x20})
"""SMSC delivery receipt, delivery acknowledgement of a telephone, intermediate notification."""
_TEXT_MAX: Final = 1024
_CODE_MAX: Final = 32


class MessageIds(StrEnum):
    """How a carrier writes one message id in its two places; some write one in hexadecimal and one in decimal."""

    SAME = "same"
    """Letter for letter the same in ``submit_sm_resp`` and in receipts."""
    HEX_THEN_DECIMAL = "hex_then_decimal"
    """Hexadecimal in ``submit_sm_resp``, decimal in receipts."""
    DECIMAL_THEN_HEX = "decimal_then_hex"

    def from_response(self, text: str) -> str:
        """Return the reference under which a part is kept: decimal without leading zeros, unless it is ``SAME``."""
        return _normal(text, {MessageIds.HEX_THEN_DECIMAL: 16, MessageIds.DECIMAL_THEN_HEX: 10}.get(self))

    def from_receipt(self, text: str) -> str:
        """Return the reference that a receipt is about."""
        return _normal(text, {MessageIds.HEX_THEN_DECIMAL: 10, MessageIds.DECIMAL_THEN_HEX: 16}.get(self))


def _normal(text: str, base: int | None) -> str:
    digits = {10: "0123456789", 16: "0123456789abcdefABCDEF"}.get(base or 0, "")
    return str(int(text, base)) if base and text and set(text) <= set(digits) else text


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one receipt says.

    Attributes:
        message_id: As the carrier wrote it.
        code: ``DELIVRD``, or with an error ``UNDELIV/012``.
        done_at: Aware UTC; None if it does not say.
    """

    message_id: str
    state: ReportState
    code: str
    done_at: datetime | None


def is_receipt(message: Message) -> bool:
    """Tell whether a ``deliver_sm`` is about a text of ours, not a text from a telephone."""
    return message.esm_class & _KINDS in _RECEIPT_KINDS


def parse_receipt(message: Message, zone: tzinfo) -> Receipt | Fault:
    """Read a receipt.

    Args:
        message: A ``deliver_sm`` that ``is_receipt``.
        zone: That of the carrier's clock: dates in receipts carry none.
    """
    said = _fields(_text(message))
    message_id = _c_string(message.option(Option.RECEIPTED_MESSAGE_ID)) or said.get("id", "")
    if not message_id:
        return Fault("smpp.receipt", "receipted_message_id", "a receipt names the message it is about")
    by_number = _WORDS.get(_number(message.option(Option.MESSAGE_STATE)), "")
    word = said.get("stat", "").upper() or by_number
    error = said.get("err", "") or _network_error(message.option(Option.NETWORK_ERROR_CODE))
    code = f"{word}/{error}" if error.strip("0") else word
    state = _STATES.get(word) or _STATES.get(by_number, ReportState.UNKNOWN)
    return Receipt(message_id, state, code[:_CODE_MAX], _time(said, zone))


_WORDS: Final = {
    0: "SCHEDLD",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
_STATES: Final = {
    "SCHEDLD": ReportState.ACCEPTED,
    "ENROUTE": ReportState.ACCEPTED,
    "ACCEPTD": ReportState.ACCEPTED,
    "DELIVRD": ReportState.DELIVERED,
    "EXPIRED": ReportState.FAILED,
    "DELETED": ReportState.FAILED,
    "UNDELIV": ReportState.FAILED,
    "REJECTD": ReportState.FAILED,
    "SKIPPED": ReportState.FAILED,
}


def _text(message: Message) -> str:
    octets = message.short_message or message.option(Option.MESSAGE_PAYLOAD) or b""
    # not by GSM 7 bit: an id with `_` or `@` would be another one
    return octets[:_TEXT_MAX].decode("utf-16-be" if message.data_coding == UCS2 else "latin-1", "replace")


def _fields(text: str) -> Mapping[str, str]:
    before = re.split(r"\btext:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return {name.lower(): value for name, value in _FIELD.findall(before)}


_FIELD: Final = re.compile(r"\b(id|stat|err|done date):\s*([!-~]+)", re.IGNORECASE)


def _time(said: Mapping[str, str], zone: tzinfo) -> datetime | None:
    digits = said.get("done date", "")
    form = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}.get(len(digits))
    if form is None or not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        return datetime.strptime(digits, form).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _c_string(octets: bytes | None) -> str:
    return (octets or b"").partition(b"\0")[0].decode("latin-1")


def _number(octets: bytes | None) -> int:
    return int.from_bytes(octets, "big") if octets and len(octets) == 1 else -1


def _network_error(octets: bytes | None) -> str:
    """Read the network's type (one octet) and its error (two)."""
    return f"{int.from_bytes(octets[1:], 'big'):03d}" if octets and len(octets) == 3 else ""  # noqa: PLR2004
