"""Cut an SMS into parts.

Every text goes out as UCS-2 and never in the GSM 7-bit alphabet: that alphabet has no Chinese, CMPP does not know it
(its format 0 is ASCII), and a text whose coding hung on its content would hang its number of parts on it, too. So one
rule counts everything: 140 octets hold 70 units of UTF-16; the six octets that join the parts of a longer one leave 67.

Source: 3GPP TS 23.038 (alphabets), TS 23.040 section 9.2.3.24.1 (concatenation with an 8-bit reference).
"""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from schemas.errors import InvariantError
from schemas.pages import PARTS_MAX, Part

SINGLE_UNITS: Final = 70
PART_UNITS: Final = 67
CUT_MARK: Final = "…（余见值班台）"
"""What a text ends with that was too long."""
RESERVED_MAX: Final = 40
_BASIC_PLANE: Final = "\uffff"
_JOINER: Final = "\u200d"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)
_REFERENCES: Final = 256


def units(text: str) -> int:
    """Return how many UTF-16 units a text takes: two for each character outside the basic plane."""
    return len(text) + sum(char > _BASIC_PLANE for char in text)


def reference_of(page_id: str) -> int:
    """Return the octet that joins the parts of a page's SMS: the same again after a crash."""
    return int(page_id[:2], 16)


def segment(text: str, reference: int, *, reserved: int = 0) -> tuple[Part, ...]:
    """Cut a text into the parts of one SMS.

    No part ends inside a surrogate pair, nor inside a character with its combining marks unless those alone overfill
    a part. A text that needs more than ``PARTS_MAX`` parts is cut and ends with ``CUT_MARK``.

    Args:
        text: The whole text, the signature that we write ourselves included; half a surrogate pair becomes U+FFFD.
        reference: 0 to 255, see ``reference_of``.
        reserved: Units that the carrier itself adds to every part, such as a signature; 0 to ``RESERVED_MAX``.

    Returns:
        One part of at most 70 units, or 2 to ``PARTS_MAX`` parts of at most 67, less what is reserved.
    """
    if not 0 <= reference < _REFERENCES:
        raise InvariantError("the reference of an SMS is one octet")
    if not 0 <= reserved <= RESERVED_MAX:
        raise InvariantError(f"a carrier's addition has 0 to {RESERVED_MAX} units")
    whole = _mended(text)
    if units(whole) <= SINGLE_UNITS - reserved:
        return (Part(1, 1, reference, whole),)
    most = PART_UNITS - reserved
    texts = _filled(_clusters(whole, most), most)
    if len(texts) > PARTS_MAX:
        texts = _shortened(texts[:PARTS_MAX], most)
    return tuple(Part(number, len(texts), reference, one) for number, one in enumerate(texts, 1))


def _mended(text: str) -> str:
    # Two halves that stand together are a pair; a lone half would make the encoder fail, or a handset show rubbish.
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def _filled(clusters: Sequence[str], most: int) -> list[str]:
    texts, size = [""], 0
    for cluster in clusters:
        length = units(cluster)
        if size + length > most:
            texts.append("")
            size = 0
        texts[-1] += cluster
        size += length
    return texts


def _shortened(texts: list[str], most: int) -> list[str]:
    clusters, room = _clusters(texts[-1], most), most - units(CUT_MARK)
    while clusters and units("".join(clusters)) > room:
        clusters.pop()
    return [*texts[:-1], "".join(clusters) + CUT_MARK]


def _clusters(text: str, most: int) -> list[str]:
    """Split a text where it may be cut: a base character keeps its marks unless they overfill a part."""
    starts = [0, *(at for at, (before, char) in enumerate(pairwise(text), 1) if not _clings(before, char)), len(text)]
    clusters: list[str] = []
    for start, end in pairwise(starts):
        cluster = text[start:end]
        clusters += [cluster] if units(cluster) <= most else list(cluster)
    return clusters


def _clings(before: str, char: str) -> bool:
    if unicodedata.category(char).startswith("M") or _JOINER in {char, before}:
        return True
    if ord(char) in _SKIN_TONES:
        return True
    # Letters of flags come in twos; in a row of them every border is kept, which costs nothing but room.
    return ord(char) in _FLAG_LETTERS and ord(before) in _FLAG_LETTERS
