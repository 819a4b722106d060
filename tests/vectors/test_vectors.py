"""The vectors stand as they were made, and this project reads them as they say."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.carriage import Arrival
from schemas.control import ChainKind, ChannelHead, ForkProved, Receipt
from schemas.documents import SignedDocument
from schemas.envelope import Link, PayloadType, Position
from schemas.errors import Fault
from schemas.records import Chain
from services.domain.chain import channel_of, judge
from services.domain.completeness import fold
from services.domain.documents import document_digest, read_file
from services.domain.encoding import (
    digest_of,
    from_base64url,
    length_prefixed,
    parse_strict,
    pre_authentication_encoding,
    split_wire,
    to_base64url,
)
from services.domain.forks import judge_fork
from services.domain.governance import judge_agreement, judge_card, judge_officer, judge_registry, kid_of
from services.domain.receiving import examine
from services.domain.signals import Signal, examine_signal
from services.domain.signing import open_parts
from services.domain.trust import AgreementInForce, Trust, assemble
from services.domain.vouching import judge_receipt
from tests.vectors.make import build, spelt
from tests.vectors.signals import folded, head

FOLDER = Path(__file__).parent


def vectors(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read a file of vectors."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


DOCUMENTS = vectors("documents.json")
ENVELOPES = vectors("envelopes-good.json") + vectors("envelopes-bad.json")


def named(cases: list[dict[str, Any]]) -> list[Any]:
    """Give each case its name in the test's id."""
    return [pytest.param(one, id=one.get("name") or one["says"]) for one in cases]


def document(case: dict[str, Any]) -> SignedDocument:
    """Open a document as a file is opened."""
    made = read_file(json.dumps(case["document"]).encode())
    assert isinstance(made, SignedDocument)
    return made


def trusted() -> Trust:
    """Return what the vectors' documents give."""
    first = document(DOCUMENTS["registries"][0])
    registry = judge_registry(first, pinned=document_digest(first), previous=None)
    assert not isinstance(registry, Fault)
    agreement = judge_agreement(document(DOCUMENTS["agreements"][0]), registry)
    assert isinstance(agreement, AgreementInForce)
    return assemble(registry, document_digest(first), [agreement])


TRUST = trusted()


def code_of(found: object) -> str | None:
    """Return the code of a fault, None of anything else."""
    return found.code if isinstance(found, Fault) else None


@pytest.mark.parametrize("name", sorted(build()))
def test_the_files_are_what_the_generator_makes(name: str) -> None:
    """A change of a spelling, here or there, would be a change of the wire."""
    assert (FOLDER / name).read_text(encoding="utf-8") == spelt(build()[name])


def test_there_are_enough_of_them() -> None:
    """At least ten of each."""
    assert len(vectors("envelopes-good.json")) >= 10
    assert len(vectors("envelopes-bad.json")) >= 10


@pytest.mark.parametrize("case", named(ENVELOPES))
def test_envelopes(case: dict[str, Any]) -> None:
    """Each gets its verdict, by the bytes alone."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    found = examine(Arrival(1, case["subject"], wire), trust=TRUST, county=case["receiver"])
    assert (found.outcome.value, code_of(found.fault)) == (case["outcome"], case["code"])


READABLE = [one for one in ENVELOPES if not one["spoilt_on_the_way"] and not str(one["code"]).startswith("header.")]


@pytest.mark.parametrize("case", named(READABLE))
def test_intermediate_bytes(case: dict[str, Any]) -> None:
    """Bytes to sign and id are the ones that this project computes."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    parts = split_wire(wire, max_bytes=1 << 20)
    assert not isinstance(parts, Fault)
    envelope = open_parts(parts)
    assert not isinstance(envelope, Fault)
    kind = PayloadType.RECEIPT if case["header"]["type"].endswith(".receipt.v1") else PayloadType.EVENT
    to_be_signed = pre_authentication_encoding(kind, parts.header)
    if case["name"] != "signed-as-receipt":
        assert to_be_signed.hex() == case["bytes_to_sign_hex"]
        assert envelope.envelope_id == case["envelope_id"]
    assert json.loads(parts.header) == case["header"]
    assert parts.signatures.decode() == case["signatures"]


@pytest.mark.parametrize("case", named(vectors("signals.json")))
def test_signals(case: dict[str, Any]) -> None:
    """Each is believed or not, at the time it says; and a proof proves what it says."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    now = datetime.fromisoformat(case["received_at"])
    found = examine_signal(Arrival(1, case["subject"], wire), trust=TRUST, county=case["receiver"], now=now)
    assert code_of(found) == case["code"]
    if isinstance(found, Signal):
        assert found.envelope.envelope_id == case["envelope_id"]
        proved = judge_fork(found.event, TRUST) if isinstance(found.event, ForkProved) else None
        assert (proved and not isinstance(proved, Fault)) == case["proves"]


def test_channels_at_rest_fold_alike() -> None:
    """Both spellings, over more than one channel and in another order."""
    heads = [head(f"{number:064x}", number, "a" * 64) for number in (9, 10, 2)]
    told = fold([ChannelHead.model_validate(one) for one in reversed(heads)])
    assert told is not None
    assert told.model_dump() == folded(*heads)


@pytest.mark.parametrize("key", named(DOCUMENTS["keys"]))
def test_keys(key: dict[str, Any]) -> None:
    """Key ids by this project's rule."""
    public = from_base64url(key["public"])
    assert public is not None
    assert kid_of("ed25519", public) == key["kid"]


@pytest.mark.parametrize("case", named(DOCUMENTS["registries"]))
def test_registries(case: dict[str, Any]) -> None:
    """First versions, each pinned by its own digest."""
    made = document(case)
    assert document_digest(made) == case["digest"]
    assert code_of(judge_registry(made, pinned=case["digest"], previous=None)) == case["code"]


@pytest.mark.parametrize("case", named(DOCUMENTS["next_registries"]))
def test_next_registries(case: dict[str, Any]) -> None:
    """Where the first version is trusted."""
    assert code_of(judge_registry(document(case), pinned=None, previous=TRUST)) == case["code"]


@pytest.mark.parametrize("case", named(DOCUMENTS["agreements"]))
def test_agreements(case: dict[str, Any]) -> None:
    """Under the first registry."""
    made = document(case)
    assert document_digest(made) == case["digest"]
    assert code_of(judge_agreement(made, TRUST.registry)) == case["code"]


@pytest.mark.parametrize("case", named(DOCUMENTS["cards"]))
def test_cards(case: dict[str, Any]) -> None:
    """How a member introduces itself."""
    assert code_of(judge_card(document(case))) == case["code"]


@pytest.mark.parametrize("case", named(DOCUMENTS["officers"]))
def test_officers(case: dict[str, Any]) -> None:
    """Credentials of 环江, judged at one moment."""
    at = datetime.fromisoformat("2026-03-04T08:00:00.000+08:00")
    assert code_of(judge_officer(document(case), TRUST, "451226", at)) == case["code"]


@pytest.mark.parametrize("case", vectors("chains.json")["channels"])
def test_channels(case: dict[str, Any]) -> None:
    """With the very bytes that are hashed."""
    kind = ChainKind(case["kind"])
    assert channel_of(kind, case["source"], case["agreement_id"], case["to"]) == case["channel"]
    preimage = bytes.fromhex(case["preimage_hex"])
    assert digest_of(preimage) == case["channel"]
    assert preimage.endswith(length_prefixed([case["source"], case["agreement_id"], *sorted(case["to"])]))


@pytest.mark.parametrize("case", named(vectors("chains.json")["verdicts"]))
def test_verdicts(case: dict[str, Any]) -> None:
    """Every way a link may stand to a head."""
    link = Link("c" * 64, "1-0123456789abcdef", case["link"]["seq"], case["link"]["prev"], case["link"]["id"])
    head = Position(case["head"]["seq"], case["head"]["id"])
    assert judge(link, head=head, held_id=case["held_id"]).value == case["verdict"]


@pytest.mark.parametrize("case", named(vectors("receipts.json")))
def test_receipts(case: dict[str, Any]) -> None:
    """As 荔波 judges them."""
    receipt = Receipt.model_validate_json(json.dumps(case["receipt"]))
    target = case["target"]
    chain = target and Chain(
        1,
        receipt.channel,
        receipt.epoch,
        target["source"],
        "qiangui-border",
        ChainKind.EVENT,
        tuple(target["audience"]),
        Position(9, "9" * 64),
    )
    carrier = next(one for one in ENVELOPES if one["name"] == "receipt-stored")
    parts = split_wire(base64.urlsafe_b64decode(carrier["wire_base64url"] + "=="), max_bytes=1 << 20)
    assert not isinstance(parts, Fault)
    envelope = open_parts(parts)
    assert not isinstance(envelope, Fault)
    header = envelope.header.model_copy(update={"source": case["carried_by"]})
    assert code_of(judge_receipt(receipt, header, chain, case["held_id"], TRUST, "522722")) == case["code"]


@pytest.mark.parametrize("case", vectors("encoding.json")["pre_authentication"])
def test_pre_authentication(case: dict[str, Any]) -> None:
    """Bytes to sign."""
    data = pre_authentication_encoding(case["payload_type"], bytes.fromhex(case["payload_hex"]))
    assert data.hex() == case["bytes_to_sign_hex"]
    assert digest_of(data) == case["digest"]


@pytest.mark.parametrize("case", vectors("encoding.json")["base64url"])
def test_base64url(case: dict[str, Any]) -> None:
    """One spelling, or none."""
    data = from_base64url(case["text"])
    assert (data.hex() if data is not None else None) == case["hex"]
    assert data is None or to_base64url(data) == case["text"]


@pytest.mark.parametrize("case", named(vectors("encoding.json")["strict_json"]))
def test_strict_json(case: dict[str, Any]) -> None:
    """Taken or refused."""
    data = from_base64url(case["bytes_base64url"])
    assert data is not None
    assert code_of(parse_strict(data, max_bytes=1 << 20)) == case["code"]
