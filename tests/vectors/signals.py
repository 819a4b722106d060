"""Signals: beacons, a request, proofs; and those that must not be believed, with the code of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import EPOCH, NO_LINK, NOW, POLICY_CONTENT, sealed
from tests.vectors.papers import HUANJIANG, KEYS, LIBO, NANDAN
from tests.vectors.spelling import Json, Key, Sealed, base64url, channel, sha256

SIGNAL_LABEL: Final = b"sihu-signal-channel-v1\0"
SIGNAL_EPOCH: Final = "1-0000000000000000"
BEACON, REQUEST, PROOF = (f"cn.sihu.control.{name}.v1" for name in ("head_beaconed", "range_requested", "fork_proved"))
SCHEMAS: Final = {
    BEACON: "aa0db46973d5d5cb0f9408013140a49a30de0535259096148bed8e8ae02c5070",
    REQUEST: "eed8fbfdc09b458e8ae5eba8dead330da0a8be81fb9723ac4d15b3380ed50104",
    PROOF: "42e56b3e5f04bd0a1c7ba37b1a96739e387347c1a88d01c0790b8f0db6e68f5e",
}
_ZERO: Final = datetime.fromisoformat("1970-01-01T00:00:00.000+00:00")
TO_ALL: Final = channel(LIBO, papers.AGREEMENT_ID, [NANDAN, HUANJIANG])
OF_NANDAN: Final = channel(NANDAN, papers.AGREEMENT_ID, [HUANJIANG, LIBO])


def signal(wire_type: str, content: Json, keys: Sequence[Key] | None = None, **changes: Any) -> Sealed:  # noqa: ANN401
    """A signal of 荔波 to 环江 unless changed."""
    time = str(changes.get("time", NOW))
    to = changes.get("to", [HUANJIANG])
    given: Json = {
        "type": wire_type,
        "channel": channel(str(changes.get("source", LIBO)), "control", to, SIGNAL_LABEL),
        "epoch": SIGNAL_EPOCH,
        "seq": (datetime.fromisoformat(time) - _ZERO) // timedelta(milliseconds=1),
        "prev": NO_LINK,
        "to": to,
        "agreement": "control",
        "purpose": "bus_control",
        "class": "internal",
        "status": "system",
        "kind": "request" if wire_type == REQUEST else "report",
        "priority": 2,
        "schema": {"id": f"urn:sihu:schema:{wire_type}", "digest": SCHEMAS[wire_type]},
    }
    return sealed(content, keys, **(given | changes))


def head(name: str, seq: int, link: str, **more: str) -> Json:
    """One head."""
    return {"channel": name, "epoch": EPOCH, "seq": seq, "id": link, **more}


def folded(*heads: Json) -> Json:
    """Channels at rest under one digest."""
    fields = sorted((one["channel"], one["epoch"], str(one["seq"]), one["id"]) for one in heads)
    data = b"".join(len(text).to_bytes(4, "big") + text.encode() for one in fields for text in one)
    return {"count": len(heads), "digest": sha256(data)}


def proof(*links: Sealed) -> Json:
    """Two headers with their signatures."""
    parts = [{"header": base64url(one.header_bytes), "signatures": base64url(one.signatures)} for one in links]
    return {"links": parts}


def _link(**changes: Any) -> Sealed:  # noqa: ANN401 - any field of the header
    return sealed(POLICY_CONTENT, **changes)


_BEACON: Final[Json] = {
    "heads": [head(TO_ALL, 7, "a" * 64)],
    "idle": folded(
        head(channel(LIBO, papers.AGREEMENT_ID, [HUANJIANG]), 3, "b" * 64),
        head(channel(LIBO, papers.AGREEMENT_ID, [HUANJIANG], b"sihu-receipt-channel-v1\0"), 12, "c" * 64),
    ),
    "receipts_seen": [head(channel(HUANJIANG, papers.AGREEMENT_ID, [LIBO], b"sihu-receipt-channel-v1\0"), 2, "d" * 64)],
    "witnessed": [head(OF_NANDAN, 4, "e" * 64, source=NANDAN)],
    "heard": 1772582340000,
}
_QUIET: Final[Json] = {"heads": [], "receipts_seen": [], "witnessed": []}
_REQUEST: Final[Json] = {
    "wanted": [{"channel": TO_ALL, "epoch": EPOCH, "first_seq": 3, "last_seq": 5}],
    "all_heads": False,
}
_RIVALS: Final = (_link(seq=2), _link(seq=2, time="2026-03-04T08:01:00.000+08:00"))
_STRAY: Final = _link(seq=3, prev=_RIVALS[1].envelope_id)
_FOLLOWS: Final = _link(seq=3, prev=_RIVALS[0].envelope_id)


def _case(name: str, made: Sealed, *, code: str | None = None, proves: bool | None = None, **changes: str) -> Json:
    source, kind = made.header["source"], made.header["type"].removeprefix("cn.sihu.")
    return {
        "name": name,
        "receiver": HUANJIANG,
        "received_at": changes.get("received_at", NOW),
        "subject": changes.get("subject", f"hub.in.{source}.signal.{HUANJIANG}.{kind}"),
        "header": made.header,
        "bytes_to_sign_hex": made.to_be_signed.hex(),
        "envelope_id": made.envelope_id,
        "wire_base64url": base64url(made.wire),
        "code": code,
        "proves": proves,
    }


def signals() -> list[Json]:
    """Every case; ``proves`` is whether a proof that is believed to be its sender's holds, too."""
    good = signal(BEACON, _BEACON)
    return [
        _case("beacon", good),
        _case("beacon-with-nothing-to-tell", signal(BEACON, _QUIET)),
        _case("request", signal(REQUEST, _REQUEST)),
        _case("request-for-all-heads", signal(REQUEST, {"wanted": [], "all_heads": True})),
        _case("proof-of-two-links-for-one-place", signal(PROOF, proof(*_RIVALS)), proves=True),
        _case("proof-of-a-link-that-follows-another", signal(PROOF, proof(_RIVALS[0], _STRAY)), proves=True),
        _case("no-proof-it-follows", signal(PROOF, proof(_RIVALS[0], _FOLLOWS)), proves=False),
        _case("no-proof-the-same-twice", signal(PROOF, proof(_RIVALS[0], _RIVALS[0])), proves=False),
        _case("nine-minutes-late", good, received_at="2026-03-04T08:09:00.000+08:00"),
        _case("eleven-minutes-late", good, received_at="2026-03-04T08:11:00.000+08:00", code="signal.out_of_time"),
        _case("for-another", signal(BEACON, _QUIET, to=[NANDAN]), code="wire.wrong_recipient"),
        _case("in-a-lane", good, subject=f"hub.in.{LIBO}.normal.{HUANJIANG}.{BEACON[8:]}", code="wire.wrong_subject"),
        _case("of-another-channel", signal(BEACON, _QUIET, channel=TO_ALL), code="chain.wrong_channel"),
        _case("by-the-receipt-key", signal(BEACON, _QUIET, [KEYS[f"{LIBO} receipt"]]), code="signature.stripped"),
        _case("an-unknown-field", signal(BEACON, _QUIET | {"mood": "good"}), code="content.unknown_field"),
    ]
