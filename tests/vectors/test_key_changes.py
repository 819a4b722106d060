"""The vectors of changes, judged by the project: the second spelling and the first must agree."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.documents import SignedDocument
from schemas.envelope import Envelope, Header
from schemas.registry import Registry
from services.domain.documents import document_digest, read_file
from services.domain.governance import judge_registry
from services.domain.key_changes import with_changes
from services.domain.key_ends import judge_position
from services.domain.signing import parse_header, verify
from services.domain.trust import Trust, assemble
from tests.vectors.make import FOLDER

CASES: dict[str, Any] = json.loads((Path(FOLDER) / "key-changes.json").read_text(encoding="utf-8"))


def opened(made: object) -> SignedDocument:
    """Open a document as a file is opened."""
    document = read_file(json.dumps(made).encode())
    assert isinstance(document, SignedDocument)
    return document


def trusted() -> Trust:
    """Return what the registry alone gives."""
    document = opened(CASES["registry"])
    registry = judge_registry(document, pinned=document_digest(document), previous=None)
    assert isinstance(registry, Registry)
    return assemble(registry, document_digest(document), ())


@pytest.mark.parametrize("case", CASES["documents"], ids=lambda case: case["name"])
def test_a_document_counts_or_is_refused(case: dict[str, Any]) -> None:
    """With the reason that the file gives."""
    document = opened(case["document"])
    assert document_digest(document) == case["digest"]
    trust, faults = with_changes(trusted(), [document])
    assert [fault.code for fault in faults] == ([case["code"]] if case["code"] else [])
    assert (case["digest"] in trust.adopted) is (case["code"] is None)


@pytest.mark.parametrize("case", CASES["links"], ids=lambda case: case["name"])
def test_a_link_lies_within_its_keys_ends_or_not(case: dict[str, Any]) -> None:
    """With the changes known that the file names."""
    documents = {one["name"]: opened(one["document"]) for one in CASES["documents"]}
    trust, _ = with_changes(trusted(), [documents[name] for name in case["known"]])
    data = case["header"].encode()
    header = parse_header(data)
    assert isinstance(header, Header)
    envelope = Envelope(case["envelope_id"], header, data, case["signatures"].encode(), b"", b"")
    fault = verify(envelope, trust) or judge_position(envelope, trust)
    assert (fault.code if fault else None) == case["code"]
