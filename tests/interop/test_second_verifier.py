"""A verifier in another language, written from docs/protocol.md, says of every vector what this project says.

What it does not judge, by its purpose: the guards and the types of content, steps 8 and 9 of "Verification".
"""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from schemas.documents import SignedDocument
from services.cli.verifying import as_value
from services.domain.encoding import to_base64url
from services.domain.evidence_verifying import Verdict, verify_evidence
from tests.interop.mutations import mutation
from tests.interop.verifier import PROGRAM, ask, node, vectors
from tests.vectors import evidence_changed, evidence_released, evidence_unproved
from tests.vectors.evidence import ANCHOR, WHOLE
from tests.vectors.evidence_changed import COMMITTED_ANCHOR
from tests.vectors.evidence_changed import EVERYTHING as CHANGED
from tests.vectors.evidence_released import WHOLE as RELEASED
from tests.vectors.make import evidence_files
from tests.vectors.spelling import Json, compact

NOT_ITS_MATTER: Final = frozenset({"guard.banned_name", "guard.personal_number", "content.unknown_field"})
AT: Final = "2026-03-04T08:00:00.000+08:00"


def differing(questions: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """Return what the second verifier says otherwise."""
    answers = ask(questions)
    assert len(answers) == len(expected)
    return [
        f"{question.get('name') or question.get('says')}: {found}, expected {wanted}"
        for question, answer, wanted in zip(questions, answers, expected, strict=True)
        if (found := {name: answer.get(name) for name in wanted}) != wanted
    ]


def bundle_of(vector: dict[str, Any]) -> str:
    """Return the file of a vector as base64url."""
    return vector["bundle_base64url"] if "bundle" not in vector else to_base64url(vector["bundle"].encode())


def test_evidence_files() -> None:
    """Outcome, step, receipt and code."""
    cases = [one for name in evidence_files() for one in vectors(name)]
    questions = [
        {
            "ask": "evidence",
            "name": one["name"],
            "bundle": bundle_of(one),
            "anchor": one["anchor"],
            "papers": one.get("papers", []),
        }
        for one in cases
    ]
    names = ("outcome", "step", "receipt", "code")
    expected = [{name: one[name] for name in names} | {"release": one.get("release")} for one in cases]
    assert differing(questions, expected) == []


def test_it_says_the_same_of_keys_and_of_how_far_it_knows() -> None:
    """Which key was in force up to where, and what a verdict stands on."""
    cases = evidence_changed.good()
    questions = [
        {"ask": "evidence", "bundle": to_base64url(one.data), "anchor": one.anchor, "papers": list(one.papers)}
        for one in cases
    ]
    for case, answer in zip(cases, ask(questions), strict=True):
        brought = [SignedDocument.model_validate_json(json.dumps(one)) for one in case.papers]
        mine = as_value(verify_evidence(case.data, case.anchor, brought))
        assert (mine["as_of"], mine["keys"]) == (answer["as_of"], answer["keys"]), case.name


def test_it_says_the_same_of_who_signed() -> None:
    """Which officer signed with a key of the officer's own, and for which the county's node alone vouches."""
    cases = evidence_released.good()
    questions = [{"ask": "evidence", "bundle": to_base64url(one.data), "anchor": one.anchor} for one in cases]
    for case, answer in zip(cases, ask(questions), strict=True):
        mine = as_value(verify_evidence(case.data, case.anchor))
        assert answer["steps"] == mine["steps"], case.name
        assert answer["steps"][-1]["officers"], case.name


def test_it_computes_the_same_anchor_and_id() -> None:
    """A person compares both with what somebody read out."""
    data = compact(WHOLE)
    (answer,) = ask([{"ask": "evidence", "bundle": to_base64url(data), "anchor": None}])
    verdict = verify_evidence(data, None)
    assert verdict.opened is not None
    assert (answer["anchor"], answer["envelope_id"]) == (ANCHOR, verdict.opened.event.envelope.envelope_id)


def test_envelopes() -> None:
    """Steps 1 to 7 of an arrival; what the later ones refuse it lets pass, and nothing else."""
    cases = vectors("envelopes-good.json") + vectors("envelopes-bad.json")
    questions = [
        {
            "ask": "envelope",
            "name": one["name"],
            "wire": one["wire_base64url"],
            "subject": one["subject"],
            "receiver": one["receiver"],
        }
        for one in cases
    ]
    beyond = [one["name"] for one in cases if one["code"] in NOT_ITS_MATTER]
    assert beyond == ["unknown-field", "banned-field", "identity-number"]
    passes = {"outcome": "acceptable", "code": None}
    expected = [passes if one["name"] in beyond else {"outcome": one["outcome"], "code": one["code"]} for one in cases]
    assert differing(questions, expected) == []


def test_intermediate_bytes() -> None:
    """Bytes to sign and envelope ids."""
    cases = [one for one in vectors("envelopes-good.json") if not one["spoilt_on_the_way"]]
    questions = [{"ask": "opened", "name": one["name"], "wire": one["wire_base64url"]} for one in cases]
    expected = [{"id": one["envelope_id"], "bytes_to_sign_hex": one["bytes_to_sign_hex"]} for one in cases]
    assert differing(questions, expected) == []


@pytest.mark.parametrize("what", ["registries", "next_registries", "agreements", "cards", "officers"])
def test_documents(what: str) -> None:
    """Digest and code."""
    cases = vectors("documents.json")[what]
    questions = [
        {"ask": "document", "what": what, "name": one["name"], "document": one["document"], "at": AT} for one in cases
    ]
    assert differing(questions, [{"digest": one["digest"], "code": one["code"]} for one in cases]) == []


@pytest.mark.parametrize(
    ("ask_for", "file", "part", "says"),
    [
        ("key", "documents.json", "keys", ("kid",)),
        ("channel", "chains.json", "channels", ("preimage_hex", "channel")),
        ("verdict", "chains.json", "verdicts", ("verdict",)),
        ("receipt", "receipts.json", None, ("code",)),
        ("pae", "encoding.json", "pre_authentication", ("bytes_to_sign_hex", "digest")),
        ("base64url", "encoding.json", "base64url", ("hex",)),
        ("chunk", "files.json", "chunks", ("code",)),
        ("header", "files.json", "headers", ("code",)),
        ("strict_json", "encoding.json", "strict_json", ("code",)),
    ],
)
def test_parts(ask_for: str, file: str, part: str | None, says: tuple[str, ...]) -> None:
    """Keys, channels, chains, receipts, bytes."""
    cases = vectors(file)[part] if part else vectors(file)
    questions = [{**{name: value for name, value in one.items() if name not in says}, "ask": ask_for} for one in cases]
    assert differing(questions, [{name: one[name] for name in says} for one in cases]) == []


def test_changes_of_keys() -> None:
    """Which documents count, and what an ended key is trusted for by its position alone."""
    cases = vectors("key-changes.json")
    registry, documents = cases["registry"], {one["name"]: one["document"] for one in cases["documents"]}
    questions = [{"ask": "key_change", "registry": registry} | one for one in cases["documents"]]
    expected = [{"digest": one["digest"], "code": one["code"]} for one in cases["documents"]]
    for one in cases["links"]:
        known = [documents[name] for name in one["known"]]
        questions.append({"ask": "key_link", "registry": registry} | one | {"known": known})
        expected.append({"envelope_id": one["envelope_id"], "code": one["code"]})
    assert differing(questions, expected) == []


@pytest.mark.parametrize(
    ("anchor", "code", "outcome"), [(ANCHOR, 0, "holds"), ("0" * 64, 3, "refused"), (None, 3, "consistent")]
)
def test_it_is_a_command(tmp_path: Path, anchor: str | None, code: int, outcome: str) -> None:
    """A person without this project has this one file."""
    file = tmp_path / "evidence.json"
    file.write_bytes(compact(WHOLE))
    words = [node(), str(PROGRAM), str(file), "--json", *(["--anchor", anchor] if anchor else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (code, outcome)


def test_the_command_takes_what_its_reader_brings(tmp_path: Path) -> None:
    """The same words as `sihu verify` has."""
    case = next(one for one in evidence_unproved.unproved() if one.name == "brought-revocation")
    file, paper = tmp_path / "evidence.json", tmp_path / "revocation.json"
    file.write_bytes(case.data)
    paper.write_text(json.dumps(case.papers[0]), encoding="utf-8")
    words = [node(), str(PROGRAM), str(file), "--papers", str(paper), "--anchor", str(case.anchor), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["code"]) == (3, "signature.key_revoked")


def test_it_needs_nothing_but_node() -> None:
    """A package that disappears takes the evidence with it."""
    imported = re.findall(r'^import .* from "(.+)"$', PROGRAM.read_text(encoding="utf-8"), re.MULTILINE)
    assert imported == ["node:crypto", "node:fs", "node:readline"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("whole", "anchor"), [(WHOLE, ANCHOR), (CHANGED, COMMITTED_ANCHOR), (RELEASED, ANCHOR)], ids=["v1", "v2", "v3"]
)
def test_every_flipped_bit_is_refused(whole: Json, anchor: str, reduced: Callable[[int, int], int]) -> None:
    """By the second verifier, in one process, and each for the reason that the first one gives."""
    data = compact(whole)
    bits = len(data) * 8
    step = -(-bits // reduced(2_000, bits))
    (answer,) = ask([{"ask": "flips", "bundle": to_base64url(data), "anchor": anchor, "first": 0, "step": step}])
    reasons = Counter(reason_of(verify_evidence(flipped(data, bit), anchor)) for bit in range(0, bits, step))
    assert answer["left"] == []
    assert answer["codes"] == dict(reasons)


@pytest.mark.timeout(1800)
def test_both_refuse_what_is_spelt_wrongly_for_the_same_reason(reduced: Callable[[int, int], int]) -> None:
    """Where one reader is more lenient than the other, a file is evidence in one office and none in the next."""
    seed = os.urandom(8).hex()
    random = Random(seed)
    files = [mutation(random) for _ in range(reduced(400, 20_000))]
    answers = ask([{"ask": "evidence", "bundle": to_base64url(data), "anchor": None} for data in files])
    differing = [
        (reason_of(verdict), answer["step"], answer["code"])
        for data, answer in zip(files, answers, strict=True)
        if reason_of(verdict := verify_evidence(data, None)) != said_by(answer)
    ]
    assert differing == [], f"seed {seed}"


def said_by(answer: dict[str, Any]) -> str:
    """Return step and code of an answer of the second verifier."""
    return f"{answer['step']} {answer['code']}" if answer["outcome"] == "refused" else str(answer["outcome"])


def reason_of(verdict: Verdict) -> str:
    """Return step and code."""
    failed = verdict.failed
    return f"{failed.step} {failed.fault.code}" if failed and failed.fault else verdict.outcome.value


def flipped(data: bytes, bit: int) -> bytes:
    """Return the file with one bit changed."""
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)
