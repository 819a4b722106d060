"""Registry, agreement and keys that follow from county codes: every process of a run makes the same ones.

The ceremony that people go through (cards, signatures, pins) is what the demo and the tests show; a measurement
begins where a node has its trust in hand.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import nkeys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.jetstream.credentials import nkey_public_of
from adapters.keys.key_file import OpenKey
from adapters.memory.signer import MemorySigner
from schemas.access import Access
from schemas.agreements import Agreement, Grant
from schemas.base import InformationClass
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.ids import CountyCode
from schemas.registry import KeyRecord, KeyUse, Member, Registry
from services.domain.documents import add_signature, document_digest, draft
from services.domain.encoding import to_base64url
from services.domain.trust import AgreementInForce, Trust, assemble
from tests.bench.events import AGREEMENT_ID, ALERT_TYPE, BULLETIN_TYPE

SOURCE: Final = CountyCode("451226")
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ENDS: Final = _BEGAN + timedelta(days=3650)
_SIGNING: Final = (KeyUse.GOVERNANCE, KeyUse.RECOVERY, KeyUse.EVENT, KeyUse.RECEIPT)


def county_codes(count: int) -> tuple[CountyCode, ...]:
    """Return so many counties, the source first."""
    return (SOURCE, *(CountyCode(str(530_000 + number)) for number in range(1, count)))


def signers_of(county: str) -> Mapping[KeyUse, MemorySigner]:
    """Return a county's private keys."""
    return {use: MemorySigner(_key_name(county, use)) for use in _SIGNING}


def nkey_seed_of(who: str) -> str:
    """Return the nkey seed of a county or of the registrar."""
    return bytes(nkeys.encode_seed(_nkey_raw(who), nkeys.PREFIX_BYTE_USER)).decode()


def nkey_of(who: str) -> str:
    """Return the public nkey of a county or of the registrar."""
    return nkey_public_of(nkey_seed_of(who))


def key_of(county: str, use: KeyUse) -> OpenKey:
    """Return a private key as it lies in a county's file."""
    seed = hashlib.sha256(_key_name(county, use).encode()).digest()
    return OpenKey("ed25519", Ed25519PrivateKey.from_private_bytes(seed))


def nkey_of_file(who: str) -> OpenKey:
    """Return the transport key as it lies in a county's file."""
    return OpenKey("ed25519", Ed25519PrivateKey.from_private_bytes(_nkey_raw(who)))


def trust_of(counties: Sequence[CountyCode]) -> Trust:
    """Return what every node of the run trusts: one registry, one agreement of all."""
    registry, agreement = registry_of(counties), agreement_of(counties)
    reference = f"{AGREEMENT_ID}@1:{document_digest(draft(PayloadType.AGREEMENT, agreement))}"
    digest = document_digest(draft(PayloadType.REGISTRY, registry))
    return assemble(registry, digest, [AgreementInForce(agreement, reference)])


def signed(payload_type: PayloadType, payload: Registry | Agreement, counties: Sequence[str]) -> SignedDocument:
    """Return a document with the governance signatures of all counties."""
    document = draft(payload_type, payload)
    for county in counties:
        signer = signers_of(county)[KeyUse.GOVERNANCE]
        document = add_signature(document, signer.kid, signer.sign)
    return document


def registry_of(counties: Sequence[CountyCode]) -> Registry:
    """Return version 1 with these members."""
    members = tuple(_member(county) for county in sorted(counties))
    return Registry(version=1, previous=None, issued_at=_BEGAN, expires_at=_ENDS, threshold=1, members=members)


def agreement_of(counties: Sequence[CountyCode]) -> Agreement:
    """Return the one agreement, of all."""
    return Agreement(
        id=AGREEMENT_ID,
        version=1,
        title="基准测试协议",
        parties=tuple(sorted(counties)),
        coordinators=(SOURCE,),
        valid_from=_BEGAN,
        valid_until=_ENDS,
        grants=(Grant(types=(BULLETIN_TYPE, ALERT_TYPE)),),
        class_ceiling=InformationClass.INTERNAL,
        internal_in_clear=True,
        purposes=("work_exchange", "emergency_warning"),
        retention_days=365,
    )


class FixedDirectory:
    """Satisfies ``services.ports.Directory`` with a trust that never changes, and lets nobody in."""

    def __init__(self, trust: Trust) -> None:
        """Keep it."""
        self._trust = trust

    def trust(self) -> Trust:
        """Return it."""
        return self._trust

    def access(self, token_digest: str) -> Access | None:  # noqa: ARG002  the port's signature
        """Know no token."""
        return None

    def credential(self, officer: str) -> SignedDocument | None:  # noqa: ARG002
        """Know no officer."""
        return None


def _key_name(county: str, use: KeyUse) -> str:
    return f"bench {county} {use}"


def _nkey_raw(who: str) -> bytes:
    return hashlib.sha256(f"bench nkey {who}".encode()).digest()


def _member(county: str) -> Member:
    return Member(
        county=CountyCode(county),
        office=f"{county}联络办",
        duty_phone="0778-8821110",
        keys=tuple(_record(use, signer) for use, signer in signers_of(county).items()),
        transport_key=nkey_of(county),
    )


def _record(use: KeyUse, signer: MemorySigner) -> KeyRecord:
    return KeyRecord(
        kid=signer.kid, use=use, algorithm="ed25519", public=to_base64url(signer.public), valid_from=_BEGAN
    )
