"""Papers of three counties with fixed keys: cards, registry, agreement, credentials, envelopes. The same in every run.

Everything here is public knowledge, the private keys too: they follow from names.
"""

# ruff: noqa: ANN401, RUF001 - changes of any field; printed forms of Chinese documents
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.memory.encryption import kid_of_name, public_of_name
from adapters.memory.signer import MemorySigner
from schemas.agreements import Agreement, Contact, Deadline, Grant
from schemas.base import InformationClass, Kind, Model, Status
from schemas.carriage import Arrival
from schemas.catalogue import model_of, schema_of
from schemas.control import ChainKind
from schemas.documents import SignedDocument
from schemas.envelope import ContentBinding, Envelope, Header, PayloadType, SchemaRef
from schemas.ids import NO_LINK, CountyCode
from schemas.officers import OfficerCredential, Role
from schemas.registry import KeyRecord, KeyUse, Member, MemberCard, Registry
from schemas.subjects import Lane, Subject
from services.domain.chain import channel_of
from services.domain.documents import add_signature, document_digest, draft
from services.domain.encoding import digest_of, require_base64url, to_base64url
from services.domain.signing import attach, key_use_of, payload_type_of, prepare
from services.domain.trust import AgreementInForce, Trust, assemble

NOW: Final = datetime(2026, 3, 4, 0, 0, tzinfo=UTC)
"""Eight o'clock in the morning, Beijing time."""
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
FAR_AHEAD: Final = datetime(2029, 1, 1, tzinfo=UTC)

NANDAN: Final = CountyCode("451221")
HUANJIANG: Final = CountyCode("451226")
LIBO: Final = CountyCode("522722")
FUNING: Final = CountyCode("532628")
"""No member of the registry."""
TIANE: Final = CountyCode("451222")
"""Neither."""
COUNTIES: Final = (NANDAN, HUANJIANG, LIBO)
OFFICES: Final = {
    NANDAN: "南丹县联络办",
    HUANJIANG: "环江县联络办",
    LIBO: "荔波县联络办",
    FUNING: "富宁县联络办",
    TIANE: "天峨县联络办",
}

AGREEMENT: Final = "qiangui-border"
ALERT: Final = "cn.sihu.information.alert_issued.v1"
POLICY: Final = "cn.sihu.information.policy_bulletin_published.v1"
WORK: Final = "cn.sihu.information.work_bulletin_published.v1"
EPOCH: Final = "1-00000000000000aa"


def signer(county: str, use: KeyUse = KeyUse.EVENT, *, name: str = "") -> MemorySigner:
    """Return the county's key of one use; another ``name`` gives another key."""
    return MemorySigner(f"{county} {use} {name}".strip())


def key_record(key: MemorySigner, use: KeyUse, **changes: Any) -> KeyRecord:
    """Return the public record of a key."""
    given: dict[str, Any] = {
        "kid": key.kid,
        "use": use,
        "algorithm": "ed25519",
        "public": to_base64url(key.public),
        "valid_from": LONG_AGO,
    }
    return KeyRecord(**(given | changes))


def encryption_name(county: str) -> str:
    """Return the name from which the encryption key of a county follows."""
    return f"{county} encryption"


def encryption_record(county: str, **changes: Any) -> KeyRecord:
    """Return the public record of the encryption key that the registry lists."""
    return x25519_record(encryption_name(county), **changes)


def x25519_record(name: str, **changes: Any) -> KeyRecord:
    """Return the public record of the encryption key that follows from a name."""
    given: dict[str, Any] = {
        "kid": kid_of_name(name),
        "use": KeyUse.ENCRYPTION,
        "algorithm": "x25519",
        "public": to_base64url(public_of_name(name)),
        "valid_from": LONG_AGO,
    }
    return KeyRecord(**(given | changes))


def from_public(key: KeyRecord) -> bytes:
    """Return the 32 bytes of a public key."""
    return require_base64url(key.public)


def member(county: str, **changes: Any) -> Member:
    """Return a member with one key of every use."""
    uses = (KeyUse.GOVERNANCE, KeyUse.RECOVERY, KeyUse.EVENT, KeyUse.RECEIPT)
    given: dict[str, Any] = {
        "county": county,
        "office": OFFICES[CountyCode(county)],
        "duty_phone": f"0778-{county}",
        "keys": (*(key_record(signer(county, use), use) for use in uses), encryption_record(county)),
        "transport_key": "U" + "A" * 55,
    }
    return Member(**(given | changes))


def signed(payload_type: PayloadType, payload: Model, signers: Iterable[MemorySigner]) -> SignedDocument:
    """Return a document with the signatures of ``signers``."""
    document = draft(payload_type, payload)
    for one in signers:
        document = add_signature(document, one.kid, one.sign)
    return document


def governors(*counties: str) -> list[MemorySigner]:
    """Return the governance keys of counties."""
    return [signer(county, KeyUse.GOVERNANCE) for county in counties]


def card(county: str = LIBO, **changes: Any) -> MemberCard:
    """Return the card by which a county introduces itself."""
    return MemberCard(member=member(county, **changes), certificate_request="(none)")


def registry(**changes: Any) -> Registry:
    """Return version 1 with three members, two of whom must sign."""
    given: dict[str, Any] = {
        "version": 1,
        "previous": None,
        "issued_at": LONG_AGO,
        "expires_at": FAR_AHEAD,
        "threshold": 2,
        "members": tuple(member(county) for county in COUNTIES),
    }
    return Registry(**(given | changes))


def signed_registry(*, by: Iterable[str] = COUNTIES, **changes: Any) -> SignedDocument:
    """Return a registry signed by governance keys."""
    return signed(PayloadType.REGISTRY, registry(**changes), governors(*by))


def agreement(**changes: Any) -> Agreement:
    """Return an agreement of the three: alerts and bulletins, everybody to everybody, up to internal in clear."""
    given: dict[str, Any] = {
        "id": AGREEMENT,
        "version": 1,
        "title": "黔桂边界三县协作协议",
        "parties": COUNTIES,
        "coordinators": (HUANJIANG,),
        "valid_from": LONG_AGO,
        "valid_until": FAR_AHEAD,
        "grants": (Grant(types=(ALERT, ALERT.replace("issued", "updated"), POLICY, WORK)),),
        "class_ceiling": InformationClass.INTERNAL,
        "internal_in_clear": True,
        "purposes": ("emergency_warning", "policy_exchange", "work_exchange"),
        "retention_days": 365,
        "deadlines": (Deadline(level=1, stored_seconds=45, acknowledged_minutes=5),),
        "contacts": (Contact(county=LIBO, office="荔波县应急值班室", duty_phone="0854-3611119"),),
    }
    return Agreement(**(given | changes))


def signed_agreement(*, by: Iterable[str] = COUNTIES, **changes: Any) -> SignedDocument:
    """Return an agreement signed by governance keys."""
    return signed(PayloadType.AGREEMENT, agreement(**changes), governors(*by))


def in_force(**changes: Any) -> AgreementInForce:
    """Return an agreement that every party signed."""
    made = agreement(**changes)
    return AgreementInForce(made, f"{made.id}@{made.version}:{document_digest(signed_agreement(**changes))}")


def trust(*agreements: AgreementInForce, **changes: Any) -> Trust:
    """Return what a node of the three trusts; ``changes`` are those of the registry."""
    document = signed_registry(**changes)
    return assemble(registry(**changes), document_digest(document), agreements or (in_force(),))


def credential(county: str = HUANJIANG, *, by: MemorySigner | None = None, **changes: Any) -> SignedDocument:
    """Return the credential of 值班员甲, certified by the county's event key."""
    given: dict[str, Any] = {
        "county": county,
        "officer": "duty-a",
        "display_name": "值班员甲",
        "roles": (Role.DUTY,),
        "public": to_base64url(officer_key(county).public),
        "issued_at": LONG_AGO,
        "expires_at": FAR_AHEAD,
    }
    return signed(PayloadType.OFFICER, OfficerCredential(**(given | changes)), [by or signer(county)])


def officer_key(county: str = HUANJIANG) -> MemorySigner:
    """Return the officer's own key."""
    return MemorySigner(f"{county} duty-a")


def alert_content(**changes: Any) -> dict[str, Any]:
    """Return a red rainstorm alert of 荔波 that its neighbour downstream must hear of."""
    given: dict[str, Any] = {
        "alert_id": "52272241600000_20260304074500_1",
        "report_stage": "first",
        "report_no": 1,
        "class": "natural",
        "event_code": "11B03",
        "event_name": "暴雨",
        "warning_level": 1,
        "urgency": "expected",
        "severity": "severe",
        "certainty": "likely",
        "effective": "2026-03-04T07:45:00.000+08:00",
        "expires": "2026-03-04T13:45:00.000+08:00",
        "headline": "荔波县气象台发布暴雨红色预警",
        "description": "预计未来三小时樟江流域降雨量达一百毫米以上，下游水位将明显上涨。",
        "areas": [{"desc": "荔波县樟江流域", "adcodes": ["522722"]}],
        "neighbour_risk": [{"adcode": "451226", "why": "樟江水位上涨，影响下游沿河村屯"}],
        "duty_contact": {"office": "荔波县应急值班室", "phone": "0854-3611119"},
        "approved_by_role": "值班领导",
        "approved_at": "2026-03-04T07:44:00.000+08:00",
    }
    return given | changes


def policy_content(**changes: Any) -> dict[str, Any]:
    """Return a policy bulletin."""
    given: dict[str, Any] = {
        "doc_no": "荔府办〔2026〕3号",
        "title": "关于跨县就医直接结算的通知",
        "issuer": "荔波县人民政府办公室",
        "issued_on": "2026-03-02",
        "applies_to": "在邻县就医的参保人员",
        "summary": "自三月起，三县参保人员跨县住院可直接结算。",
        "openness": "open",
    }
    return given | changes


def as_bytes(content: object) -> bytes:
    """Spell content as a node does."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _schema_ref(wire_type: str) -> SchemaRef:
    schema_id, digest = schema_of(wire_type) if model_of(wire_type) else ("urn:none", "0" * 64)
    return SchemaRef(id=schema_id, digest=digest)


def header(body: bytes, **changes: Any) -> Header:
    """Return the header of a policy bulletin of 荔波 to its two neighbours; the channel follows from the rest."""
    wire_type = changes.get("type", POLICY)
    given: dict[str, Any] = {
        "type": wire_type,
        "source": LIBO,
        "epoch": EPOCH,
        "seq": 1,
        "prev": NO_LINK,
        "time": NOW,
        "to": (NANDAN, HUANJIANG),
        "agreement": in_force().reference,
        "registry": 1,
        "purpose": "policy_exchange",
        "information_class": InformationClass.PUBLIC,
        "status": Status.ACTUAL,
        "kind": Kind.REPORT,
        "priority": 3,
        "refs": (),
        "schema_ref": _schema_ref(wire_type),
        "content": ContentBinding(
            media_type="application/json",
            encoding="none",
            digest=digest_of(body),
            size=len(body),
            content_id="00" * 16,
        ),
        "signers": (signer(LIBO).kid,),
    }
    given |= changes
    kind = ChainKind.RECEIPT if wire_type.endswith(".receipt.v1") else ChainKind.EVENT
    agreement_id = given["agreement"].partition("@")[0]
    given.setdefault("channel", channel_of(kind, given["source"], agreement_id, given["to"]))
    return Header(**given)


def envelope(body: bytes | None = None, *, by: Iterable[MemorySigner] | None = None, **changes: Any) -> Envelope:
    """Return a signed envelope; ``changes`` are those of the header."""
    body = as_bytes(policy_content()) if body is None else body
    source = changes.get("source", LIBO)
    use = key_use_of(payload_type_of(changes.get("type", POLICY)))
    signers = list(by) if by is not None else [signer(source, use)]
    prepared = prepare(header(body, **({"signers": tuple(sorted(one.kid for one in signers))} | changes)))
    return attach(prepared, [(one.kid, one.sign(prepared.to_be_signed)) for one in signers], body)


def arrival(one: Envelope | bytes, *, subject: str | None = None, at: int = 1) -> Arrival:
    """Hand an envelope over as the hub does, on the subject of its agreement unless told otherwise."""
    if isinstance(one, bytes):
        return Arrival(at, subject or "", one)
    spoken = str(Subject(one.header.source, Lane.NORMAL, f"_{one.header.agreement_id}", one.header.type))
    return Arrival(at, spoken if subject is None else subject, one.to_wire())


def later(**delta: float) -> datetime:
    """Return ``NOW`` plus a ``timedelta`` of these arguments."""
    return NOW + timedelta(**delta)
