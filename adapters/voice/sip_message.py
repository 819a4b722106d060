"""SIP messages: bytes to values and back. Values in, values out.

Whatever is no SIP message of bounded size is None: a stranger's datagram is passed over, never an exception.

Source: RFC 3261 sections 7, 20 and 25; RFC 3581 for ``rport``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

DATAGRAM_MAX_BYTES: Final = 65_535
HEADERS_MAX: Final = 100
LINE_MAX: Final = 8192
CSEQ_MAX: Final = 2**31 - 1
_WORD: Final = r"[A-Za-z0-9.!%*_+`'~-]{1,64}"
_REQUEST: Final = re.compile(rf"({_WORD}) ([^\s]{{1,1024}}) SIP/2\.0")
_RESPONSE: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ?(.{0,512})")
_HEADER: Final = re.compile(rf"({_WORD})[ \t]*:[ \t]*(.*?)[ \t]*", re.DOTALL)
_URI: Final = re.compile(r"sips?:[!-;=?-~]{1,1000}", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CSEQ: Final = re.compile(rf"([0-9]{{1,10}})[ \t]+({_WORD})")
_TAG: Final = re.compile(r";[ \t]*tag[ \t]*=[ \t]*([^\s;,]{1,256})", re.IGNORECASE)
_BRANCH: Final = re.compile(r";[ \t]*branch[ \t]*=[ \t]*([^\s;,]{1,256})", re.IGNORECASE)
_SHORT: Final = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
}
_NEEDED: Final = ("via", "from", "to", "call-id")


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or a response.

    Attributes:
        method: Of a request; of a response the one in its CSeq.
        uri: Of a request; empty for a response.
        status: Of a response, 100 to 699; 0 for a request.
        number: Of the CSeq.
        headers: Names in lower case and long form, in their order.
        body: What follows the empty line, as long as the message says.
    """

    method: str
    uri: str
    status: int
    reason: str
    number: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def first(self, name: str) -> str:
        """Return the first value of a header, empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a header that may hold several, such as Via: one for each, in their order."""
        return [part for key, value in self.headers if key == name for part in _split(value)]

    @property
    def call_id(self) -> str:
        """Which call it belongs to."""
        return self.first("call-id")

    @property
    def to_tag(self) -> str:
        """The far side's half of the dialog's name; empty before there is one."""
        return _found(_TAG, self.first("to"))

    @property
    def from_tag(self) -> str:
        """The half of whoever sent the request."""
        return _found(_TAG, self.first("from"))

    @property
    def branch(self) -> str:
        """Which transaction it belongs to."""
        vias = self.every("via")
        return _found(_BRANCH, vias[0]) if vias else ""


def parse(datagram: bytes) -> SipMessage | None:
    """Read one datagram; None if it is no whole SIP message."""
    if len(datagram) > DATAGRAM_MAX_BYTES:
        return None
    head, gap, body = datagram.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not gap or len(lines) > HEADERS_MAX or any(len(line) > LINE_MAX for line in lines):
        return None
    headers = _headers(lines[1:])
    if headers is None:
        return None
    return _message(lines[0], headers, body)


def render(first: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """Spell a message; Content-Length is added."""
    lines = [first, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def uri_of(address: str) -> str:
    """Return the SIP URI of a Contact or Route: what stands in angle brackets, or before the first parameter.

    Empty if it is none: what has a blank in it would break the request that it is put into.
    """
    _, bracket, rest = address.partition("<")
    uri = rest.partition(">")[0] if bracket else address.partition(";")[0].strip()
    return uri if _URI.fullmatch(uri) else ""


def _message(first: str, headers: tuple[tuple[str, str], ...], body: bytes) -> SipMessage | None:
    known = dict(reversed(headers))
    cseq = _CSEQ.fullmatch(known.get("cseq", ""))
    length = known.get("content-length", str(len(body)))
    if cseq is None or int(cseq[1]) > CSEQ_MAX or not all(known.get(name) for name in _NEEDED):
        return None
    if not (length.isascii() and length.isdigit() and len(length) < len(str(CSEQ_MAX)) and int(length) <= len(body)):
        return None
    number, body = int(cseq[1]), body[: int(length)]
    if found := _RESPONSE.fullmatch(first):
        return SipMessage(cseq[2], "", int(found[1]), found[2], number, headers, body)
    if (found := _REQUEST.fullmatch(first)) and found[1] == cseq[2]:
        return SipMessage(cseq[2], found[2], 0, "", number, headers, body)
    return None


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...] | None:
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    read: list[tuple[str, str]] = []
    for line in unfolded:
        found = _HEADER.fullmatch(line)
        if found is None or _CONTROL.search(line):
            return None
        name = found[1].lower()
        read.append((_SHORT.get(name, name), found[2]))
    return tuple(read)


def _split(value: str) -> list[str]:
    """Split at commas that stand neither in quotes nor in angle brackets."""
    parts, quoted, inside = [""], False, False
    for character in value:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "<>":
            inside = character == "<"
        if character == "," and not quoted and not inside:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
