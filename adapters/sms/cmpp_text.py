r"""Texts in CMPP: what goes out as UCS-2, what comes in by its declared coding, and long ones joined.

Pure. Nothing is guessed: octets that are none of the declared coding stay visible as ``\xNN``, and what is declared to
be no text comes out as hexadecimal digits; nothing of either is lost.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from adapters.sms.cmpp_bodies import Deliver

UCS2: Final = 8
SINGLE_MAX_BYTES: Final = 140
PART_MAX_BYTES: Final = 134
PARTS_MAX: Final = 16
"""Most parts of one long text from a telephone; what claims more is taken part by part."""
JOINING_MAX: Final = 64
"""Most long texts under way at once."""
WAITING_MAX: Final = 128
"""Most parts of them that wait for an answer at once."""
_KEPT_MAX: Final = 1024

_CODINGS: Final = {0: "ascii", 3: "ascii", UCS2: "utf-16-be", 15: "gb18030"}
_CONCAT_8: Final = 0x00
_CONCAT_16: Final = 0x08
_CONCAT_SIZES: Final = {_CONCAT_8: 3, _CONCAT_16: 4}
_GAP: Final = "…"


@dataclass(frozen=True, slots=True)
class Decoded:
    r"""A text; ``faithful`` is false if some of it shows as ``\xNN`` or hexadecimal digits."""

    text: str
    faithful: bool


def decode_text(msg_fmt: int, octets: bytes) -> Decoded:
    """Decode by the declared coding: 0 ASCII, 8 UCS-2, 15 GBK.

    3 writes to a SIM card: what is ASCII of it is shown, since gateways are known that declare plain text so. 4 and
    whatever else is binary.
    """
    coding = _CODINGS.get(msg_fmt)
    if coding is None:
        return Decoded(f"Msg_Fmt {msg_fmt}: {octets.hex()}", faithful=False)
    try:
        return Decoded(octets.decode(coding), faithful=True)
    except UnicodeDecodeError:
        return Decoded(octets.decode(coding, "backslashreplace"), faithful=False)


def part_content(text: str, *, number: int, total: int, reference: int) -> bytes | None:
    """Return the content of one part as UCS-2, with the header that joins it; None if it cannot be one."""
    try:
        octets = text.encode("utf-16-be")
    except UnicodeEncodeError:
        return None
    if total == 1:
        return octets if len(octets) <= SINGLE_MAX_BYTES else None
    if len(octets) > PART_MAX_BYTES or not 1 <= number <= total <= 255:  # noqa: PLR2004 - one octet
        return None
    return bytes([5, _CONCAT_8, 3, reference & 0xFF, total, number]) + octets


# -- long texts coming in -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """One delivered part: ``total`` 1 if it stands alone."""

    reference: int
    number: int
    total: int
    octets: bytes = field(repr=False)


def piece_of(deliver: Deliver) -> Piece:
    """Take the user data header off; a header that does not hold together is left in the text."""
    alone = Piece(0, 1, 1, deliver.content)
    if not deliver.tp_udhi & 1 or not deliver.content:
        return alone
    header, text = deliver.content[1 : 1 + deliver.content[0]], deliver.content[1 + deliver.content[0] :]
    if len(header) < deliver.content[0]:
        return alone
    found = _concatenation(header)
    if found is None or not 1 <= found[2] <= found[1] <= PARTS_MAX:
        return Piece(0, 1, 1, text)
    reference, total, number = found
    return Piece(reference, number, total, text)


def _concatenation(header: bytes) -> tuple[int, int, int] | None:
    """Return (reference, total, number) of a user data header that joins. Source: 3GPP TS 23.040, 9.2.3.24."""
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if _CONCAT_SIZES.get(kind) == size == len(value):
            return int.from_bytes(value[:-2], "big"), value[-2], value[-1]
        at += 2 + size
    return None


Key = tuple[str, str, int, int, int]
"""Sender, number it went to, reference, total, coding: what belongs together."""


@dataclass(slots=True)
class Joining:
    """A long text under way: of each piece, by number, the deliver it came in and its octets."""

    total: int
    msg_fmt: int
    pieces: dict[int, tuple[Deliver, bytes]] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> bool:
        """Every part is here."""
        return len(self.pieces) == self.total

    @property
    def msg_id(self) -> int:
        """Msg_Id of the first part that is here: the same however often and in whatever order they come."""
        return self.pieces[min(self.pieces)][0].msg_id

    def text(self) -> Decoded:
        """Join what is here, octets before decoding: a surrogate pair may be cut at the border. Gaps show as ``…``."""
        runs: list[bytes | None] = []
        for number in range(1, self.total + 1):
            octets = self.pieces[number][1] if number in self.pieces else None
            if octets is not None and runs and runs[-1] is not None:
                runs[-1] += octets
            elif octets is not None or not runs or runs[-1] is not None:
                runs.append(octets)
        parts = [Decoded(_GAP, faithful=True) if run is None else decode_text(self.msg_fmt, run) for run in runs]
        return Decoded("".join(part.text for part in parts), all(part.faithful for part in parts))


class Joiner:
    """Long texts of one connection that have not come whole."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._under_way: dict[Key, Joining] = {}
        self._kept: deque[Deliver] = deque(maxlen=_KEPT_MAX)

    def add(self, deliver: Deliver, piece: Piece) -> tuple[Key, Joining] | None:
        """Keep one piece, a repeated one in the place of the first; None if too many texts are under way."""
        key = (deliver.src_terminal_id, deliver.dest_id, piece.reference, piece.total, deliver.msg_fmt)
        joining = self._under_way.get(key)
        if joining is None:
            if len(self._under_way) >= JOINING_MAX:
                return None
            joining = self._under_way[key] = Joining(piece.total, deliver.msg_fmt)
        joining.pieces[piece.number] = (deliver, piece.octets)
        return key, joining

    def remove(self, key: Key) -> None:
        """Forget one: it is whole, or waited for no longer."""
        self._under_way.pop(key, None)

    def note_kept(self, joining: Joining) -> None:
        """Remember the parts of a text that is kept."""
        self._kept.extend(deliver for deliver, _ in joining.pieces.values())

    def is_kept(self, deliver: Deliver) -> bool:
        """A part that comes again, since our answer was lost: alone it would look like a new text full of gaps."""
        return deliver in self._kept
