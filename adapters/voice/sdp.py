"""What two ends say about sound: our offer, their answer. Values in, values out.

Source: RFC 4566 (SDP), RFC 3264 (offer and answer), RFC 3551 (G.711 has payload types 0 and 8), RFC 4733 (keys).
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

PCMU: Final = 0
PCMA: Final = 8
KEYS: Final = 101
"""Payload type under which we offer ``telephone-event``."""
SDP_MAX_BYTES: Final = 16 * 1024
_PORT_MAX: Final = 65_535
_TYPE_MAX: Final = 127
_RTPMAP: Final = re.compile(r"rtpmap:([0-9]{1,3}) ([A-Za-z0-9.-]{1,32})/([0-9]{1,6})(?:/1)?")
_AUDIO: Final = re.compile(r"audio ([0-9]{1,5})(?:/[0-9]+)? RTP/AVP((?: [0-9]{1,3}){1,32})")


@dataclass(frozen=True, slots=True)
class Sound:
    """Where to send sound to, and how.

    Attributes:
        codec: ``PCMA`` or ``PCMU``.
        keys: Payload type of ``telephone-event``; None if the far side does not send keys so.
    """

    host: str
    port: int
    codec: int
    keys: int | None


def offer(host: str, port: int, number: int) -> bytes:
    """Return our offer: A-law first, as in China, µ-law, and keys.

    Args:
        host: Our address, IPv4 or IPv6.
        port: Where we hear.
        number: Of the session.
    """
    kind = "IP6" if ":" in host else "IP4"
    lines = (
        "v=0",
        f"o=sihu {number} {number} IN {kind} {host}",
        "s=-",
        f"c=IN {kind} {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {PCMA} {PCMU} {KEYS}",
        f"a=rtpmap:{PCMA} PCMA/8000",
        f"a=rtpmap:{PCMU} PCMU/8000",
        f"a=rtpmap:{KEYS} telephone-event/8000",
        f"a=fmtp:{KEYS} 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    )
    return "\r\n".join(lines).encode()


def answer_of(body: bytes) -> Sound | None:
    """Read the far side's answer; None if we cannot talk to it."""
    if len(body) > SDP_MAX_BYTES:
        return None
    lines = [line.strip() for line in body.decode("utf-8", "replace").split("\n")]
    start = next((at for at, line in enumerate(lines) if line.startswith("m=audio ")), None)
    if start is None:
        return None
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("m=")), len(lines))
    audio, media = _AUDIO.fullmatch(lines[start][2:]), lines[start + 1 : end]
    host = _host([*media, *lines[:start]])
    if audio is None or host is None or not 0 < int(audio[1]) <= _PORT_MAX:
        return None
    types = [int(one) for one in audio[2].split()]
    codec = next((one for one in types if one in {PCMA, PCMU}), None)
    return None if codec is None else Sound(host, int(audio[1]), codec, _keys(types, media))


def _host(lines: list[str]) -> str | None:
    """Return the address of the first ``c=`` line, the audio's own before the session's; names are not looked up."""
    line = next((one for one in lines if one.startswith("c=IN IP")), "")
    try:
        address = ipaddress.ip_address(line.rpartition(" ")[2])
    except ValueError:
        return None
    return None if address.is_unspecified or address.is_multicast else str(address)


def _keys(types: list[int], media: list[str]) -> int | None:
    for line in media:
        found = _RTPMAP.fullmatch(line.removeprefix("a="))
        if found and found[2].lower() == "telephone-event" and found[3] == "8000" and int(found[1]) in types:
            return int(found[1]) if int(found[1]) <= _TYPE_MAX else None
    return None
