"""The vectors of batch signatures: this project says of each what the vector says, and so does the second verifier."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.carriage import Arrival
from services.domain.encoding import from_base64url, to_base64url
from services.domain.evidence_verifying import verify_evidence
from services.domain.merkle import path, root
from services.domain.receiving import examine
from tests.interop.verifier import ask
from tests.vectors.test_vectors import TRUST, code_of

VECTORS = json.loads((Path(__file__).parent / "batches.json").read_text(encoding="utf-8"))
ENVELOPES, EVIDENCE = VECTORS["envelopes"], VECTORS["evidence"]


def named(vector: dict[str, Any]) -> str:
    """The test's id."""
    return str(vector["name"])


@pytest.mark.parametrize("tree", VECTORS["trees"], ids=lambda tree: f"of-{len(tree['leaves_hex'])}")
def test_trees(tree: dict[str, Any]) -> None:
    """Roots and every path."""
    leaves = [bytes.fromhex(one) for one in tree["leaves_hex"]]
    assert root(leaves).hex() == tree["root"]
    paths = [[to_base64url(one) for one in path(leaves, index)] for index in range(len(leaves))]
    assert paths == tree["paths_base64url"]


@pytest.mark.parametrize("case", ENVELOPES, ids=named)
def test_envelopes(case: dict[str, Any]) -> None:
    """Each gets its verdict, by the bytes alone."""
    wire = from_base64url(case["wire_base64url"])
    assert wire is not None
    found = examine(Arrival(1, case["subject"], wire), trust=TRUST, county=case["receiver"])
    assert (found.outcome.value, code_of(found.fault)) == (case["outcome"], case["code"])


def test_there_are_enough_of_them() -> None:
    """Every code of a batch is the answer to one at least, and each has a name of its own."""
    codes = {one["code"] for one in ENVELOPES if str(one["code"]).startswith("batch.")}
    assert codes == {
        f"batch.{code}"
        for code in (
            "malformed",
            "unsupported_version",
            "count",
            "index",
            "path_length",
            "not_base64url",
            "mixed",
            "other_source",
            "other_root",
            "unsigned",
        )
    }
    assert sum(one["code"] is None for one in ENVELOPES) >= 10
    assert len({one["name"] for one in ENVELOPES}) == len(ENVELOPES)


@pytest.mark.parametrize("case", EVIDENCE, ids=named)
def test_evidence(case: dict[str, Any]) -> None:
    """A file of whatever was signed in batches stands alone like any other."""
    verdict = verify_evidence(case["bundle"].encode(), case["anchor"])
    failed = verdict.failed
    assert (verdict.outcome.value, code_of(verdict.fault)) == (case["outcome"], case["code"])
    assert (failed.step if failed else None, failed.place if failed else None) == (case["step"], case["receipt"])


def test_the_second_verifier_says_the_same() -> None:
    """It was written from the document; where the two differ, the document is not exact."""
    arrivals = [
        {"ask": "envelope", "wire": one["wire_base64url"], "subject": one["subject"], "receiver": one["receiver"]}
        for one in ENVELOPES
    ]
    files = [
        {"ask": "evidence", "bundle": to_base64url(one["bundle"].encode()), "anchor": one["anchor"]} for one in EVIDENCE
    ]
    answers = ask([*arrivals, *files])
    for case, answer in zip([*ENVELOPES, *EVIDENCE], answers, strict=True):
        names = ("outcome", "code", *(("step", "receipt") if "bundle" in case else ()))
        assert (case["name"], {name: answer[name] for name in names}) == (
            case["name"],
            {name: case[name] for name in names},
        )


def test_the_second_verifier_refuses_every_flipped_bit_of_a_batch() -> None:
    """No bit of root, index or path is free, in either program."""
    data = next(one for one in EVIDENCE if one["name"] == "batch-alone")["bundle"].encode()
    anchor = EVIDENCE[0]["anchor"]
    (answer,) = ask([{"ask": "flips", "bundle": to_base64url(data), "anchor": anchor, "first": 3, "step": 41}])
    assert answer["left"] == []
    for bit in range(5, len(data) * 8, 211):
        changed = bytearray(data)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert verify_evidence(bytes(changed), anchor).outcome.value == "refused"
