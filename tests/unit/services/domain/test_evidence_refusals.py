"""Every way in which an evidence file can be wrong, one by one; the files themselves are kept as vectors."""

import json

import pytest

from schemas.documents import SignedDocument
from services.domain.evidence_verifying import Verdict, verify_evidence
from tests.vectors.evidence import EvidenceCase
from tests.vectors.make import evidence_files

CASES = [case for cases in evidence_files().values() for case in cases]


def verdict_of(case: EvidenceCase) -> Verdict:
    """Judge a case with what its reader brings."""
    brought = [SignedDocument.model_validate_json(json.dumps(one)) for one in case.papers]
    return verify_evidence(case.data, case.anchor, brought)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_judged_as_it_says(case: EvidenceCase) -> None:
    """A refusal for another reason would send somebody to look in the wrong place."""
    verdict = verdict_of(case)
    failed = verdict.failed
    found = (failed.step, failed.place) if failed else (None, None)
    assert (verdict.outcome.value, *found) == (case.outcome, case.step, case.place)
    assert (verdict.fault.code if verdict.fault else None) == case.code


@pytest.mark.parametrize("case", [one for one in CASES if one.outcome == "refused"], ids=lambda case: case.name)
def test_the_first_failing_step_ends_it(case: EvidenceCase) -> None:
    """What follows a broken step would be judged by what nobody may believe."""
    verdict = verdict_of(case)
    assert verdict.failed is not None
    assert [one.step for one in verdict.findings if one.place is None] == list(range(1, min(case.step or 0, 8) + 1))
