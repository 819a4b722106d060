"""What this node trusts at one moment: a registry, its keys, and the agreements in hand.

Nothing here asks the network. ``build`` checks every signature once; after that trust is a value.

Source: docs/protocol.md, section "Trust".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.agreements import Agreement
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
class Trust:
    """An immutable view: one registry and the newest version of each agreement."""

    registry: Registry
    registry_digest: str
    members: Mapping[str, Member]
    keys: Mapping[str, MemberKey]
    agreements: Mapping[str, AgreementInForce]
    """Newest version by agreement id."""
    by_reference: Mapping[str, AgreementInForce] = field(default_factory=dict)
    """Every version in hand by ``id@version:digest``."""

    def key(self, kid: str) -> MemberKey | None:
        """Return the key record of a kid, or None."""
        return self.keys.get(kid)

    def member(self, county: str) -> Member | None:
        """Return a member, or None."""
        return self.members.get(county)

    def agreement(self, agreement_id: str) -> AgreementInForce | None:
        """Return the newest version of an agreement in hand, or None."""
        return self.agreements.get(agreement_id)


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
