"""Signals that only their recipient reads, under a registry that lists encryption keys; good and bad ones."""

from dataclasses import replace
from typing import Any, Final

from tests.vectors import signals as clear
from tests.vectors.encrypted import CONTENT_ID, CONTENT_KEY, READERS, SALT, ciphertext, ephemeral_of, info_of, wrapped
from tests.vectors.envelopes import NOW
from tests.vectors.papers import COUNTIES, FROM, HUANJIANG, KEYS, LIBO, NANDAN, REGISTRY_TYPE, governance, member
from tests.vectors.papers import registry_payload as payload
from tests.vectors.spelling import Json, Sealed, base64url, compact, document, seal, sha256

ENDED: Final = "2026-03-01T00:00:00.000+08:00"
BEACON: Final[Json] = {
    "heads": [clear.head(clear.TO_ALL, 7, "a" * 64)],
    "receipts_seen": [],
    "witnessed": [],
    "heard": 1772582340000,
}
REQUEST: Final[Json] = {"wanted": [], "all_heads": True}


def _member(county: str) -> Json:
    """A member with an encryption key; 南丹's has come to its end, and the registry lists no other."""
    made, key = member(county), READERS[county]
    made["keys"].append(
        {
            "kid": key.kid,
            "use": "encryption",
            "algorithm": "x25519",
            "public": base64url(key.public),
            "valid_from": FROM,
            "valid_until": ENDED if county == NANDAN else None,
            "next_digest": None,
        }
    )
    return made


REGISTRY: Final = document(
    REGISTRY_TYPE, payload(members=[_member(county) for county in COUNTIES]), governance(*COUNTIES)
)


def made(name: str, says: str, code: str | None = None, **given: Any) -> Json:  # noqa: ANN401 - any part, spoilt
    """A signal of 荔波 to 环江, signed as it stands.

    ``given`` may be type, said, carried, keys, entries, wrapped_at, encoding; ``wire`` spoils it on its way.
    """
    wire_type, said = given.get("type", clear.BEACON), given.get("said", BEACON)
    signal = clear.signal(wire_type, said)
    carried: bytes = given.get("carried", ciphertext(compact(said)))
    entries: list[Json] = given.get("entries") or [wrapped(given.get("wrapped_at", signal.header), HUANJIANG)]
    keys: bytes = given.get("keys", compact(entries))
    binding: Json = {
        "media_type": "application/json",
        "encoding": given.get("encoding", "hpke"),
        "digest": sha256(carried),
        "size": len(carried),
        "content_id": CONTENT_ID,
    }
    if keys:
        binding["keys_digest"] = sha256(keys)
    head = signal.header | {"content": binding}
    signed = replace(seal(head, carried, [KEYS[f"{LIBO} event"]]), keys=keys)
    on_the_way: Sealed = replace(signed, **given.get("wire", {}))
    return _case(name, says, signed, on_the_way.wire, code) | {
        "plaintext": compact(said).decode(),
        "info_hex": info_of(signal.header, HUANJIANG).hex(),
    }


def in_clear(name: str, says: str, code: str | None = None, **changes: Any) -> Json:  # noqa: ANN401 - of the header
    """A signal of 荔波 that anybody can read."""
    signal = clear.signal(clear.BEACON, BEACON, **changes)
    return _case(name, says, signal, signal.wire, code)


def _case(name: str, says: str, signed: Sealed, wire: bytes, code: str | None) -> Json:
    receiver, kind = signed.header["to"][0], signed.header["type"].removeprefix("cn.sihu.")
    return {
        "name": name,
        "says": says,
        "receiver": receiver,
        "received_at": NOW,
        "subject": f"hub.in.{LIBO}.signal.{receiver}.{kind}",
        "header": signed.header,
        "keys": signed.keys.decode(),
        "bytes_to_sign_hex": signed.to_be_signed.hex(),
        "envelope_id": signed.envelope_id,
        "wire_base64url": base64url(wire),
        "code": code,
    }


def good() -> list[Json]:
    """What its recipient reads."""
    return [
        made("beacon", "opened by the key that the registry lists for 环江"),
        made("request", "another type, so bound otherwise", type=clear.REQUEST, said=REQUEST),
        in_clear("in-clear-for-want-of-a-key", "the only key of 南丹 that is listed has ended", to=[NANDAN]),
        in_clear("in-clear-by-another-registry", "what version 2 lists, this receiver cannot tell", registry=2),
    ]


def bad() -> list[Json]:
    """What nobody may believe; and one that its recipient cannot read, which is no fault of the source."""
    beacon = clear.signal(clear.BEACON, BEACON).header
    own, other = wrapped(beacon, HUANJIANG), wrapped(beacon, NANDAN)
    later = clear.signal(clear.BEACON, BEACON, time="2026-03-04T08:01:00.000+08:00").header
    request = clear.signal(clear.REQUEST, REQUEST).header
    place, opened = "encryption.key_not_opened", "encryption.content_not_opened"
    readers, plain = "encryption.readers", compact(BEACON)
    turned = ciphertext(plain)[:-1] + bytes([ciphertext(plain)[-1] ^ 1])
    return [
        in_clear("in-clear-though-a-key-is-listed", "a source that forgot to encrypt", "signal.not_encrypted"),
        made("wrapped-for-another", "for the key of 南丹", place, entries=[own | {"wrapped": other["wrapped"]}]),
        made(
            "unknown-key", "a key that 环江 does not hold", "encryption.unknown_key", entries=[own | {"kid": "0" * 32}]
        ),
        made("keys-of-the-next-beacon", "wrapped for another number", place, wrapped_at=later),
        made("keys-of-a-request", "wrapped for another type", place, wrapped_at=request),
        made("keys-of-another-source", "as if 南丹 had sent it", place, wrapped_at=beacon | {"source": NANDAN}),
        made(
            "keys-swapped-on-the-way",
            "the keys part of the next beacon",
            "content.keys_digest",
            wire={"keys": compact([wrapped(later, HUANJIANG)])},
        ),
        made("content-changed-on-the-way", "one bit of the tag", "content.digest", wire={"content": turned}),
        made("content-changed-by-its-source", "one bit of the tag, signed so", opened, carried=turned),
        made("content-of-another-key", "as it is opened by another", opened, carried=ciphertext(plain, key=SALT * 2)),
        made("entry-for-the-source", "a signal has one reader", readers, entries=[own, wrapped(beacon, LIBO)]),
        made("entry-for-another-alone", "its recipient cannot read it", readers, entries=[other]),
        made("no-keys", "it claims to be encrypted", "content.encoding", keys=b"", carried=plain),
        made("keys-with-a-blank", "not compact", "encryption.malformed", keys=compact([own]) + b" "),
        made(
            "opened-but-unknown-field",
            "judged like content in clear",
            "content.unknown_field",
            said=BEACON | {"mood": "good"},
        ),
    ]


def signals_encrypted() -> Json:
    """The file: registry, keys, what every case shares, and the cases."""
    return {
        "registry": REGISTRY,
        "keys": [key.described() for key in READERS.values()],
        "content_key_hex": CONTENT_KEY.hex(),
        "salt_hex": SALT.hex(),
        "ephemeral_private_hex": ephemeral_of(HUANJIANG).hex(),
        "good": good(),
        "bad": bad(),
    }
