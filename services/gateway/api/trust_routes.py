"""The part of the route table about what this node trusts: agreements in hand, and keys with their ends."""

from typing import Final

from aiohttp import web

from schemas.access import Scope
from schemas.agreements import Agreement
from schemas.base import Model, WireTime
from schemas.ids import CountyCode, CountyId, Digest, KeyId
from schemas.key_changes import ChangeReason
from schemas.registry import KeyUse
from services.domain.sharing import taking_part
from services.domain.trust import AgreementInForce, Trust
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk


class SuspensionLine(Model):
    """One party has stopped sending and taking under an agreement."""

    county: CountyId
    version: int
    """This version and every older one."""
    reason: str
    issued_at: WireTime


class AgreementLine(Model):
    """The newest version of an agreement in hand, signed by every party."""

    agreement: Agreement
    digest: Digest
    """Of the signed document: what the parties compare by telephone."""
    in_force: bool
    """It has begun and not ended."""
    taking_part: tuple[CountyId, ...]
    """Parties that are members and have not suspended it."""
    suspensions: tuple[SuspensionLine, ...]


class AgreementList(Model):
    """Agreements, by id."""

    agreements: tuple[AgreementLine, ...]


class KeyStateLine(Model):
    """One public key of a member."""

    county: CountyId
    kid: KeyId
    use: KeyUse
    valid_from: WireTime
    valid_until: WireTime | None
    ended: ChangeReason | None
    """Null: it counts."""
    ended_at: WireTime | None


class KeyList(Model):
    """Keys of all members that are known here, by county and use, those that count first."""

    keys: tuple[KeyStateLine, ...]


async def get_agreements(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List the agreements adopted here."""
    trust, now = desk.gateway.directory.trust(), desk.gateway.clock.now()
    lines = (
        AgreementLine(
            agreement=held.agreement,
            digest=held.reference.rpartition(":")[2],
            in_force=held.agreement.valid_from <= now < held.agreement.valid_until,
            taking_part=tuple(taking_part(trust, held.agreement)),
            suspensions=_suspensions(trust, held),
        )
        for _, held in sorted(trust.agreements.items())
    )
    return reply(AgreementList(agreements=tuple(lines)))


def _suspensions(trust: Trust, held: AgreementInForce) -> tuple[SuspensionLine, ...]:
    return tuple(
        SuspensionLine.model_validate(one.suspension, from_attributes=True)
        for one in trust.suspended
        if one.suspension.agreement_id == held.agreement.id and held.agreement.version <= one.suspension.version
    )


async def get_keys(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List the keys of all members, and which of them have ended."""
    trust = desk.gateway.directory.trust()
    ends = {one.change.old: one.change for one in trust.changes}
    lines = []
    for kid, held in trust.keys.items():
        end = ends.get(kid)
        gone = trust.ended.get(kid)
        lines.append(
            KeyStateLine(
                county=CountyCode(held.county),
                kid=kid,
                use=held.key.use,
                valid_from=held.key.valid_from,
                valid_until=held.key.valid_until,
                ended=None if gone is None else ChangeReason.REVOKED if gone.revoked else ChangeReason.ROTATED,
                ended_at=end.issued_at if end is not None and gone is not None else None,
            )
        )
    lines.sort(key=lambda one: (one.county, one.ended is not None, one.use, one.kid))
    return reply(KeyList(keys=tuple(lines)))


TRUST: Final = (
    Route(
        "GET",
        f"{BASE}/agreements",
        "list_agreements",
        "List the agreements adopted here: who may send what to whom, until when, and who has suspended one.",
        get_agreements,
        Scope.EVENTS_READ,
        AgreementList,
    ),
    Route(
        "GET",
        f"{BASE}/keys",
        "list_keys",
        "List the public keys of all members, those that have ended, too.",
        get_keys,
        Scope.EVENTS_READ,
        KeyList,
    ),
)
