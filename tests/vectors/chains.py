"""Channels, chain verdicts, receipts that count or do not, and the strict profile."""

from typing import Final

from tests.vectors import papers
from tests.vectors.envelopes import NO_LINK, RECEIPT_LABEL, officer_proof, receipt_content
from tests.vectors.papers import AGREEMENT_ID, HUANJIANG, LIBO, NANDAN
from tests.vectors.spelling import Json, base64url, channel, compact, document, document_digest, pae, sha256

_A, _B, _C = "a" * 64, "b" * 64, "c" * 64


def _channel(kind: str, source: str, agreement_id: str, to: list[str]) -> Json:
    label = RECEIPT_LABEL if kind == "receipt" else b"sihu-channel-v1\0"
    parts = [one.encode() for one in (source, agreement_id, *sorted(to))]
    preimage = label + b"".join(len(one).to_bytes(4, "big") + one for one in parts)
    name = channel(source, agreement_id, to, label)
    return {
        "kind": kind,
        "source": source,
        "agreement_id": agreement_id,
        "to": to,
        "preimage_hex": preimage.hex(),
        "channel": name,
    }


def _step(says: str, head: tuple[int, str], link: tuple[int, str, str], held_id: str | None, verdict: str) -> Json:
    return {
        "says": says,
        "head": {"seq": head[0], "id": head[1]},
        "link": {"seq": link[0], "prev": link[1], "id": link[2]},
        "held_id": held_id,
        "verdict": verdict,
    }


def chains() -> Json:
    """Channel ids with what is hashed, and every verdict; head 1 below zero: the opening has not come."""
    return {
        "channels": [
            _channel("event", LIBO, AGREEMENT_ID, [NANDAN, HUANJIANG]),
            _channel("event", LIBO, AGREEMENT_ID, [HUANJIANG]),
            _channel("receipt", HUANJIANG, AGREEMENT_ID, [LIBO]),
        ],
        "verdicts": [
            _step("the opening of an epoch follows nothing", (-1, NO_LINK), (0, NO_LINK, _A), None, "continues"),
            _step("nor does it name what we hold", (-1, NO_LINK), (0, _C, _A), None, "continues"),
            _step("an event before the opening waits", (-1, NO_LINK), (1, _A, _B), None, "gap"),
            _step("the first event", (0, _A), (1, _A, _B), None, "continues"),
            _step("the next event", (5, _A), (6, _A, _B), None, "continues"),
            _step("one is missing", (5, _A), (7, _B, _C), None, "gap"),
            _step("it names another predecessor", (5, _A), (6, _C, _B), None, "forked"),
            _step("held already", (5, _A), (4, _C, _B), _B, "repeated"),
            _step("held early already", (5, _A), (9, _C, _B), _B, "repeated"),
            _step("another event at a place that is taken", (5, _A), (4, _C, _B), _C, "forked"),
            _step("another event at a place taken early", (5, _A), (9, _C, _B), _C, "forked"),
        ],
    }


_TARGET: Final[Json] = {"source": LIBO, "audience": [NANDAN, HUANJIANG]}


def _receipt(says: str, content: Json, code: str | None, **changes: object) -> Json:
    given: Json = {
        "says": says,
        "receipt": content,
        "carried_by": HUANJIANG,
        "target": _TARGET,
        "held_id": "e" * 64,
        "code": code,
    }
    return given | changes


def _acknowledged(**proof: object) -> Json:
    return receipt_content(stage="acknowledged", first_seq=3, officer=officer_proof(**proof))


def receipts() -> list[Json]:
    """Receipts as 荔波 judges them, whose event 3 has the id ``eee…``; null means it counts."""
    forged = document(papers.OFFICER_TYPE, papers.officer_payload(), [papers.STRANGER])
    other = officer_proof()["answer"] | {"envelope_id": "f" * 64}
    signed = papers.OFFICER_KEY.sign(pae("application/vnd.sihu.answer.v1+json", compact(other)))
    theirs = {"source": NANDAN, "audience": [HUANJIANG]}
    narrow = {"source": LIBO, "audience": [NANDAN]}
    return [
        _receipt("a range, stored", receipt_content(), None),
        _receipt("an officer's signed answer", _acknowledged(), None),
        _receipt("an officer-bound token, no signature", _acknowledged(means="token", signature=None), None),
        _receipt("a PIN keyed in on the telephone", _acknowledged(means="voice_pin", signature=None), None),
        _receipt("a reply by SMS", _acknowledged(means="sms_number", signature=None), None),
        _receipt("南丹 attests for 环江", receipt_content(), "receipt.wrong_receiver", carried_by=NANDAN),
        _receipt("an unknown channel", receipt_content(), "receipt.unknown_channel", target=None),
        _receipt("a channel that we do not write", receipt_content(), "receipt.unknown_channel", target=theirs),
        _receipt("a channel that does not address it", receipt_content(), "receipt.unknown_channel", target=narrow),
        _receipt("another event than ours", receipt_content(), "receipt.other_story", held_id="f" * 64),
        _receipt("an event that we never sent", receipt_content(), "receipt.other_story", held_id=None),
        _receipt(
            "a credential by a stranger",
            _acknowledged(credential=forged, credential_digest=document_digest(forged)),
            "officer.unsigned",
        ),
        _receipt("another credential's digest", _acknowledged(credential_digest="0" * 64), "officer.digest"),
        _receipt("an answer to another event", _acknowledged(answer=other, signature=signed), "officer.other_answer"),
        _receipt("a signature over another answer", _acknowledged(signature=signed), "officer.signature"),
        _receipt("no signature", _acknowledged(signature=None), "officer.signature"),
    ]


def _strict(says: str, data: bytes, code: str | None) -> Json:
    return {"says": says, "bytes_base64url": base64url(data), "code": code}


def encoding() -> Json:
    """Bytes to sign, base64url, and JSON of the strict profile or not."""
    payload = "通知".encode()
    return {
        "pre_authentication": [
            {
                "payload_type": kind,
                "payload_hex": data.hex(),
                "bytes_to_sign_hex": pae(kind, data).hex(),
                "digest": sha256(pae(kind, data)),
            }
            for kind, data in (
                ("http://example.com/HelloWorld", b"hello world"),
                ("application/vnd.sihu.event.v1+json", payload),
                ("", b""),
            )
        ],
        "base64url": [
            {"text": text, "hex": value}
            for text, value in (("", ""), ("QQ", "41"), ("-_8", "fbff"), ("QR", None), ("QQ==", None), ("Q", None))
        ],
        "strict_json": [
            _strict("eight levels", b"[[[[[[[[1]]]]]]]]", None),
            _strict("nine levels", b"[[[[[[[[[1]]]]]]]]]", "json.too_deep"),
            _strict("the largest integer", b"9007199254740991", None),
            _strict("one more", b"9007199254740992", "json.integer_too_large"),
            _strict("a float", b'{"a":1.0}', "json.float"),
            _strict("an exponent", b"1e3", "json.float"),
            _strict("NaN", b"NaN", "json.float"),
            _strict("a key twice", b'{"a":1,"a":2}', "json.duplicate_key"),
            _strict("a key twice, once escaped", b'{"a":1,"\\u0061":2}', "json.duplicate_key"),
            _strict("decomposed", '"e\u0301"'.encode(), "json.not_nfc"),
            _strict("decomposed by an escape", b'"e\\u0301"', "json.not_nfc"),
            _strict("composed", '"\u00e9"'.encode(), None),
            _strict("a lone surrogate", b'"\\ud800"', "json.bad_character"),
            _strict("a pair of surrogates", b'"\\ud83d\\ude00"', None),
            _strict("NUL", b'"\\u0000"', "json.bad_character"),
            _strict("GBK", "预警".encode("gbk"), "json.not_utf8"),
            _strict("a byte order mark", b"\xef\xbb\xbf{}", "json.malformed"),
            _strict("two values", b"1 2", "json.malformed"),
        ],
    }
