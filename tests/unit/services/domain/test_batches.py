"""One signature for many: each verifies alone, and each way to cheat with it has a name."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.batches import BATCH_COUNT_MAX, BatchSignature, RootRecord
from schemas.envelope import SIGNATURES_MAX_BYTES, Envelope, PayloadType
from schemas.errors import Fault
from schemas.registry import KeyUse
from services.domain.batches import RUN_MAX, root_to_sign, sign_run
from services.domain.encoding import compact_json, pre_authentication_encoding, to_base64url
from services.domain.merkle import levels, path_in
from services.domain.signatures import parse_signatures, parse_signatures_strictly
from services.domain.signing import attach, attach_later, prepare, to_be_signed_of, verify
from tests import papers

KEY = papers.signer(papers.LIBO)


def unsigned(count: int, **changes: Any) -> list[Envelope]:  # noqa: ANN401 - fields of the header
    """Return events of one channel that wait for their signature."""
    body = papers.as_bytes(papers.policy_content())
    return [attach_later(prepare(papers.header(body, seq=seq, **changes)), body) for seq in range(1, count + 1)]


def signed(count: int, **changes: Any) -> list[Envelope]:  # noqa: ANN401 - fields of the header
    """Return events of one channel, signed together."""
    run = unsigned(count, **changes)
    parts = sign_run(run, to_be_signed_of, KEY.kid, KEY.sign)
    return [replace(one, signatures_bytes=part) for one, part in zip(run, parts, strict=True)]


def code_of(found: object) -> str | None:
    """Return the code of a fault, None of anything else."""
    return found.code if isinstance(found, Fault) else None


def entry_of(envelope: Envelope) -> dict[str, Any]:
    """Return the one entry of the signatures part."""
    (entry,) = json.loads(envelope.signatures_bytes)
    assert isinstance(entry, dict)
    return entry


def judged(envelope: Envelope, *entries: dict[str, Any]) -> str | None:
    """Return what is said of the envelope with these entries."""
    return code_of(verify(replace(envelope, signatures_bytes=compact_json(list(entries))), papers.trust()))


@pytest.mark.parametrize("count", [2, 3, 5, RUN_MAX - 1, RUN_MAX, RUN_MAX + 1, RUN_MAX + 2, 2 * RUN_MAX + 1])
def test_each_of_a_run_verifies_alone(count: int) -> None:
    """Whoever has one of them needs none of the others."""
    assert [verify(one, papers.trust()) for one in signed(count)] == [None] * count


def test_a_run_of_one_is_signed_plainly() -> None:
    """A lone event looks as it always did, also to those who read no batches; the last of a long run, too."""
    (alone,) = signed(1)
    assert (
        alone.signatures_bytes
        == attach(prepare(alone.header), [(KEY.kid, KEY.sign(to_be_signed_of(alone)))], b"").signatures_bytes
    )
    assert "root" not in entry_of(signed(RUN_MAX + 1)[-1])
    assert sign_run([], to_be_signed_of, KEY.kid, KEY.sign) == []


def test_a_run_takes_one_signature() -> None:
    """That is what it is for."""
    made: list[bytes] = []

    def sign(data: bytes) -> bytes:
        made.append(data)
        return KEY.sign(data)

    run = unsigned(RUN_MAX)
    sign_run(run, to_be_signed_of, KEY.kid, sign)
    assert len(made) == 1
    assert made[0].startswith(b"DSSEv1 39 application/vnd.sihu.batch-root.v1+json ")


def test_the_root_record_names_source_count_and_root() -> None:
    """The tree is over envelope ids; a stranger can build it."""
    run = signed(3)
    tree = levels([bytes.fromhex(one.envelope_id) for one in run])
    assert entry_of(run[1]) == {
        "kid": KEY.kid,
        "sig": entry_of(run[0])["sig"],
        "root": {"v": 1, "source": papers.LIBO, "count": 3, "root": tree[-1][0].hex()},
        "index": 1,
        "path": [to_base64url(one) for one in path_in(tree, 1)],
    }


def test_the_widest_part_fits_its_bound() -> None:
    """Four signers, each with the longest path: nothing that may be written is too large to be read."""
    root = RootRecord(v=1, source=papers.LIBO, count=BATCH_COUNT_MAX, root="f" * 64)
    index = BATCH_COUNT_MAX - 1
    entries = [
        BatchSignature(kid=f"{kid:032x}", sig="A" * 86, root=root, index=index, path=("A" * 43,) * 12).model_dump()
        for kid in range(4)
    ]
    data = compact_json(entries)
    assert len(data) <= SIGNATURES_MAX_BYTES
    found = parse_signatures(data)
    assert isinstance(found, tuple)
    assert len(found) == 4


def _with(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:  # noqa: ANN401 - any JSON value
    return lambda entry: entry | changes


def _with_root(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:  # noqa: ANN401 - any JSON value
    return lambda entry: entry | {"root": entry["root"] | changes}


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda entry: {key: value for key, value in entry.items() if key != name}


def _path(change: Callable[[list[str]], list[str]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda entry: entry | {"path": change(entry["path"])}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_with(), None),
        (_without("root"), "batch.malformed"),
        (_without("index"), "batch.malformed"),
        (_without("path"), "batch.malformed"),
        (_without("sig"), "batch.malformed"),
        (_with(alg="none"), "batch.malformed"),
        (_with(index="1"), "batch.malformed"),
        (_with(index=None), "batch.malformed"),
        (_with(index=True), "batch.malformed"),
        (_with(path="AAAA"), "batch.malformed"),
        (_with(path=[1, 2, 3]), "batch.malformed"),
        (_with(root="00"), "batch.malformed"),
        (_with_root(count="8"), "batch.malformed"),
        (_with_root(type="event"), "batch.malformed"),
        (_with_root(root="F" * 64), "batch.malformed"),
        (_with_root(source="0"), "batch.malformed"),
        (_with_root(v=True), "batch.malformed"),
        (_with_root(v=2), "batch.unsupported_version"),
        (_with_root(count=1), "batch.count"),
        (_with_root(count=0), "batch.count"),
        (_with_root(count=-8), "batch.count"),
        (_with_root(count=BATCH_COUNT_MAX + 1), "batch.count"),
        (_with_root(count=2**53 - 1), "batch.count"),
        (_with(index=8), "batch.index"),
        (_with(index=-1), "batch.index"),
        (_path(lambda path: path[:-1]), "batch.path_length"),
        (_path(lambda path: [*path, path[0]]), "batch.path_length"),
        (_path(lambda _: []), "batch.path_length"),
        (_path(lambda path: [path[0] + "=", *path[1:]]), "batch.not_base64url"),
        (_path(lambda path: [path[0][:-1] + "B", *path[1:]]), "batch.not_base64url"),
        (_path(lambda path: [path[0][:-1], *path[1:]]), "batch.not_base64url"),
        (_path(lambda path: ["", *path[1:]]), "batch.not_base64url"),
        (_with_root(source=papers.NANDAN), "batch.other_source"),
        (_with(index=4), "batch.other_root"),
        (_path(lambda path: path[::-1]), "batch.other_root"),
        (_with_root(root="0" * 64), "batch.other_root"),
        (_with_root(count=7), "batch.unsigned"),
        (_with(sig="A" * 86), "batch.unsigned"),
        (_with(sig="A" * 85), "batch.malformed"),
        (_with(kid="0" * 32), "signature.stripped"),
    ],
)
def test_every_way_to_cheat_has_its_name(change: Callable[[dict[str, Any]], dict[str, Any]], code: str | None) -> None:
    """Event 2 of 8, with one thing changed."""
    event = signed(8)[2]
    assert judged(event, change(entry_of(event))) == code


def test_another_spelling_is_refused() -> None:
    """Blanks, another order, escapes: a second wire form of one envelope."""
    event = signed(4)[1]
    good = event.signatures_bytes
    entry = entry_of(event)
    root = {name: entry["root"][name] for name in ("source", "v", "count", "root")}
    for data in (
        good.replace(b",", b", ", 1),
        compact_json([dict(sorted(entry.items()))]),
        compact_json([entry | {"root": root}]),
        good.replace(b'"kid"', b'"\\u006bid"'),
    ):
        assert code_of(parse_signatures(data)) == "signature.malformed"


def test_another_envelope_does_not_lie_in_the_tree() -> None:
    """The entry of one event under the header of another, or of the same run."""
    run = signed(8)
    other = papers.envelope(seq=99)
    assert judged(other, entry_of(run[2])) == "batch.other_root"
    assert judged(run[3], entry_of(run[2])) == "batch.other_root"


def test_one_key_signs_in_one_way() -> None:
    """A reader that looks at the first and one that looks at the last entry of a kid must not differ."""
    made = unsigned(2, signers=(KEY.kid, KEY.kid))
    parts = sign_run(made, to_be_signed_of, KEY.kid, KEY.sign)
    (batch,) = json.loads(parts[0])
    plain = {"kid": KEY.kid, "sig": to_base64url(KEY.sign(to_be_signed_of(made[0])))}
    assert judged(made[0], batch, plain) == judged(made[0], plain, batch) == "batch.mixed"
    assert judged(made[0], batch, batch) is judged(made[0], plain, plain) is None


@pytest.mark.parametrize("payload_type", [PayloadType.EVENT, PayloadType.RECEIPT, PayloadType.REGISTRY])
def test_a_signature_over_another_kind_of_thing_covers_no_root(payload_type: PayloadType) -> None:
    """The payload type is in the bytes to sign: nothing else that a key ever signed is a root record."""
    event = signed(4)[1]
    root = compact_json(entry_of(event)["root"])
    sig = to_base64url(KEY.sign(pre_authentication_encoding(payload_type, root)))
    assert judged(event, entry_of(event) | {"sig": sig}) == "batch.unsigned"


def test_a_root_signature_covers_no_envelope() -> None:
    """The same signature offered as a plain one."""
    event = signed(4)[1]
    assert judged(event, {"kid": KEY.kid, "sig": entry_of(event)["sig"]}) == "signature.invalid"


@pytest.mark.parametrize(
    "by", [papers.signer("a stranger"), papers.signer(papers.NANDAN), papers.signer(papers.LIBO, KeyUse.RECEIPT)]
)
def test_only_the_sources_event_key_signs_a_root_of_events(by: Any) -> None:  # noqa: ANN401
    """A batch gives no key a use that it has not."""
    made = unsigned(2, signers=(by.kid,))
    parts = sign_run(made, to_be_signed_of, by.kid, by.sign)
    assert judged(made[0], *json.loads(parts[0])) == "signature.unknown_key"


def test_another_keys_signature_is_not_remembered_for_this_one() -> None:
    """What a cache knows of a root holds for the key that it was verified by, and for no other."""
    run = signed(2)
    assert verify(run[0], papers.trust()) is None
    stranger = papers.signer("a stranger")
    forged = entry_of(run[0]) | {
        "sig": to_base64url(stranger.sign(root_to_sign(RootRecord(**entry_of(run[0])["root"]))))
    }
    assert judged(run[0], forged) == "batch.unsigned"
    assert verify(run[0], papers.trust()) is None
    other_key = papers.key_record(stranger, KeyUse.EVENT, kid=KEY.kid)
    libo = papers.member(papers.LIBO, keys=(other_key, *papers.member(papers.LIBO).keys[:2]))
    trust = papers.trust(members=(papers.member(papers.NANDAN), papers.member(papers.HUANJIANG), libo))
    assert code_of(verify(run[0], trust)) == "batch.unsigned"


def test_the_short_cut_reads_as_the_strict_parse_does() -> None:
    """Nearly every batch entry is read by one expression."""
    for count in (2, 3, 63, 64):
        for one in signed(count):
            assert parse_signatures(one.signatures_bytes) == parse_signatures_strictly(one.signatures_bytes)
