"""The vectors of evidence files: this project says of each what the vector says."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.documents import SignedDocument
from services.domain.encoding import from_base64url
from services.domain.evidence_verifying import LAST_STEP, verify_evidence
from tests.vectors.make import evidence_files

FOLDER = Path(__file__).parent
VECTORS = [one for name in evidence_files() for one in json.loads((FOLDER / name).read_text(encoding="utf-8"))]


def bytes_of(vector: dict[str, Any]) -> bytes:
    """Read the file of a vector back."""
    text = vector.get("bundle")
    data = from_base64url(vector["bundle_base64url"]) if text is None else text.encode()
    assert data is not None
    return data


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_evidence(vector: dict[str, Any]) -> None:
    """Outcome, step, receipt and reason."""
    papers = [SignedDocument.model_validate_json(json.dumps(one)) for one in vector.get("papers", ())]
    verdict = verify_evidence(bytes_of(vector), vector["anchor"], papers)
    failed = verdict.failed
    found = {
        "outcome": verdict.outcome.value,
        "step": failed.step if failed else None,
        "receipt": failed.place if failed and failed.step < LAST_STEP else None,
        "code": verdict.fault.code if verdict.fault else None,
    }
    assert found == {name: vector[name] for name in found}
    if failed and failed.step == LAST_STEP:
        assert failed.place == vector["release"]


def test_there_are_enough_of_them() -> None:
    """At least 120, more than half of them bad, each under a name of its own."""
    assert len(VECTORS) >= 120
    assert sum(one["outcome"] == "refused" for one in VECTORS) > len(VECTORS) / 2
    assert len({one["name"] for one in VECTORS}) == len(VECTORS)


def test_the_document_counts_them_truly() -> None:
    """A reader with fewer files than the document says has an old copy."""
    bad = sum(one["outcome"] == "refused" for one in VECTORS)
    text = (FOLDER.parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert f"{len(VECTORS) - bad} that fit together, {bad} that must be refused" in text


def test_every_step_refuses_something() -> None:
    """A step without a bad vector is one that a verifier may leave out unnoticed."""
    assert {one["step"] for one in VECTORS if one["step"]} == set(range(1, LAST_STEP + 1))
