"""The part of the route table about what this node trusts: agreements in hand, and keys with their ends."""

from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from schemas.access import Scope
from schemas.agreements import Agreement
from schemas.base import Model, WireTime
from schemas.documents import SignedDocument
from schemas.errors import Fault, NotFoundError
from schemas.ids import AgreementId, CountyCode, CountyId, Digest, KeyId
from schemas.key_changes import ChangeReason
from schemas.registry import KeyUse
from services.domain.agreement_text import signed_text
from services.domain.sharing import taking_part
from services.domain.trust import AgreementInForce, Trust
from services.gateway.api.calls import JSON, Call, reply, reply_bytes
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


class AgreementPath(Model):
    """Which agreement."""

    agreement: Annotated[AgreementId, Field(description="Id of an agreement that is adopted here.")]


class SignatureLine(Model):
    """One signature under an agreement."""

    kid: KeyId
    county: CountyId | None
    """Whose governance key it is; null if no registry in hand has it."""
    holds: bool
    """Verified now, over the very bytes."""


class AgreementText(Model):
    """The newest version of an agreement in hand, with the very text that was signed."""

    line: AgreementLine
    text: str
    """The payload as it was signed, byte for byte in UTF-8."""
    text_bytes: int
    text_digest: Digest
    """SHA-256 of these bytes alone; ``line.digest``, which the parties read out, covers their type, too."""
    signatures: tuple[SignatureLine, ...]


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
    lines = (_line(trust, held, now) for _, held in sorted(trust.agreements.items()))
    return reply(AgreementList(agreements=tuple(lines)))


def _line(trust: Trust, held: AgreementInForce, now: datetime) -> AgreementLine:
    return AgreementLine(
        agreement=held.agreement,
        digest=held.reference.rpartition(":")[2],
        in_force=held.agreement.valid_from <= now < held.agreement.valid_until,
        taking_part=tuple(taking_part(trust, held.agreement)),
        suspensions=_suspensions(trust, held),
    )


async def get_agreement(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one agreement with its text."""
    directory, now = desk.gateway.directory, desk.gateway.clock.now()
    held, document = _kept(desk, call)
    trust = directory.trust()
    found = signed_text(document, trust, directory.papers().registries)
    return reply(
        AgreementText(
            line=_line(trust, held, now),
            text=found.text,
            text_bytes=found.size,
            text_digest=found.digest,
            signatures=tuple(SignatureLine.model_validate(one, from_attributes=True) for one in found.signatures),
        )
    )


async def export_agreement(desk: Desk, call: Call) -> web.StreamResponse:
    """Give an agreement as a signed document, as `sihu agreement show` and a partner read it."""
    held, document = _kept(desk, call)
    response = reply_bytes(document.model_dump_json(indent=1).encode() + b"\n", JSON)
    name = f"{held.agreement.id}@{held.agreement.version}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _kept(desk: Desk, call: Call) -> tuple[AgreementInForce, SignedDocument]:
    directory = desk.gateway.directory
    held = directory.trust().agreements.get(call.path_as(AgreementPath).agreement)
    document = directory.papers().agreements.get(held.reference) if held is not None else None
    if held is None or document is None:
        mend = "no such agreement is adopted here; GET /api/v1/agreements names them"
        raise NotFoundError(Fault("request.not_found", "agreement", mend))
    return held, document


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
        f"{BASE}/agreements/{{agreement}}",
        "show_agreement",
        "Show one agreement adopted here: what it permits, the very text that was signed, and whose signatures hold.",
        get_agreement,
        Scope.EVENTS_READ,
        AgreementText,
        path_model=AgreementPath,
        codes=("request.not_found",),
    ),
    Route(
        "GET",
        f"{BASE}/agreements/{{agreement}}/document",
        "export_agreement",
        "Give one agreement as the signed document that the parties pass around.",
        export_agreement,
        Scope.EVENTS_READ,
        SignedDocument,
        path_model=AgreementPath,
        codes=("request.not_found",),
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
