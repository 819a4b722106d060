"""A member gone bad signs whatever it likes: nothing that it sends takes the receiver down, on either store."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.store import MemoryStore
from adapters.sqlite.store import open_store
from schemas.carriage import Arrival
from schemas.control import EpochOpened, Receipt
from schemas.envelope import PayloadType
from schemas.registry import KeyUse
from schemas.subjects import Lane, Subject
from services.domain.encoding import compact_json, digest_of, pre_authentication_encoding, to_base64url
from services.domain.signing import payload_type_of
from tests import papers
from tests.desk import Office
from tests.papers import ALERT, HUANJIANG, LIBO, POLICY

_nasty = st.sampled_from(
    [
        "",
        "\ud800",
        "\x00",
        "e\u0301",
        "a\u202eb",
        "\n",
        "长" * 400,
        "x" * 3000,
        "110105194912310021",
        "religion",
        "é",
        "0" * 64,
    ]
)
_scalars = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=True) | st.text(max_size=5) | _nasty
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | _nasty, inner, max_size=3),
)


def _good_content(wire_type: str) -> dict[str, Any]:
    if wire_type == ALERT:
        return papers.alert_content()
    if wire_type == POLICY:
        return papers.policy_content()
    header = json.loads(papers.envelope(b"{}", type=wire_type, to=(HUANJIANG,)).header_bytes)
    common = {"channel": header["channel"], "epoch": header["epoch"]}
    if wire_type == EpochOpened.wire_type:
        opened = {"chain_kind": "event", "agreement_id": papers.AGREEMENT, "audience": [HUANJIANG], "reason": "first"}
        return common | opened
    proof = {"first_seq": 1, "seq": 1, "head": "e" * 64, "agreement": header["agreement"], "permitted": True}
    return common | proof | {"receiver": LIBO, "stage": "stored", "received_at": "2026-03-04T08:00:00.000+08:00"}


@st.composite
def _mutated(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """A good object with some fields exchanged, left out or added."""
    changed = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(good)), max_size=2)):
        changed[name] = draw(_values)
    for name in draw(st.lists(st.sampled_from(sorted(good)), max_size=1)):
        changed.pop(name, None)
    return changed | draw(st.dictionaries(st.text(max_size=3) | _nasty, _values, max_size=1))


@st.composite
def _spelt(draw: st.DrawFn, value: dict[str, Any]) -> bytes:
    """JSON as careless programs write it: escaped or not, a key twice, cut."""
    escaped = draw(st.booleans()) or any("\ud800" in str(part) for part in (value, *value.values()))
    text = json.dumps(value, ensure_ascii=escaped, separators=(",", ":")).encode("utf-8", "replace")
    how = draw(st.sampled_from(["whole"] * 6 + ["twice", "cut", "array"]))
    if how == "twice":
        return text[:-1] + b"," + text[1:]
    return {"whole": text, "cut": text[: len(text) // 2], "array": b"[" + text + b"]"}[how]


@st.composite
def _arrivals(draw: st.DrawFn) -> Arrival:
    """A message that 荔波 truly signed, on the subject where it belongs."""
    wire_type = draw(st.sampled_from([POLICY, ALERT, Receipt.wire_type, EpochOpened.wire_type]))
    content = draw(_spelt(draw(_mutated(_good_content(wire_type)))))
    seq = draw(st.integers(0, 4))
    made = papers.envelope(content, type=wire_type, to=(HUANJIANG,), seq=seq, prev=f"{draw(st.integers(0, 3)):064x}")
    header = made.header_bytes
    if draw(st.integers(0, 3)) == 0:
        value = draw(_mutated(json.loads(header))) | {"content": json.loads(header)["content"]}
        header = draw(_spelt(value)).replace(b"\n", b" ")
    payload_type = PayloadType(payload_type_of(wire_type))
    key = papers.signer(LIBO, KeyUse.RECEIPT if payload_type is PayloadType.RECEIPT else KeyUse.EVENT)
    sig = to_base64url(key.sign(pre_authentication_encoding(payload_type, header)))
    signatures = compact_json([{"kid": key.kid, "sig": sig}])
    subject = str(Subject(LIBO, draw(st.sampled_from(Lane)), HUANJIANG, wire_type))
    return Arrival(1, subject, b"\n".join((header, signatures, b"", content)))


async def _survives(office: Office, arrivals: list[Arrival]) -> None:
    """Take them, and then something good from another county; whatever was refused can be told and listed."""
    await office.take(*arrivals)
    await office.take(*arrivals)
    other = Office(papers.NANDAN, MemoryStore())
    await other.post()
    await office.take(*await other.sent())
    assert [row.source for row in await office.inbox()].count(papers.NANDAN) == 1
    for refused in await office.quarantined():
        assert (refused.field + refused.reason).isprintable()
        assert refused.digest in {digest_of(one.message) for one in arrivals}
    assert len(office.puller.acknowledged) == 3


@given(st.lists(_arrivals(), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_nothing_a_member_signs_takes_us_down(arrivals: list[Arrival]) -> None:
    """On the memory store."""
    asyncio.run(_survives(Office(HUANJIANG, MemoryStore()), arrivals))


@given(st.lists(_arrivals(), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_nothing_a_member_signs_takes_the_real_store_down(arrivals: list[Arrival]) -> None:
    """On SQLite, which is particular about texts."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(Path(folder) / "county.db", floor_bytes=0) as store:
                await _survives(Office(HUANJIANG, store), arrivals)

    asyncio.run(run())
