"""Choose what goes into an evidence file, so that what is written holds.

Links without a gap, receipts that they reach, and nothing whose key a registry version in the file has dropped.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from schemas.records import KeptLink
from schemas.registry import Registry
from services.domain.evidence_receipts import read_receipt
from services.domain.signing import parse_header
from services.domain.trust import keys_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store holds about one event.

    Attributes:
        event: With all its bytes; content and keys may have been erased.
        links: Of its epoch, around it, ascending; gaps may be among them.
        heads: Later links of its channel.
        receipts: Oldest first.
    """

    event: Envelope
    links: Sequence[KeptLink] = ()
    heads: Sequence[KeptLink] = ()
    receipts: Sequence[Envelope] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes in; ``newest`` is the last registry version that anything in it names."""

    before: Sequence[KeptLink]
    after: Sequence[KeptLink]
    heads: Sequence[KeptLink]
    receipts: Sequence[Envelope]
    newest: int


def choose(gathered: Gathered, registries: Sequence[Registry]) -> Chosen:
    """Choose; receipts that are not in the answer cannot be shown in one file with this event.

    Args:
        gathered: From the store.
        registries: Every version in hand, the oldest first.
    """
    event = gathered.event.header
    headers = _headers((*gathered.links, *gathered.heads))
    standing = Standing(registries)
    most = max(one.version for one in registries) if registries else event.registry
    reach = max(standing.lasts_until(event.signers, event.registry, most), event.registry)
    named = [one.registry for one in (*headers.values(), *(one.header for one in gathered.receipts))]
    newest = max((version for version in named if version <= reach), default=event.registry)
    newest = max(newest, event.registry)

    def stays(kids: Iterable[str], version: int) -> bool:
        return version <= newest <= standing.lasts_until(kids, version, newest) and standing.knows(kids, version)

    kept = {key: header for key, header in headers.items() if stays(header.signers, header.registry)}
    before, after = _around(event.seq, [one for one in gathered.links if one.envelope_id in kept])
    ids = {one.seq: one.envelope_id for one in (*before, *after)} | {event.seq: gathered.event.envelope_id}
    receipts = [
        one
        for one in gathered.receipts
        if stays(one.header.signers, one.header.registry) and _is_provable(one, ids, standing, newest)
    ]
    # An event that overtook a gap stands behind the head of its chain: that one is no head of this file.
    heads = [one for one in gathered.heads if one.seq > max(ids) and one.envelope_id in kept]
    return Chosen(before, after, heads, receipts, newest)


class Standing:
    """Which keys each registry version lists."""

    def __init__(self, registries: Sequence[Registry]) -> None:
        """Take the versions in hand."""
        self._kids = {one.version: frozenset(keys_of(one)) for one in registries}

    def knows(self, kids: Iterable[str], version: int) -> bool:
        """Tell whether a version lists these keys: one that came by a change of keys alone is in none yet."""
        listed = self._kids.get(version)
        return listed is None or frozenset(kids) <= listed

    def lasts_until(self, kids: Iterable[str], version: int, most: int) -> int:
        """Return the last version, up to ``most``, before the first behind ``version`` that lacks one of ``kids``."""
        needed = frozenset(kids)
        later = (one for one in sorted(self._kids) if version < one <= most)
        return next((one - 1 for one in later if not needed <= self._kids[one]), most)


def _headers(links: Iterable[KeptLink]) -> Mapping[str, Header]:
    found = {one.envelope_id: parse_header(one.header_bytes) for one in links}
    return {key: header for key, header in found.items() if not isinstance(header, Fault)}


def _around(seq: int, links: Iterable[KeptLink]) -> tuple[list[KeptLink], list[KeptLink]]:
    by_seq = {one.seq: one for one in links}
    before: list[KeptLink] = []
    while (one := by_seq.get(seq - len(before) - 1)) is not None:
        before.append(one)
    after: list[KeptLink] = []
    while (one := by_seq.get(seq + len(after) + 1)) is not None:
        after.append(one)
    return before[::-1], after


def _is_provable(envelope: Envelope, ids: Mapping[int, str], standing: Standing, newest: int) -> bool:
    receipt = read_receipt(envelope.content)
    if isinstance(receipt, Fault) or ids.get(receipt.seq) != receipt.head:
        return False
    if receipt.officer is None:
        return True
    certifiers = [one.kid for one in receipt.officer.credential.signatures]
    return any(standing.lasts_until([kid], envelope.header.registry, newest) >= newest for kid in certifiers)
