"""The files of smstools' ``smsd``: what we write, and what we read. Values in, values out.

A file is a few lines ``Name: value``, an empty line, and the text in the alphabet that the lines name.

Source: the manual of smstools 3 (outgoing and incoming files, status reports); 3GPP TS 23.040 for the user data header
and the status octet.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from schemas.pages import Part, ReportState

FILE_MAX_BYTES: Final = 64 * 1024
_NUMBER: Final = re.compile(r"\+?[0-9](?:[0-9 -]{1,22})[0-9]")
_MOBILE: Final = re.compile(r"1[0-9]{10}")
_DIGITS: Final = re.compile(r"[0-9]{3,}")
_HEADER: Final = re.compile(r"([A-Za-z_-]{1,40}):[ \t]*(.{0,500}?)\s*")
_STATUS: Final = re.compile(r"([0-9]{1,3}),")
_CODECS: Final = {"UCS2": "utf-16-be", "UTF-8": "utf-8", "ISO": "iso-8859-15", "ISO8859-15": "iso-8859-15"}
_DELIVERED_BELOW: Final = 0x20
_TRYING_BELOW: Final = 0x40
_REASON_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A file of ``smsd``: headers in lower case, the text decoded by its alphabet."""

    headers: dict[str, str] = field(repr=False)
    text: str = field(repr=False)

    def header(self, name: str) -> str:
        """Return a header, empty if it is not there."""
        return self.headers.get(name, "")


def outgoing(number: str, part: Part) -> bytes:
    """Return the file that sends one part and asks for a report of it.

    Args:
        number: As ``dialled`` gives it.
        part: A part of several gets its user data header as a header, so that ``smsd`` cuts nothing.
    """
    lines = [f"To: {number}", "Alphabet: UCS2", "Report: yes", "Autosplit: 0"]
    if part.total > 1:
        header = bytes([5, 0, 3, part.reference & 0xFF, part.total, part.number])
        lines.append(f"UDH-DATA: {header.hex(' ').upper()}")
    return "\n".join([*lines, "", ""]).encode("ascii") + part.text.encode("utf-16-be")


def dialled(address: str, country: str) -> str | None:
    """Return a number as ``smsd`` takes it, None if it is none.

    International ones lose their plus; a Chinese mobile number of 11 digits gets the country's code in front; others
    are dialled as they are (``s`` says: short).
    """
    if _NUMBER.fullmatch(address) is None:
        return None
    digits = re.sub(r"[ -]", "", address)
    if digits.startswith("+"):
        return digits[1:]
    return country + digits if _MOBILE.fullmatch(digits) else f"s{digits}"


def read(content: bytes) -> SpoolFile | None:
    """Read a file of ``smsd``; None if it is none, or too large."""
    head, gap, body = content.partition(b"\n\n")
    if len(content) > FILE_MAX_BYTES or not gap:
        head, body = content, b""
    if len(content) > FILE_MAX_BYTES:
        return None
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").splitlines():
        found = _HEADER.fullmatch(line)
        if found is not None:
            headers.setdefault(found[1].lower(), found[2])
    if not headers:
        return None
    codec = _CODECS.get(headers.get("alphabet", "ISO").upper(), "iso-8859-15")
    return SpoolFile(headers, body.decode(codec, "replace").removesuffix("\n"))


def reported(text: str) -> tuple[str, ReportState, str] | None:
    """Read the body of a status report: the message's number at the carrier, what became of it, the carrier's code.

    None if it is no status report.
    """
    if not text.startswith("SMS STATUS REPORT"):
        return None
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    message_id, status = lines.get("Message_id", "").strip(), lines.get("Status", "").strip()
    found = _STATUS.match(status)
    if found is None or not message_id.isascii() or not message_id.isdigit():
        return None
    return message_id, _state(int(found[1])), plain(status)


def plain(text: str) -> str:
    """Return a reason as a log may show it: one line, no number that could be somebody's."""
    return _DIGITS.sub(lambda found: found[0] if len(found[0]) <= len("255") else "…", " ".join(text.split()))[
        :_REASON_MAX
    ]


def _state(status: int) -> ReportState:
    if status < _DELIVERED_BELOW:
        return ReportState.DELIVERED
    return ReportState.ACCEPTED if status < _TRYING_BELOW else ReportState.FAILED
