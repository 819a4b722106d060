"""Read a header that differs from one read before only where the links of one chain differ.

A neighbour's headers are alike but for place, times and the content that they bind. The rest is parsed strictly once,
in a specimen: the same bytes with placeholders in those places. What the specimen may be, the header may be too:

- Only whole JSON values are replaced, by values of the same kind, and nothing is escaped: both texts read alike.
- No field stands twice and no object takes a name that the schema lacks: what is found is the one of that name.
- No rule of the schema looks at two of these values, and each is taken only in a form that its own rule allows.

Whatever is spelt in any other way is left to the strict parse; a property test holds the two against each other.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from schemas.envelope import CONTENT_MAX_BYTES, Header
from schemas.ids import NO_LINK

FAMILIAR_MAX_BYTES: Final = 4 * 1024
"""Longer headers, of very wide audiences, are not worth keeping; so many bytes any header may have."""

_TIME: Final = rb'"(20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}\+08:00)"'
_PLACE: Final = re.compile(
    rb'"seq":(0|[1-9][0-9]{0,14}),"prev":"([0-9a-f]{64})","time":%b(?:,"expires":%b)?(?:,"acknowledge_by":%b)?,"to":'
    % (_TIME, _TIME, _TIME)
)
_BINDING: Final = re.compile(
    rb'"encoding":"none","digest":"([0-9a-f]{64})","size":(0|[1-9][0-9]{0,5}),"content_id":"([0-9a-f]{32})"\}'
)
_ANY_TIME: Final = b"2000-01-01T00:00:00.000+08:00"
_ANY_PLACE: Final = b'"seq":0,"prev":"%b","time":"%b"' % (NO_LINK.encode(), _ANY_TIME)
_ANY_EXPIRES: Final = b',"expires":"%b"' % _ANY_TIME
_ANY_ACKNOWLEDGE_BY: Final = b',"acknowledge_by":"%b"' % _ANY_TIME
_ANY_BINDING: Final = b'"encoding":"none","digest":"%b","size":0,"content_id":"%b"}' % (b"0" * 64, b"0" * 32)


@dataclass(frozen=True, slots=True)
class Familiar:
    """A header in two parts.

    Attributes:
        specimen: The bytes with placeholders, to be parsed strictly.
        place: Sequence and predecessor.
        times: ``time``, ``expires``, ``acknowledge_by``; None for one that is not there.
        binding: Digest, size in bytes and content id.
    """

    specimen: bytes
    place: tuple[int, str]
    times: tuple[datetime | None, datetime | None, datetime | None]
    binding: tuple[str, int, str]


def part(data: bytes) -> Familiar | None:
    """Part a header into what its chain shares and what is its own; None if it is spelt in another way."""
    if len(data) > FAMILIAR_MAX_BYTES or b"\\" in data:
        return None
    place = _PLACE.search(data)
    binding = _BINDING.search(data, place.end()) if place else None
    if place is None or binding is None:
        return None
    seq, prev, *moments = place.groups()
    digest, size, content_id = binding.groups()
    try:
        time, expires, acknowledge_by = map(_moment, moments)
    except ValueError:  # no such day or hour
        return None
    if int(size) > CONTENT_MAX_BYTES:
        return None
    specimen = b"".join(
        (
            data[: place.start()],
            _ANY_PLACE,
            _ANY_EXPIRES if expires else b"",
            _ANY_ACKNOWLEDGE_BY if acknowledge_by else b"",
            data[place.end() - len(b',"to":') : binding.start()],
            _ANY_BINDING,
            data[binding.end() :],
        )
    )
    bound = digest.decode(), int(size), content_id.decode()
    return Familiar(specimen, (int(seq), prev.decode()), (time, expires, acknowledge_by), bound)


def joined(specimen: Header, own: Familiar) -> Header:
    """Return the parsed specimen with the values of this header in their places."""
    (seq, prev), (digest, size, content_id) = own.place, own.binding
    time, expires, acknowledge_by = own.times
    binding = specimen.content.model_copy(update={"digest": digest, "size": size, "content_id": content_id})
    changes = {"seq": seq, "prev": prev, "time": time, "content": binding}
    if expires is not None:
        changes["expires"] = expires
    if acknowledge_by is not None:
        changes["acknowledge_by"] = acknowledge_by
    return specimen.model_copy(update=changes)


def _moment(text: bytes | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.decode()).astimezone(UTC)
