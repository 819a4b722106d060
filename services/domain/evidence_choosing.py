"""Choose what goes into an evidence file, so that what is written holds.

Links without a gap, receipts that they reach, nothing whose key a registry version in the file has dropped, and nothing
of an ended key that cannot be shown to lie before its end.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.documents import SignedDocument
from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from schemas.evidence import ANCESTORS_MAX, RECEIPTS_MAX, RELEASES_MAX
from schemas.records import KeptLink
from schemas.registry import Registry
from services.domain.documents import document_digest
from services.domain.evidence_changes import Lines, ends_above, judge_end
from services.domain.evidence_receipts import read_receipt
from services.domain.evidence_releases import read_release
from services.domain.signing import parse_header
from services.domain.trust import Trust, keys_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store holds about one event.

    Attributes:
        event: With all its bytes; content and keys may have been erased.
        links: Of its epoch, around it, ascending; gaps may be among them.
        heads: Later links of its channel.
        receipts: Oldest first.
        ancestors: Links between the end of a key and what it signed of all this; others may be among them.
    """

    event: Envelope
    links: Sequence[KeptLink] = ()
    heads: Sequence[KeptLink] = ()
    receipts: Sequence[Envelope] = ()
    ancestors: Sequence[KeptLink] = ()
    releases: Sequence[Envelope] = ()
    """Records of who released it, as its source put them on record, oldest first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes in; ``newest`` is the last registry version that anything in it names."""

    before: Sequence[KeptLink]
    after: Sequence[KeptLink]
    heads: Sequence[KeptLink]
    receipts: Sequence[Envelope]
    ancestors: Sequence[Envelope]
    newest: int
    releases: Sequence[Envelope] = ()

    @property
    def links(self) -> Sequence[KeptLink]:
        """Those that go in with their signatures."""
        return (*self.before, *self.after, *self.heads)


def choose(gathered: Gathered, registries: Sequence[Registry], trust: Trust) -> Chosen | Fault:
    """Choose; receipts that are not in the answer cannot be shown in one file with this event.

    Args:
        gathered: From the store.
        registries: Every version in hand, the oldest first.
        trust: What is known of changes of keys, under the newest.

    Returns:
        The fault if the event itself cannot be shown to lie before the end of its key.
    """
    event = gathered.event.header
    links = _envelopes((*gathered.links, *gathered.heads, *gathered.ancestors))
    ends = _Ends(trust, (gathered.event, *links.values(), *gathered.receipts, *gathered.releases))
    if (fault := ends.unshown(gathered.event)) is not None:
        return fault
    standing = Standing(registries, trust)
    most = max(one.version for one in registries) if registries else event.registry
    reach = max(standing.lasts_until(event.signers, event.registry, most), event.registry)
    near = (links[one.envelope_id] for one in (*gathered.links, *gathered.heads) if one.envelope_id in links)
    named = [one.header.registry for one in (*near, *gathered.receipts, *gathered.releases)]
    newest = max((version for version in named if version <= reach), default=event.registry)
    newest = max(newest, event.registry)

    def stays(one: Envelope) -> bool:
        kids, version = one.header.signers, one.header.registry
        lasts = version <= newest <= standing.lasts_until(kids, version, newest)
        return lasts and standing.knows(kids, version) and ends.take(one)

    ends.take(gathered.event)
    around = [one for one in gathered.links if one.envelope_id in links and stays(links[one.envelope_id])]
    before, after = _around(event.seq, around)
    ids = {one.seq: one.envelope_id for one in (*before, *after)} | {event.seq: gathered.event.envelope_id}
    provable = (one for one in gathered.receipts if _is_provable(one, ids, standing, newest))
    receipts = [one for one in provable if stays(one)][:RECEIPTS_MAX]
    certain = (one for one in gathered.releases if _is_certified(one, standing, newest))
    releases = [one for one in certain if stays(one)][:RELEASES_MAX]
    # An event that overtook a gap stands behind the head of its chain: that one is no head of this file.
    later = (one for one in gathered.heads if one.seq > max(ids) and one.envelope_id in links)
    heads = [one for one in later if stays(links[one.envelope_id])]
    carried = [links[one.envelope_id] for one in (*before, *after, *heads)]
    ancestors = ends.between((gathered.event, *carried, *receipts, *releases))
    return Chosen(before, after, heads, receipts, ancestors, newest, releases)


class Standing:
    """Which keys each registry version lists, or changes of keys make known beside all of them."""

    def __init__(self, registries: Sequence[Registry], trust: Trust) -> None:
        """Take the versions in hand."""
        followed = {one.change.key.kid for one in trust.changes if one.change.key is not None}
        changed = frozenset(kid for kid in trust.keys if kid in followed or kid in trust.ended)
        self._kids = {one.version: frozenset(keys_of(one)) | changed for one in registries}
        self._ended = trust.ended

    def knows(self, kids: Iterable[str], version: int) -> bool:
        """Tell whether these keys are known under a version."""
        listed = self._kids.get(version)
        return listed is None or frozenset(kids) <= listed

    def certifies(self, kid: str, digest: str) -> bool:
        """Tell whether a key may stand behind the credential of this digest: an ended one for those at its end."""
        return kid not in self._ended or digest in self._ended[kid].credentials

    def lasts_until(self, kids: Iterable[str], version: int, most: int) -> int:
        """Return the last version, up to ``most``, before the first behind ``version`` that lacks one of ``kids``."""
        needed = frozenset(kids)
        later = (one for one in sorted(self._kids) if version < one <= most)
        return next((one - 1 for one in later if not needed <= self._kids[one]), most)


class _Ends:
    """What lies before the end of its key, and the headers that show it, up to as many as one file holds."""

    def __init__(self, trust: Trust, every: Iterable[Envelope]) -> None:
        self._trust = trust
        self._every = {one.envelope_id: one for one in every}
        self._lines = Lines(self._every.values())
        self._taken: set[str] = set()

    def unshown(self, event: Envelope) -> Fault | None:
        """Say why an event is not to be shown at all."""
        fault = judge_end(event, self._trust, self._lines)
        if fault is None and len(self._way(event)) <= ANCESTORS_MAX:
            return None
        if fault is None or fault.code == "chain.ancestry_missing":
            mend = f"not all the links up to the end of its key are here, or they are more than {ANCESTORS_MAX}"
            return Fault("evidence.too_far", "event", mend)
        return Fault("evidence.key_changed", "event", f"nothing proves it any more: {fault.mend}")

    def take(self, one: Envelope) -> bool:
        """Tell whether an envelope can be shown, and set room aside for what shows it."""
        if judge_end(one, self._trust, self._lines) is not None:
            return False
        wider = self._taken | self._way(one)
        if len(wider) > ANCESTORS_MAX:
            return False
        self._taken = wider
        return True

    def between(self, carried: Sequence[Envelope]) -> list[Envelope]:
        """Return the headers that what is carried needs, and that are not carried otherwise."""
        needed = {key for one in carried for key in self._way(one)} - {one.envelope_id for one in carried}
        found = [self._every[key] for key in needed]
        return sorted(found, key=lambda one: (one.header.channel, one.header.epoch, one.header.seq))

    def _way(self, one: Envelope) -> set[str]:
        return {key for end in ends_above(one, self._trust) for key in self._lines.way(one, end)}


def _envelopes(links: Iterable[KeptLink]) -> Mapping[str, Envelope]:
    found: dict[str, Envelope] = {}
    for one in links:
        header = parse_header(one.header_bytes)
        if isinstance(header, Header):
            found[one.envelope_id] = Envelope(one.envelope_id, header, one.header_bytes, one.signatures_bytes, b"", b"")
    return found


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
    return _lasts(receipt.officer.credential, envelope.header.registry, standing, newest)


def _is_certified(envelope: Envelope, standing: Standing, newest: int) -> bool:
    record = read_release(envelope.content)
    if isinstance(record, Fault):
        return False
    return all(_lasts(one.credential, envelope.header.registry, standing, newest) for one in record.officers)


def _lasts(credential: SignedDocument, version: int, standing: Standing, newest: int) -> bool:
    certifiers = [one.kid for one in credential.signatures if standing.certifies(one.kid, document_digest(credential))]
    return any(standing.lasts_until([kid], version, newest) >= newest for kid in certifiers)
