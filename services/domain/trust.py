"""What this node trusts at one moment: a registry, its keys, and the agreements in hand.

Nothing here asks the network. ``build`` checks every signature once; after that trust is a value.

Source: docs/protocol.md, section "Trust".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.key_changes import BranchKept, ChangeReason, KeyChange, KeyEnd, Suspension
from schemas.registry import KeyRecord, KeyUse, Member, Registry


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A key and whose it is."""

    county: str
    key: KeyRecord


@dataclass(frozen=True, slots=True)
class AgreementInForce:
    """An agreement whose parties all signed; ``reference`` is ``id@version:digest``."""

    agreement: Agreement
    reference: str


@dataclass(frozen=True, slots=True)
class AdoptedChange:
    """A change of a key that counts here, and the document that proves it."""

    digest: str
    document: SignedDocument
    change: KeyChange


@dataclass(frozen=True, slots=True)
class AdoptedBranches:
    """Which branch of forked epochs their county keeps, and the document that proves it."""

    digest: str
    document: SignedDocument
    kept: BranchKept


@dataclass(frozen=True, slots=True)
class AdoptedSuspension:
    """A suspension that counts here, and the document that proves it."""

    digest: str
    document: SignedDocument
    suspension: Suspension


@dataclass(frozen=True, slots=True)
class KeysEnd:
    """What an ended key is still trusted for.

    Attributes:
        ends: By (channel, epoch); nothing where it is not named.
        credentials: Digests of the officers' credentials of this key that stay valid.
    """

    ends: Mapping[tuple[str, str], KeyEnd]
    credentials: frozenset[str]
    revoked: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """An immutable view: one registry, the newest version of each agreement, and how keys have changed since."""

    registry: Registry
    registry_digest: str
    members: Mapping[str, Member]
    keys: Mapping[str, MemberKey]
    agreements: Mapping[str, AgreementInForce]
    """Newest version by agreement id."""
    by_reference: Mapping[str, AgreementInForce] = field(default_factory=dict)
    """Every version in hand by ``id@version:digest``."""
    ended: Mapping[str, KeysEnd] = field(default_factory=dict)
    """Keys that have come to their end, by kid."""
    closed: frozenset[tuple[str, str, str]] = frozenset()
    """(county, channel, epoch) that its revocation closed: nothing of that county follows there, whoever signs."""
    changes: tuple[AdoptedChange, ...] = ()
    """Every change that counts, the earliest first."""
    kept: tuple[AdoptedBranches, ...] = ()
    """What counties said of their forks, the earliest first."""
    suspended: tuple[AdoptedSuspension, ...] = ()
    """Agreements that single parties suspended, the earliest first."""

    @property
    def state(self) -> str:
        """Names what is trusted of keys and members: another state lets what waits be judged again."""
        return " ".join((self.registry_digest, *self.adopted))

    @property
    def adopted(self) -> tuple[str, ...]:
        """Digests of the documents about keys, forks and suspensions that count."""
        statements = (*(one.digest for one in self.kept), *(one.digest for one in self.suspended))
        return (*(one.digest for one in self.changes), *statements)

    def branch(self, county: str, channel: str, epoch: str) -> KeyEnd | None:
        """Return where a forked epoch of a county truly ends, None if it has not said so by an offline key.

        A revocation says it, too: it names the last link of every epoch. What others say of its channels is nothing.
        """
        said = (end for one in self.kept if one.kept.county == county for end in one.kept.branches)
        changes = (one.change for one in self.changes if one.change.county == county)
        ends = (end for one in changes if one.reason is ChangeReason.REVOKED for end in one.ends)
        found = (end for end in (*said, *ends) if (end.channel, end.epoch) == (channel, epoch))
        return min(found, key=lambda end: (end.seq, end.id), default=None)

    def key(self, kid: str) -> MemberKey | None:
        """Return the key record of a kid, or None."""
        return self.keys.get(kid)

    def member(self, county: str) -> Member | None:
        """Return a member, or None."""
        return self.members.get(county)

    def agreement(self, agreement_id: str) -> AgreementInForce | None:
        """Return the newest version of an agreement in hand, or None."""
        return self.agreements.get(agreement_id)

    def version_before(self, agreement: Agreement) -> Agreement | None:
        """Return the version before another, if it is in force here."""
        held = (one.agreement for one in self.by_reference.values() if one.agreement.id == agreement.id)
        return next((one for one in held if one.version == agreement.version - 1), None)

    def agreement_at(self, agreement_id: str, at: datetime) -> AgreementInForce | None:
        """Return the newest version that has begun at a time; the newest of all if none has, or None."""
        begun = [
            one
            for one in self.by_reference.values()
            if one.agreement.id == agreement_id and one.agreement.valid_from <= at
        ]
        return max(begun, key=lambda one: one.agreement.version, default=self.agreement(agreement_id))


def keys_of(registry: Registry, use: KeyUse | None = None) -> dict[str, MemberKey]:
    """Return every key of a registry by kid, or those of one use."""
    return {
        key.kid: MemberKey(member.county, key)
        for member in registry.members
        for key in member.keys
        if use is None or key.use is use
    }


def assemble(registry: Registry, digest: str, agreements: Iterable[AgreementInForce]) -> Trust:
    """Index documents that were verified before; see services.domain.governance."""
    newest: dict[str, AgreementInForce] = {}
    by_reference: dict[str, AgreementInForce] = {}
    for one in agreements:
        by_reference[one.reference] = one
        held = newest.get(one.agreement.id)
        if held is None or held.agreement.version < one.agreement.version:
            newest[one.agreement.id] = one
    members: dict[str, Member] = {member.county: member for member in registry.members}
    return Trust(registry, digest, members, keys_of(registry), newest, by_reference)
