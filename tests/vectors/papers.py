"""Keys and signed documents of the vectors: three counties, one registry, one agreement, one officer."""

from typing import Final

from tests.vectors.spelling import Json, Key, base64url, document, document_digest

NANDAN: Final = "451221"
HUANJIANG: Final = "451226"
LIBO: Final = "522722"
COUNTIES: Final = (NANDAN, HUANJIANG, LIBO)
OFFICES: Final = {NANDAN: "南丹县联络办", HUANJIANG: "环江县联络办", LIBO: "荔波县联络办"}
AGREEMENT_ID: Final = "qiangui-border"

ALERT_ISSUED: Final = "cn.sihu.information.alert_issued.v1"
ALERT_UPDATED: Final = "cn.sihu.information.alert_updated.v1"
ALERT_CANCELLED: Final = "cn.sihu.information.alert_cancelled.v1"
POLICY: Final = "cn.sihu.information.policy_bulletin_published.v1"
WORK: Final = "cn.sihu.information.work_bulletin_published.v1"

REGISTRY_TYPE: Final = "application/vnd.sihu.registry.v1+json"
AGREEMENT_TYPE: Final = "application/vnd.sihu.agreement.v1+json"
CARD_TYPE: Final = "application/vnd.sihu.member-card.v1+json"
OFFICER_TYPE: Final = "application/vnd.sihu.officer.v1+json"

_USES: Final = ("governance", "recovery", "event", "receipt")
KEYS: Final = {f"{county} {use}": Key(f"{county} {use}") for county in COUNTIES for use in _USES}
OFFICER_KEY: Final = Key(f"{HUANJIANG} officer duty-a")
STRANGER: Final = Key("a stranger")
SECOND_KEY: Final = Key(f"{LIBO} event, the second one")

FROM: Final = "2026-01-01T00:00:00.000+08:00"
UNTIL: Final = "2029-01-01T00:00:00.000+08:00"


def governance(*counties: str) -> list[Key]:
    """Governance keys."""
    return [KEYS[f"{county} governance"] for county in counties]


def key_record(key: Key, use: str) -> Json:
    """One public key."""
    return {
        "kid": key.kid,
        "use": use,
        "algorithm": "ed25519",
        "public": base64url(key.public),
        "valid_from": FROM,
        "valid_until": None,
        "next_digest": None,
    }


def member(county: str) -> Json:
    """One member; 荔波 has two event keys."""
    keys = [key_record(KEYS[f"{county} {use}"], use) for use in _USES]
    if county == LIBO:
        keys.append(key_record(SECOND_KEY, "event"))
    return {
        "county": county,
        "office": OFFICES[county],
        "duty_phone": f"0778-{county}",
        "keys": keys,
        "transport_key": "U" + "A" * 55,
    }


def registry_payload(**changes: object) -> Json:
    """Version 1: two of three must sign."""
    given: Json = {
        "v": 1,
        "version": 1,
        "previous": None,
        "issued_at": FROM,
        "expires_at": UNTIL,
        "threshold": 2,
        "members": [member(county) for county in COUNTIES],
    }
    return given | changes


def agreement_payload(**changes: object) -> Json:
    """Alerts and bulletins, everybody to everybody, internal content in clear."""
    given: Json = {
        "v": 1,
        "id": AGREEMENT_ID,
        "version": 1,
        "title": "黔桂边界三县协作协议",
        "parties": list(COUNTIES),
        "coordinators": [HUANJIANG],
        "valid_from": FROM,
        "valid_until": UNTIL,
        "grants": [
            {
                "types": [ALERT_ISSUED, ALERT_UPDATED, ALERT_CANCELLED, POLICY, WORK],
                "sources": None,
                "recipients": None,
            }
        ],
        "class_ceiling": "internal",
        "internal_in_clear": True,
        "purposes": ["emergency_warning", "policy_exchange", "work_exchange"],
        "retention_days": 365,
        "deadlines": [{"level": 1, "stored_seconds": 60, "acknowledged_minutes": 10}],
        "content_max_bytes": 262_144,
        "contacts": [],
    }
    return given | changes


def officer_payload(**changes: object) -> Json:
    """The credential of 值班员甲 of 环江."""
    given: Json = {
        "v": 1,
        "county": HUANJIANG,
        "officer": "duty-a",
        "display_name": "值班员甲",
        "roles": ["duty"],
        "public": base64url(OFFICER_KEY.public),
        "issued_at": FROM,
        "expires_at": UNTIL,
    }
    return given | changes


def card_payload(county: str) -> Json:
    """How a member introduces itself."""
    return {"v": 1, "member": member(county), "certificate_request": "(none)"}


REGISTRY: Final = document(REGISTRY_TYPE, registry_payload(), governance(*COUNTIES))
AGREEMENT: Final = document(AGREEMENT_TYPE, agreement_payload(), governance(*COUNTIES))
AGREEMENT_REFERENCE: Final = f"{AGREEMENT_ID}@1:{document_digest(AGREEMENT)}"
CREDENTIAL: Final = document(OFFICER_TYPE, officer_payload(), [KEYS[f"{HUANJIANG} event"]])


def _case(name: str, says: str, made: Json, code: str | None) -> Json:
    return {"name": name, "says": says, "digest": document_digest(made), "document": made, "code": code}


def documents() -> Json:
    """Every document with the verdict of ``services.domain.governance``; null means good."""
    second = registry_payload(version=2, previous=document_digest(REGISTRY))
    misnamed = registry_payload()
    misnamed["members"][0]["keys"][0]["kid"] = "0" * 32
    return {
        "keys": [key.described() for key in (*KEYS.values(), SECOND_KEY, OFFICER_KEY, STRANGER)],
        "registries": [
            _case("first", "version 1, pinned by its digest, signed by all", REGISTRY, None),
            _case(
                "first-by-threshold",
                "the same payload and digest, signed by two of three",
                document(REGISTRY_TYPE, registry_payload(), governance(NANDAN, LIBO)),
                None,
            ),
            _case(
                "first-by-one",
                "one signature where two are needed",
                document(REGISTRY_TYPE, registry_payload(), governance(LIBO)),
                "registry.too_few_signatures",
            ),
            _case(
                "first-by-event-keys",
                "signed by keys of another use",
                document(REGISTRY_TYPE, registry_payload(), [KEYS[f"{county} event"] for county in COUNTIES]),
                "registry.too_few_signatures",
            ),
            _case(
                "misnamed-key",
                "a key id that is not computed from its key",
                document(REGISTRY_TYPE, misnamed, governance(*COUNTIES)),
                "key.misnamed",
            ),
        ],
        "next_registries": [
            _case(
                "second",
                "version 2 names version 1 as previous and is signed by the old threshold",
                document(REGISTRY_TYPE, second, governance(NANDAN, HUANJIANG)),
                None,
            ),
            _case(
                "third-at-once",
                "a version left out",
                document(REGISTRY_TYPE, second | {"version": 3}, governance(*COUNTIES)),
                "registry.not_next",
            ),
            _case(
                "other-previous",
                "version 2 of another world",
                document(REGISTRY_TYPE, second | {"previous": "0" * 64}, governance(*COUNTIES)),
                "registry.not_next",
            ),
        ],
        "agreements": [
            _case("whole", "signed by every party", AGREEMENT, None),
            _case(
                "one-missing",
                "荔波 has not signed",
                document(AGREEMENT_TYPE, agreement_payload(), governance(NANDAN, HUANJIANG)),
                "agreement.unsigned",
            ),
            _case(
                "not-member",
                "a party that is in no registry",
                document(AGREEMENT_TYPE, agreement_payload(parties=[*COUNTIES, "532628"]), governance(*COUNTIES)),
                "agreement.not_member",
            ),
            _case(
                "relabelled",
                "a registry under the payload type of an agreement",
                REGISTRY | {"payload_type": AGREEMENT_TYPE},
                "document.missing_field",
            ),
        ],
        "cards": [
            _case(
                "own",
                "signed by its own governance key",
                document(CARD_TYPE, card_payload(LIBO), governance(LIBO)),
                None,
            ),
            _case(
                "foreign",
                "signed by a neighbour",
                document(CARD_TYPE, card_payload(LIBO), governance(NANDAN)),
                "card.unsigned",
            ),
        ],
        "officers": [
            _case("certified", "signed by the county's event key", CREDENTIAL, None),
            _case(
                "forged",
                "signed by a stranger",
                document(OFFICER_TYPE, officer_payload(), [STRANGER]),
                "officer.unsigned",
            ),
            _case(
                "by-governance",
                "signed by another key of the county",
                document(OFFICER_TYPE, officer_payload(), governance(HUANJIANG)),
                "officer.unsigned",
            ),
            _case(
                "expired",
                "no longer valid at 2026-03-04T08:00:00.000+08:00",
                document(
                    OFFICER_TYPE,
                    officer_payload(expires_at="2026-02-01T00:00:00.000+08:00"),
                    [KEYS[f"{HUANJIANG} event"]],
                ),
                "officer.expired",
            ),
        ],
    }
