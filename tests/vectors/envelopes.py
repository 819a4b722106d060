"""Envelopes: good ones, and bad ones with the verdict that each must get."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN
from tests.vectors.spelling import (
    RECEIPT,
    Json,
    Key,
    Sealed,
    base64url,
    channel,
    compact,
    document_digest,
    pae,
    seal,
    sha256,
)

EPOCH: Final = "1-0123456789abcdef"
NO_LINK: Final = "0" * 64
NOW: Final = "2026-03-04T08:00:00.000+08:00"
EPOCH_OPENED: Final = "cn.sihu.control.epoch_opened.v1"
RECEIPT_TYPE: Final = "cn.sihu.control.receipt.v1"
RECEIPT_LABEL: Final = b"sihu-receipt-channel-v1\0"

SCHEMAS: Final = {
    papers.ALERT_ISSUED: "35e5ea409a6b262420dedb6545ef9ced13c34426e09a22bebd1c5c14dc5648ca",
    papers.ALERT_UPDATED: "c087f6256fde87caa1bac4b015f60ca4dbb63c4d49f975b1e7d1245b986b1293",
    papers.ALERT_CANCELLED: "7d4e11662421226771fad7aa4a41e870d35cffdc445b64b90ed95f7d6ca9d096",
    papers.POLICY: "a22bb35304e3a512784560d1b6c3e87c547bb8ee3ddf25ed3dedd89d5cfe4972",
    papers.WORK: "26159865104a4ded1914ffff6ab20bbb04305bebed2b1bb0b9e55a682b46ac99",
    EPOCH_OPENED: "ebbff007559e4c278ec7ff0f907218174520d37aa6966f9540d6b7c7a326d0e9",
    RECEIPT_TYPE: "17c01f5ab122c8d88a47a838e17165d7001ee2860227a47feedf2c7f0d80a0b9",
}
"""Digests of the JSON Schemas as of the making of these vectors; another digest means a newer schema, no more."""

POLICY_CONTENT: Final[Json] = {
    "doc_no": "荔府办 2026-3 号",
    "title": "关于跨县就医直接结算的通知",
    "issuer": "荔波县人民政府办公室",
    "issued_on": "2026-03-02",
    "applies_to": "在邻县就医的参保人员",
    "summary": "自三月起，三县参保人员跨县住院可直接结算。",
    "openness": "open",
}
WORK_CONTENT: Final[Json] = {
    "period": {"starts_on": "2026-02-01", "ends_on": "2026-02-28"},
    "kind": "brief",
    "title": "二月联防联调工作动态",
    "body": "三县联合巡查水库两次。",
}
ALERT_CONTENT: Final[Json] = {
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
    "description": "预计未来三小时樟江流域降雨量达一百毫米以上。",
    "areas": [{"desc": "荔波县樟江流域", "adcodes": ["522722"]}],
    "neighbour_risk": [{"adcode": "451226", "why": "樟江水位上涨，影响下游沿河村屯"}],
    "duty_contact": {"office": "荔波县应急值班室", "phone": "0854-3611119"},
    "approved_by_role": "值班领导",
    "approved_at": "2026-03-04T07:44:00.000+08:00",
}
_LATER: Final[Json] = {"report_stage": "followup", "report_no": 2, "alert_id": "52272241600000_20260304094500_1"}
_PREDECESSORS: Final[Json] = {"predecessors": [{"alert_id": "52272241600000_20260304074500_1"}]}


def header(body: bytes, **changes: object) -> Json:
    """A header in the order of the table: a policy bulletin of 荔波 to both neighbours unless changed.

    ``information_class`` stands for ``class``, which Python keeps for itself.
    """
    if "information_class" in changes:
        changes["class"] = changes.pop("information_class")
    wire_type = str(changes.get("type", papers.POLICY))
    source, to = str(changes.get("source", LIBO)), changes.get("to", [NANDAN, HUANJIANG])
    assert isinstance(to, list)
    agreement = str(changes.get("agreement", papers.AGREEMENT_REFERENCE))
    label = RECEIPT_LABEL if wire_type == RECEIPT_TYPE else b"sihu-channel-v1\0"
    key = KEYS[f"{source} {'receipt' if wire_type == RECEIPT_TYPE else 'event'}"]
    given: Json = {
        "v": 1,
        "type": wire_type,
        "source": source,
        "channel": channel(source, agreement.partition("@")[0], to, label),
        "epoch": EPOCH,
        "seq": 1,
        "prev": NO_LINK,
        "time": NOW,
        "expires": None,
        "acknowledge_by": None,
        "to": to,
        "agreement": agreement,
        "registry": 1,
        "purpose": "policy_exchange",
        "class": "public",
        "status": "actual",
        "kind": "report",
        "priority": 3,
        "refs": [],
        "schema": {"id": f"urn:sihu:schema:{wire_type}", "digest": SCHEMAS.get(wire_type, NO_LINK)},
        "content": {
            "media_type": "application/json",
            "encoding": "none",
            "digest": sha256(body),
            "size": len(body),
            "content_id": "00112233445566778899aabbccddeeff",
        },
        "signers": [key.kid],
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def sealed(given: Json | bytes, keys: Sequence[Key] | None = None, **changes: Any) -> Sealed:  # noqa: ANN401
    """A signed envelope; ``changes`` are those of the header."""
    body = given if isinstance(given, bytes) else compact(given)
    made = header(body, **changes)
    is_receipt = made["type"] == RECEIPT_TYPE
    signers = keys or [KEYS[f"{made['source']} {'receipt' if is_receipt else 'event'}"]]
    return seal(made, body, signers, RECEIPT if is_receipt else "application/vnd.sihu.event.v1+json")


ALERT: Final[Json] = {
    "type": papers.ALERT_ISSUED,
    "expires": "2026-03-04T13:45:00.000+08:00",
    "acknowledge_by": "2026-03-04T08:10:00.000+08:00",
    "purpose": "emergency_warning",
    "priority": 0,
}
CONTROL: Final[Json] = {"purpose": "bus_control", "class": "internal", "status": "system", "priority": 1}


def opening(kind: str, source: str, to: list[str]) -> Sealed:
    """Link 0 of a channel."""
    label = RECEIPT_LABEL if kind == "receipt" else b"sihu-channel-v1\0"
    name = channel(source, papers.AGREEMENT_ID, to, label)
    content = {
        "channel": name,
        "chain_kind": kind,
        "agreement_id": papers.AGREEMENT_ID,
        "audience": to,
        "epoch": EPOCH,
        "reason": "first",
    }
    return sealed(content, type=EPOCH_OPENED, source=source, to=to, channel=name, seq=0, **CONTROL)


def receipt_content(**changes: object) -> Json:
    """环江 has stored events 1 to 3 of 荔波."""
    given: Json = {
        "receiver": HUANJIANG,
        "stage": "stored",
        "channel": channel(LIBO, papers.AGREEMENT_ID, [NANDAN, HUANJIANG]),
        "epoch": EPOCH,
        "first_seq": 1,
        "seq": 3,
        "head": "e" * 64,
        "agreement": papers.AGREEMENT_REFERENCE,
        "permitted": True,
        "received_at": NOW,
    }
    return given | changes


def officer_proof(**changes: object) -> Json:
    """The answer of 值班员甲, signed by the officer's own key."""
    answer = {
        "v": 1,
        "envelope_id": "e" * 64,
        "county": HUANJIANG,
        "officer": "duty-a",
        "answer": "received",
        "note": "",
        "answered_at": NOW,
    }
    given: Json = {
        "credential": papers.CREDENTIAL,
        "credential_digest": document_digest(papers.CREDENTIAL),
        "means": "key_file",
        "answer": answer,
        "signature": papers.OFFICER_KEY.sign(pae("application/vnd.sihu.answer.v1+json", compact(answer))),
    }
    return given | changes


def receipt(content: Json) -> Sealed:
    """A receipt of 环江 to 荔波."""
    return sealed(content, type=RECEIPT_TYPE, source=HUANJIANG, to=[LIBO], **(CONTROL | {"kind": "response"}))


def subject_of(made: Sealed, *, lane: str = "normal", destination: str | None = None, source: str = "") -> str:
    """Where the hub hands it over: the whole agreement's subject, or the one recipient's."""
    to = made.header["to"]
    where = destination or (f"_{papers.AGREEMENT_ID}" if len(to) > 1 else to[0])
    return f"hub.in.{source or made.header['source']}.{lane}.{where}.{made.header['type'].removeprefix('cn.sihu.')}"


@dataclass(frozen=True)
class Case:
    """One vector; ``spoil`` changes the wire bytes on their way."""

    name: str
    says: str
    made: Sealed
    outcome: str
    code: str | None = None
    receiver: str = HUANJIANG
    subject: str = ""
    spoil: Callable[[bytes], bytes] | None = None

    def written(self) -> Json:
        """Inputs, intermediate bytes, wire bytes, verdict."""
        wire = self.spoil(self.made.wire) if self.spoil else self.made.wire
        return {
            "name": self.name,
            "says": self.says,
            "header": self.made.header,
            "content": self.made.content.decode("utf-8", "backslashreplace"),
            "bytes_to_sign_hex": self.made.to_be_signed.hex(),
            "envelope_id": self.made.envelope_id,
            "signatures": self.made.signatures.decode(),
            "spoilt_on_the_way": self.spoil is not None,
            "wire_base64url": base64url(wire),
            "subject": self.subject or subject_of(self.made),
            "receiver": self.receiver,
            "outcome": self.outcome,
            "code": self.code,
        }


def wire_of(vector: Json) -> bytes:
    """Read the wire bytes of a vector back."""
    text = str(vector["wire_base64url"])
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


PLAIN: Final = sealed(POLICY_CONTENT)


def good() -> list[Case]:
    """Envelopes that 环江, or 荔波 for receipts, accepts."""

    def case(name: str, says: str, made: Sealed, **more: str) -> Case:
        return Case(name, says, made, "acceptable", **more)  # type: ignore[arg-type]

    updated = ALERT_CONTENT | _LATER | _PREDECESSORS
    refs = [{"rel": "supersedes", "id": "a" * 64}]
    signers = [KEYS[f"{LIBO} event"], papers.SECOND_KEY]
    return [
        case("policy-to-all", "to every party, on the agreement's own subject", PLAIN),
        case(
            "policy-to-one",
            "another audience: another channel, another subject",
            sealed(POLICY_CONTENT, to=[HUANJIANG]),
        ),
        case("alert", "level 1, urgent, expires, to be acknowledged in ten minutes", sealed(ALERT_CONTENT, **ALERT)),
        case(
            "alert-updated",
            "names the alert it replaces by envelope id in the header",
            sealed(updated, **(ALERT | {"type": papers.ALERT_UPDATED, "kind": "update", "refs": refs, "seq": 2})),
        ),
        case(
            "alert-cancelled",
            "kind cancel",
            sealed(
                updated | {"note": "雨势减弱"},
                **(ALERT | {"type": papers.ALERT_CANCELLED, "kind": "cancel", "acknowledge_by": None, "seq": 3}),
            ),
        ),
        case("exercise", "status exercise", sealed(ALERT_CONTENT, **(ALERT | {"status": "exercise"}))),
        case(
            "work-internal",
            "class internal in clear, as this agreement lets it",
            sealed(WORK_CONTENT, type=papers.WORK, purpose="work_exchange", information_class="internal"),
        ),
        case(
            "newer-schema",
            "a field that this version does not know, under a schema digest that it does not know",
            sealed(
                POLICY_CONTENT | {"colour": "red"},
                schema={"id": f"urn:sihu:schema:{papers.POLICY}", "digest": "f" * 64},
            ),
        ),
        case(
            "two-signers",
            "two event keys of one county; the signatures stand in the order of `signers`",
            sealed(POLICY_CONTENT, signers, signers=[key.kid for key in signers]),
        ),
        case("epoch-opened", "link 0 of an event channel", opening("event", LIBO, [NANDAN, HUANJIANG])),
        case(
            "receipt-epoch-opened",
            "link 0 of a receipt channel, signed by the event key",
            opening("receipt", HUANJIANG, [LIBO]),
            receiver=LIBO,
        ),
        case("receipt-stored", "a range", receipt(receipt_content()), receiver=LIBO),
        case(
            "receipt-acknowledged",
            "an officer's signed answer, with the credential",
            receipt(receipt_content(stage="acknowledged", first_seq=3, officer=officer_proof())),
            receiver=LIBO,
        ),
        case(
            "receipt-rejected",
            "refused by the receiver's own check",
            receipt(
                receipt_content(
                    stage="rejected", first_seq=3, permitted=False, code="sharing.purpose", text="purpose: not agreed"
                )
            ),
            receiver=LIBO,
        ),
    ]
