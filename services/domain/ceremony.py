"""What the ceremony of trust writes: cards, registries, credentials. Times and public keys come in as arguments.

Source: docs/protocol.md, section "Trust"; docs/operator/trust.md tells it step by step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import ValidationError

from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.ids import CountyCode
from schemas.officers import OfficerCredential, Role
from schemas.registry import KeyRecord, KeyUse, Member, MemberCard, Registry
from services.domain.encoding import to_base64url
from services.domain.governance import kid_of
from services.domain.key_changes import commitment_of
from services.domain.trust import Trust

ALGORITHMS: Final[Mapping[KeyUse, Literal["ed25519", "x25519"]]] = {
    KeyUse.GOVERNANCE: "ed25519",
    KeyUse.RECOVERY: "ed25519",
    KeyUse.EVENT: "ed25519",
    KeyUse.RECEIPT: "ed25519",
    KeyUse.ENCRYPTION: "x25519",
}
"""Every key that a member has, and what it is."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """How a county introduces itself.

    Attributes:
        transport_key: Public nkey.
        certificate_request: PEM.
    """

    county: str
    office: str
    duty_phone: str
    transport_key: str
    certificate_request: str


def member_card(
    who: Introduction,
    public_keys: Mapping[KeyUse, bytes],
    now: datetime,
    next_public_keys: Mapping[KeyUse, bytes] | None = None,
) -> MemberCard | Fault:
    """Return the card of a county.

    Args:
        who: Everything but the keys.
        public_keys: 32 raw bytes for each use.
        now: From when the keys are valid.
        next_public_keys: Those that will follow; the card commits to them and does not show them.
    """
    following = next_public_keys or {}
    keys = tuple(_record(use, public, now, following.get(use)) for use, public in public_keys.items())
    try:
        member = Member(
            county=CountyCode(who.county),
            office=who.office,
            duty_phone=who.duty_phone,
            keys=keys,
            transport_key=who.transport_key,
        )
        return MemberCard(member=member, certificate_request=who.certificate_request)
    except ValidationError as exc:
        return faults_of(exc, "member")[0]


def _record(use: KeyUse, public: bytes, now: datetime, next_public: bytes | None) -> KeyRecord:
    algorithm = ALGORITHMS[use]
    return KeyRecord(
        kid=kid_of(algorithm, public),
        use=use,
        algorithm=algorithm,
        public=to_base64url(public),
        valid_from=now,
        next_digest=commitment_of(algorithm, next_public) if next_public else None,
    )


def next_registry(
    members: Iterable[Member],
    *,
    threshold: int,
    issued_at: datetime,
    expires_at: datetime,
    trusted: Trust | None = None,
    removed: frozenset[str] = frozenset(),
) -> Registry | Fault:
    """Return the registry to be signed: version 1, or the one after ``trusted``.

    Args:
        members: From cards; each replaces the member of the same county.
        threshold: How many members must sign.
        issued_at: Aware UTC.
        expires_at: Aware UTC.
        trusted: What is trusted here now, whose members stay.
        removed: Counties that leave.
    """
    stay = dict(trusted.members) if trusted else {}
    given: dict[str, Member] = {}
    for member in members:
        if given.setdefault(member.county, member) != member:
            return Fault("registry.two_cards", "cards", f"two different cards of {member.county}; ask which one counts")
    listed = {code: member for code, member in {**stay, **given}.items() if code not in removed}
    try:
        return Registry(
            version=trusted.registry.version + 1 if trusted else 1,
            previous=trusted.registry_digest if trusted else None,
            issued_at=issued_at,
            expires_at=expires_at,
            threshold=threshold,
            members=tuple(listed[code] for code in sorted(listed)),
        )
    except ValidationError as exc:
        return faults_of(exc, "proposal")[0]


def lists_us_truly(registry: Registry, own: Member) -> Fault | None:
    """Refuse a registry that leaves us out or gives us keys that are not ours: somebody exchanged our card."""
    listed = next((member for member in registry.members if member.county == own.county), None)
    if listed is None:
        return Fault("registry.not_us", "members", f"{own.county} is not in it; send your card to who assembles it")
    ours = {key.kid for key in own.keys}
    if strange := next((key for key in listed.keys if key.kid not in ours), None):
        mend = f"it gives {own.county} the {strange.use} key {strange.kid}, which is not ours: somebody exchanged it"
        return Fault("registry.not_our_keys", "members.keys", mend)
    if listed.transport_key != own.transport_key:
        return Fault("registry.not_our_keys", "members.transport_key", "the transport key listed for us is not ours")
    return None


def credential(
    *, county: str, officer: str, name: str, roles: Iterable[Role], public: bytes, now: datetime, until: datetime
) -> OfficerCredential | Fault:
    """Return the credential that the county's event key certifies; ``public`` is the officer's own, 32 raw bytes."""
    try:
        return OfficerCredential(
            county=CountyCode(county),
            officer=officer,
            display_name=name,
            roles=tuple(roles),
            public=to_base64url(public),
            issued_at=now,
            expires_at=until,
        )
    except ValidationError as exc:
        return faults_of(exc, "request")[0]
