"""Encrypted envelopes with every byte on the way, by HPKE spelt a second time: to good ends and to bad ones."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.vectors import hpke
from tests.vectors.envelopes import EPOCH, POLICY_CONTENT, WORK_CONTENT, header, subject_of
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN, POLICY, WORK
from tests.vectors.spelling import Json, base64url, channel, compact, seal, sha256
from tests.vectors.two_stories import colliding

CONTENT_LABEL: Final = b"sihu-content-v1\0"
WRAP_LABEL: Final = b"sihu-content-key-v1\0"
COMMITMENT_LABEL: Final = b"sihu-content-commitment-v1\0"
CONTENT_ID: Final = "00112233445566778899aabbccddeeff"
CONTENT_KEY: Final = hashlib.sha256(b"sihu test vectors: content key").digest()
SALT: Final = hashlib.sha256(b"sihu test vectors: salt").digest()[:16]
NONCE: Final = bytes(12)


def prefixed(*texts: str) -> bytes:
    """Each behind its length."""
    return b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)


class ReaderKey:
    """A test key of X25519: its private half is public knowledge."""

    def __init__(self, county: str) -> None:
        """Derive the key from the county's code."""
        self.county = county
        self.private = hashlib.sha256(f"sihu test vectors: {county} encryption".encode()).digest()
        self.public = X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw()
        self.kid = hashlib.sha256(b"x25519\0" + self.public).hexdigest()[:32]

    def described(self) -> Json:
        """Everything about the key."""
        return {
            "county": self.county,
            "private_hex": self.private.hex(),
            "public": base64url(self.public),
            "kid": self.kid,
        }


READERS: Final = {county: ReaderKey(county) for county in (NANDAN, HUANJIANG, LIBO)}


def ciphertext(plain: bytes, source: str = LIBO, content_id: str = CONTENT_ID, key: bytes = CONTENT_KEY) -> bytes:
    """The content as carried."""
    commitment = hashlib.sha256(COMMITMENT_LABEL + key).digest()
    return commitment + AESGCM(key).encrypt(NONCE, SALT + plain, CONTENT_LABEL + prefixed(source, content_id))


def two_stories() -> bytes:
    """A ciphertext that another key and the wrapped one both open, and that names the other."""
    other = hashlib.sha256(b"sihu test vectors: another content key").digest()
    story = SALT + b"sixteen bytes..."
    closed = colliding(other, CONTENT_KEY, CONTENT_LABEL + prefixed(LIBO, CONTENT_ID), story)
    return hashlib.sha256(COMMITMENT_LABEL + other).digest() + closed


def info_of(place: Json, reader: str) -> bytes:
    """What a wrapped key is bound to."""
    names = (place["type"], place["source"], place["channel"], place["epoch"], str(place["seq"]), reader, CONTENT_ID)
    return WRAP_LABEL + prefixed(*names)


def ephemeral_of(reader: str) -> bytes:
    """The private key that a sender throws away."""
    return hashlib.sha256(f"sihu test vectors: ephemeral for {reader}".encode()).digest()


def wrapped(place: Json, reader: str) -> Json:
    """One entry of the keys part."""
    key = READERS[reader]
    closed = hpke.seal(ephemeral_of(reader), key.public, info_of(place, reader), CONTENT_KEY)
    return {"to": reader, "kid": key.kid, "wrapped": base64url(closed)}


def place_of(
    wire_type: str = POLICY, to: Sequence[str] = (NANDAN, HUANJIANG), seq: int = 1, epoch: str = EPOCH
) -> Json:
    """Where an envelope of 荔波 stands."""
    made = channel(LIBO, "qiangui-border", list(to))
    return {"type": wire_type, "source": LIBO, "channel": made, "epoch": epoch, "seq": seq, "to": list(to)}


Change = Callable[[list[Json]], list[Json]]


def made(name: str, says: str, code: str | None = None, **given: Any) -> Json:  # noqa: ANN401 - any part, spoilt
    """An envelope, signed as it stands: what is wrong in it, its source did.

    ``given`` may be plain, place, wrapped_at, carried, keys, change, encoding, receiver.
    """
    place: Json = given.get("place") or place_of()
    plain: bytes = given.get("plain", compact(POLICY_CONTENT))
    carried: bytes = given.get("carried", ciphertext(plain))
    readers = sorted([*place["to"], LIBO])
    entries = [wrapped(given.get("wrapped_at") or place, reader) for reader in readers]
    change: Change = given.get("change", list)
    keys: bytes = given.get("keys", compact(change(entries)))
    binding: Json = {
        "media_type": "application/json",
        "encoding": given.get("encoding", "hpke"),
        "digest": sha256(carried),
        "size": len(carried),
        "content_id": CONTENT_ID,
        "keys_digest": sha256(keys),
    }
    head = header(carried, information_class="internal", content=binding, **place)
    signed = replace(seal(head, carried, [KEYS[f"{LIBO} event"]]), keys=keys)
    return {
        "name": name,
        "says": says,
        "receiver": given.get("receiver", HUANJIANG),
        "outcome": "rejected" if code else "acceptable",
        "code": code,
        "plaintext": plain.decode(),
        "aad_hex": (CONTENT_LABEL + prefixed(LIBO, CONTENT_ID)).hex(),
        "infos_hex": {reader: info_of(place, reader).hex() for reader in readers},
        "keys": keys.decode(),
        "carried_base64url": base64url(carried),
        "header": head,
        "bytes_to_sign_hex": signed.to_be_signed.hex(),
        "envelope_id": signed.envelope_id,
        "subject": subject_of(signed),
        "wire_base64url": base64url(signed.wire),
    }


def good() -> list[Json]:
    """What opens."""
    alone = place_of(to=[HUANJIANG])
    return [
        made("internal-to-all", "an internal bulletin, opened by 环江"),
        made("internal-to-all-at-the-other", "the same bytes, opened by 南丹", receiver=NANDAN),
        made("internal-to-one", "another audience, so another channel and other readers", place=alone),
        made("later-place", "event 7 of the same chain", place=place_of(seq=7)),
        made("other-type", "a work bulletin", place=place_of(WORK), plain=compact(WORK_CONTENT)),
    ]


def _replaced(at: int, **fields: str) -> Change:
    return lambda entries: [one | fields if number == at else one for number, one in enumerate(entries)]


def bad() -> list[Json]:
    """What its own source spoilt."""
    own, other = wrapped(place_of(), HUANJIANG), wrapped(place_of(), NANDAN)
    loose = own["wrapped"][:-1] + chr(ord(own["wrapped"][-1]) + 1)
    place, opened = "encryption.key_not_opened", "encryption.content_not_opened"
    readers, malformed = "encryption.readers", "encryption.malformed"
    entries = [wrapped(place_of(), reader) for reader in (NANDAN, HUANJIANG, LIBO)]
    clear = compact(POLICY_CONTENT)
    return [
        made("keys-of-another-seq", "wrapped for event 2 of the chain", place, wrapped_at=place_of(seq=2)),
        made(
            "keys-of-another-epoch", "wrapped for a later epoch", place, wrapped_at=place_of(epoch="2-0123456789abcdef")
        ),
        made("keys-of-another-channel", "wrapped for 环江 alone", place, wrapped_at=place_of(to=[HUANJIANG])),
        made("keys-of-another-type", "wrapped for a work bulletin", place, wrapped_at=place_of(WORK)),
        made("keys-of-another-source", "as if 南丹 had sent it", place, wrapped_at=place_of() | {"source": NANDAN}),
        made(
            "keys-of-another-reader", "what was wrapped for 南丹", place, change=_replaced(1, wrapped=other["wrapped"])
        ),
        made(
            "unknown-key", "a key that 环江 does not hold", "encryption.unknown_key", change=_replaced(1, kid="0" * 32)
        ),
        made(
            "content-of-another-key",
            "the wrapped key opens another content",
            opened,
            carried=ciphertext(clear, key=SALT * 2),
        ),
        made("content-of-another-source", "bound to 南丹", opened, carried=ciphertext(clear, source=NANDAN)),
        made(
            "content-of-another-id",
            "bound to another content id",
            opened,
            carried=ciphertext(clear, content_id="f" * 32),
        ),
        made(
            "commitment-of-another-key",
            "it opens, and names another key",
            opened,
            carried=ciphertext(clear, key=SALT * 2)[:32] + ciphertext(clear)[32:],
        ),
        made("two-stories", "two keys open it; it can name one of them only", opened, carried=two_stories()),
        made("content-cut", "shorter than salt and tag", opened, carried=b"short"),
        made("no-entry-for-the-source", "the source could not read itself", readers, change=lambda given: given[:2]),
        made("no-entry-for-a-reader", "南丹 could not read it", readers, change=lambda given: given[1:]),
        made(
            "entry-for-a-stranger",
            "one reader too many",
            readers,
            change=lambda given: [*given, own | {"to": "532628"}],
        ),
        made("entries-not-ascending", "the same entries in another order", readers, change=lambda given: given[::-1]),
        made("keys-with-a-blank", "not compact", malformed, keys=compact(entries) + b" "),
        made("keys-in-another-order", "`kid` before `to`", malformed, change=_reordered),
        made(
            "wrapped-key-loose",
            "free bits at the end of base64url are set",
            malformed,
            change=_replaced(1, wrapped=loose),
        ),
        made("unknown-field-in-keys", "room for what no guard looks at", malformed, change=_replaced(1, note="x")),
        made("keys-not-strict", "one key twice", "json.duplicate_key", keys=b'[{"to":"451221","to":"451221"}]'),
        made("clear-content-with-keys", "content in clear has no keys", malformed, carried=clear, encoding="none"),
        made(
            "guarded",
            "what may not be said in clear",
            "guard.banned_name",
            plain=compact(POLICY_CONTENT | {"religion": "x"}),
        ),
        made(
            "opened-but-unknown-field",
            "judged like content in clear",
            "content.unknown_field",
            plain=compact(POLICY_CONTENT | {"x": 1}),
        ),
    ]


def _reordered(entries: list[Json]) -> list[Json]:
    return [{name: one[name] for name in ("kid", "to", "wrapped")} for one in entries]


def encrypted() -> dict[str, Any]:
    """The file: keys, what every case shares, and the cases."""
    return {
        "keys": [key.described() for key in READERS.values()],
        "content_key_hex": CONTENT_KEY.hex(),
        "salt_hex": SALT.hex(),
        "nonce_hex": NONCE.hex(),
        "ephemeral_private_hex": {reader: ephemeral_of(reader).hex() for reader in READERS},
        "good": good(),
        "bad": bad(),
    }
