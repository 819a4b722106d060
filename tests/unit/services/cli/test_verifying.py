"""``sihu verify`` on any machine: the table, the JSON, the exit code; and every reason has its words."""

import json
from pathlib import Path

import pytest

from services.domain.documents import spoken
from services.domain.verdict_words import meaning_of
from tests.commands import sihu
from tests.vectors import evidence_changed, evidence_ended, evidence_released, evidence_unproved
from tests.vectors.evidence import ANCHOR, WHOLE, EvidenceCase, good
from tests.vectors.evidence_doubtful import officers
from tests.vectors.make import evidence_files
from tests.vectors.spelling import compact


def file_of(folder: Path, data: bytes) -> Path:
    """Write a file that somebody was handed."""
    path = folder / "evidence.json"
    path.write_bytes(data)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return file_of(tmp_path, compact(WHOLE))


@pytest.mark.parametrize("anchor", [ANCHOR, ANCHOR.upper(), spoken(ANCHOR)], ids=["hex", "capitals", "as read out"])
def test_all_holds_with_the_right_anchor(whole: Path, anchor: str) -> None:
    """The only way to exit code 0."""
    outcome = sihu("verify", whole, "--anchor", anchor)
    assert (outcome.code, outcome.err) == (0, "")
    for shown in ("荔波县气象台发布暴雨红色预警", "有效 HOLDS", "9.3", "值班员甲 收到（本人密钥签名）", "前 1 后 1 条"):
        assert shown in outcome.out


def test_without_an_anchor_nothing_is_trusted(whole: Path) -> None:
    """A forged world is consistent, too: the digest is shown to be compared."""
    outcome = sihu("verify", whole)
    assert outcome.code == 3
    assert "NOT trusted" in outcome.out
    assert spoken(ANCHOR)[:4] in outcome.out
    assert sihu("verify", whole, "--json").json["outcome"] == "consistent"


def test_another_anchor_is_refused_at_step_2(whole: Path) -> None:
    """What follows is not even looked at."""
    outcome = sihu("verify", whole, "--anchor", "0" * 64)
    assert outcome.code == 3
    assert "无效 REFUSED" in outcome.out
    assert "registry.not_pinned" in outcome.out
    assert outcome.out.count("未查 not reached") == 7


@pytest.mark.parametrize("anchor", ["", "abc", "0" * 63, "x" * 64])
def test_a_digest_that_is_none_is_a_matter_of_usage(whole: Path, anchor: str) -> None:
    """It must not pass for `no anchor`."""
    outcome = sihu("verify", whole, "--anchor", anchor)
    assert (outcome.code, outcome.out) == (2, "")
    assert "request.digest" in outcome.err


def test_a_file_that_is_damaged_has_a_table_as_well(tmp_path: Path) -> None:
    """Nothing can be said of the event; which step and why can."""
    outcome = sihu("verify", file_of(tmp_path, compact(WHOLE)[:-1]), "--anchor", ANCHOR)
    assert outcome.code == 3
    assert "文件损坏" in outcome.out
    assert "第 1 步不成立" in outcome.out


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """One line, and no table."""
    assert "file.not_found" in sihu("verify", tmp_path / "none.json").err


def test_the_json_says_the_same(tmp_path: Path) -> None:
    """A program sees step, receipt and reason."""
    case = officers()[0]
    outcome = sihu("verify", file_of(tmp_path, case.data), "--anchor", str(case.anchor), "--json")
    found = json.loads(outcome.out)
    assert outcome.code == 3
    assert (found["outcome"], found["step"], found["code"]) == ("refused", 9, "officer.other_answer")
    assert [one["holds"] for one in found["steps"]] == [True] * 9 + [False]
    assert found["steps"][-1]["receipt"] == 1
    assert found["anchor"] == case.anchor


def papers_of(folder: Path, case: EvidenceCase) -> list[str | Path]:
    """Write what the reader brings, and name it."""
    words: list[str | Path] = []
    for number, paper in enumerate(case.papers):
        path = folder / f"paper-{number}.json"
        path.write_text(json.dumps(paper), encoding="utf-8")
        words += ["--papers", path]
    return words


@pytest.mark.parametrize(
    "case", [*good(), *evidence_changed.good(), *evidence_released.good()], ids=lambda case: case.name
)
def test_every_good_file_can_be_shown(tmp_path: Path, case: EvidenceCase) -> None:
    """Encrypted, detached, control records, refusals: the table has a line for each."""
    words = ["--anchor", case.anchor] if case.anchor else []
    outcome = sihu("verify", file_of(tmp_path, case.data), *words, *papers_of(tmp_path, case))
    assert outcome.code == (0 if case.outcome == "holds" else 3), outcome.err


def test_it_says_who_signed_and_for_whom_the_node_vouches(tmp_path: Path) -> None:
    """Two things that a reader must not take for one another."""
    case = next(one for one in evidence_released.good() if one.name == "released-countersigned")
    words: list[str | Path] = ["verify", file_of(tmp_path, case.data), "--anchor", str(case.anchor)]
    shown = sihu(*words).out
    for text in ("单人值守签发 duty-a（节点代证）", "补签 duty-b（本人密钥签名 2026-03-04 08:20:00）"):
        assert text in shown
    steps = sihu(*words, "--json").json["steps"][-2:]
    assert [(one["step"], one["release"], one["mode"]) for one in steps] == [(10, 0, "alone"), (10, 1, "countersigned")]
    assert [one["officers"][0]["own"] for one in steps] == [False, True]


def test_a_forged_approval_is_named(tmp_path: Path) -> None:
    """The event itself holds, and the file does not."""
    case = next(one for one in evidence_released.bad() if one.name == "released-old-signature")
    outcome = sihu("verify", file_of(tmp_path, case.data), "--anchor", str(case.anchor))
    assert outcome.code == 3
    for text in ("release.other_event", "第 10.1 步不成立"):
        assert text in outcome.out


def case_of(name: str) -> EvidenceCase:
    """Return a case of the files with changes of keys."""
    cases = [*evidence_changed.good(), *evidence_unproved.unproved(), *evidence_ended.bad()]
    return next(one for one in cases if one.name == name)


def test_it_says_which_key_was_in_force_and_how_far_it_can_know(tmp_path: Path) -> None:
    """A person must not read more into a verdict than the papers give."""
    case = case_of("before-revocation")
    words: list[str | Path] = ["verify", file_of(tmp_path, case.data), "--anchor", str(case.anchor)]
    shown = sihu(*words)
    for text in ("已吊销，用到第 3 条", "密钥变更等 1 份", "此后的吊销不在其中"):
        assert text in shown.out
    found = sihu(*words, "--json").json
    assert found["as_of"] == {"registry": 1, "documents": 1, "issued_at": "2026-03-04T09:00:00.000+08:00"}
    assert [(one["ended"], one["last"]) for one in found["keys"]] == [("revoked", 3)]


def test_a_revocation_that_the_reader_brings_is_heeded(tmp_path: Path) -> None:
    """The file leaves it out: alone it holds, with it the event counts no longer, and the reason says which one."""
    case = case_of("brought-revocation")
    file, anchor = file_of(tmp_path, case.data), str(case.anchor)
    assert sihu("verify", file, "--anchor", anchor).code == 0
    outcome = sihu("verify", file, "--anchor", anchor, *papers_of(tmp_path, case))
    assert outcome.code == 3
    for text in ("signature.key_revoked", "was revoked by", "up to sequence 3", "第 4 步不成立"):
        assert text in outcome.out


def test_every_reason_has_its_words() -> None:
    """An officer who must explain a refusal to a neighbour reads Chinese, not codes."""
    codes = {case.code for cases in evidence_files().values() for case in cases if case.outcome == "refused"}
    assert sorted(code for code in codes if code and not meaning_of(code)) == []
