"""A case as evidence: it holds offline, tells the story if it was opened, and nothing can be changed or left out."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.custody import OpeningReason
from services.domain.case_evidence import CaseVerdict, is_case_file, verify_case_file
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.evidence_verifying import Outcome, verify_evidence
from tests import papers
from tests.interop.verifier import ask
from tests.mediating import TODAY, Bench, mediating
from tests.papers import LIBO, NANDAN

ANCHOR = document_digest(papers.signed_registry())
PROOF = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": str(TODAY)}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Two counties that mediate."""
    async with mediating() as one:
        yield one


async def case_of(bench: Bench) -> str:
    """A case with evidence from both sides that had not seen each other, and an acceptance behind both."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    for county in (NANDAN, LIBO):
        assert (await bench.write(county, case_id, "evidence_added", **PROOF)).status == 202
    await bench.world.carry()
    await bench.written(LIBO, case_id, "accepted", accepted_on=str(TODAY), due_on="2026-04-04")
    return case_id


async def exported(bench: Bench, case_id: str, why: str = "") -> bytes:
    """Return the file."""
    answer = await bench.desks[NANDAN].get(f"/cases/{case_id}/evidence" + (f"?why={why}" if why else ""))
    assert answer.status == 200, answer.body
    return answer.body if isinstance(answer.body, bytes) else str(answer.body).encode()


def code(verdict: CaseVerdict) -> str | None:
    """Return why a file does not hold."""
    assert verdict.outcome is Outcome.REFUSED
    first = next((one.fault.code for one in verdict.verdicts if one.fault is not None), None)
    return verdict.fault.code if verdict.fault else first


async def test_a_case_cannot_be_verified_offline(bench: Bench) -> None:
    """Opened: every event holds, and the story is the one that the node tells. The openings are written down."""
    case_id = await case_of(bench)
    data = await exported(bench, case_id, "review")
    verdict, untrusted = verify_case_file(data, ANCHOR), verify_case_file(data, None)
    shown = await bench.case(NANDAN, case_id)

    assert is_case_file(data)
    assert (verdict.outcome, verdict.case_id, verdict.fault) == (Outcome.HOLDS, case_id, None)
    assert untrusted.outcome is Outcome.CONSISTENT
    assert verdict.file is not None
    assert verdict.file.state.stage.value == shown["case"]["stage"] == "accepted"
    assert [one.entry.envelope_id for one in verdict.file.story] == [one["envelope_id"] for one in shown["entries"]]
    rows = await bench.world[NANDAN].store.read(lambda s: s.openings(0, 99))
    assert [row.reason for row in rows] == [OpeningReason.REVIEW] * 6


async def test_a_closed_case_opens_or_says_less_than_it_could(bench: Bench) -> None:
    """Without a reason: signatures and thread hold, and no content is told."""
    data = await exported(bench, await case_of(bench))
    verdict = verify_case_file(data, ANCHOR)

    assert (verdict.outcome, verdict.file) == (Outcome.HOLDS, None)
    assert json.loads(data.partition(b"\n")[0])["keys"] == {}
    assert await bench.world[NANDAN].store.read(lambda s: s.openings(0, 99)) == []


async def test_each_line_is_no_evidence_file(bench: Bench) -> None:
    """Whoever has only a verifier of evidence files splits it at the line feeds."""
    data = await exported(bench, await case_of(bench), "review")

    assert [verify_evidence(line, ANCHOR).outcome for line in data.split(b"\n")[1:]] == [Outcome.HOLDS] * 6


async def test_something_is_left_out_added_or_changed(bench: Bench) -> None:
    """An entry, the registration, a line twice, another case's event, a key, a bit: each refused with its reason."""
    case_id = await case_of(bench)
    other = await bench.register()
    data, foreign = await exported(bench, case_id, "review"), await exported(bench, other)
    head, *lines = data.split(b"\n")

    def told(chosen: list[bytes], **changes: object) -> str | None:
        first = json.loads(head) | {"count": len(chosen)} | changes
        made = b"\n".join((json.dumps(first, separators=(",", ":")).encode(), *chosen))
        return code(verify_case_file(made, ANCHOR))

    keys = json.loads(head)["keys"]
    names = sorted(keys)
    swapped = keys | {names[0]: keys[names[1]], names[1]: keys[names[0]]}
    assert told(lines[:2] + lines[3:], keys={}) == "case.entries_missing"
    assert told(lines[1:], keys={}) == "case.entries_missing"
    assert told([*lines, lines[0]]) == "evidence.not_canonical"
    assert told([*lines, foreign.split(b"\n")[1]]) == "case.stranger"
    assert told(lines, count=5) == "evidence.not_canonical"
    assert told(lines, keys=swapped) == "encryption.content_not_opened"
    assert told(lines, keys=keys | {"f" * 64: keys[names[0]]}) == "evidence.not_canonical"
    assert told(lines, case_id=other) == "case.entries_missing"
    assert told(lines, v=2) == "evidence.not_allowed"
    assert told([lines[0].replace(b'"v":1', b'"v":3'), *lines[1:]]) == "evidence.unsupported_version"
    assert code(verify_case_file(data + b"\n", ANCHOR)) == "evidence.not_canonical"
    assert code(verify_case_file(b"{" + data, ANCHOR)) is not None
    assert code(verify_case_file(head.replace(b'"format"', b' "format"') + b"\n" + b"\n".join(lines), ANCHOR))


async def test_the_second_verifier_says_otherwise(bench: Bench) -> None:
    """Good, untrusted, closed, and each way in which the thread can be broken: outcome and code."""
    case_id = await case_of(bench)
    data, closed = await exported(bench, case_id, "review"), await exported(bench, case_id)
    foreign = await exported(bench, await bench.register())
    head, *lines = closed.split(b"\n")

    def counting(chosen: list[bytes]) -> bytes:
        return b"\n".join((head.replace(b'"count":6', f'"count":{len(chosen)}'.encode()), *chosen))

    files = [data, closed, counting(lines[:2] + lines[3:]), counting([*lines, lines[1]]), closed + b"\n"]
    files += [counting([*lines, foreign.split(b"\n")[1]]), counting([lines[0][:-1], *lines[1:]])]
    questions: list[dict[str, Any]] = [
        {"ask": "case_file", "file": to_base64url(one), "anchor": ANCHOR} for one in files
    ]
    questions += [{"ask": "case_file", "file": to_base64url(data), "anchor": None}]
    said = [verify_case_file(one, ANCHOR) for one in files] + [verify_case_file(data, None)]
    expected = [(one.outcome.value, one.fault.code if one.fault else None, len(one.verdicts)) for one in said]

    assert [(one["outcome"], one["code"], len(one["events"])) for one in ask(questions)] == expected
    assert [outcome for outcome, _, _ in expected] == ["holds"] * 2 + ["refused"] * 5 + ["consistent"]
