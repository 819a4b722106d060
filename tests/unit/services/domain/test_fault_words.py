"""Whatever is refused at the desk is said in Chinese, with the mend."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue, ValidationError

from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.faults import _TABLE, faults_of
from schemas.forms import FORMS
from schemas.information.alerts import AlertIssued
from services.domain.fault_rules import rule_zh
from services.domain.fault_words import SENTENCES, sentence_of
from services.gateway.problems import STATUSES
from tests.architecture.tracked import ROOT

CHINESE = re.compile(r"[\u4e00-\u9fff]")
CODE = re.compile(r"[a-z]+\.[a-z0-9_]+")
FAMILY = re.compile(
    r"entering|account|invitation|password|roles|release|brief|batch|card|wire|"
    r"request|content|guard|sharing|alert|event|case|referral|service|plan|drill|campaign|offer|project|thread"
    r"|roster|silence|call|erasure|file|upload|cap|notice|access|officer|encryption|dependency|http|query|json"
    r"|acknowledgement|ics|paging|evidence|signature|chain|registry|key|agreement|flow|workbook|token|live|calendar"
    r"|form|brief"
)
MADE = frozenset(code for code, _ in _TABLE.values()) | {"invalid"}
SOURCES = sorted(path for room in ("schemas", "services", "adapters") for path in (ROOT / room).rglob("*.py"))


def constants_of(tree: ast.AST) -> dict[str, list[str]]:
    """Names that stand for one text, with every text that they stand for."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(str(node.value.value))
    return found


def calls_of(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Every call of a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def texts_of(node: ast.AST, constants: dict[str, list[str]]) -> list[str]:
    """What an expression may say; ``7`` stands for what is only known at run time."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name):
        return constants.get(node.id, [])
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values]
        return ["".join(parts)]
    return []


def codes_in(path: Path) -> set[str]:
    """The codes of faults that a file makes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = constants_of(tree)
    made = {text for call in calls_of(tree, "Fault") if call.args for text in texts_of(call.args[0], constants)}
    return {code for code in made if CODE.fullmatch(code) and not code.endswith(".7")}


def rules_in(path: Path) -> Iterator[str]:
    """The sentences that models say when a rule of theirs is broken."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = constants_of(tree)
    joined = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.JoinedStr)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in calls_of(tree, "broken_rule"):
        mend = call.args[1]
        if isinstance(mend, ast.Name) and mend.id in joined:
            mend = joined[mend.id]
        yield from texts_of(mend, constants)


def test_a_code_is_said_by_nothing_but_itself() -> None:
    """A code that was added without its sentence turns this red."""
    found = {code for path in SOURCES for code in codes_in(path)} | set(STATUSES)
    met = {code for code in found if FAMILY.fullmatch(code.partition(".")[0])}
    unsaid = {code for code in met if code not in SENTENCES and code.partition(".")[2] not in MADE}

    assert len(met) > 400
    assert unsaid == set()


def test_a_rule_of_a_type_is_said_in_english() -> None:
    """Every rule that a schema's own validator states; ``7`` fills its numbers."""
    rules = [rule for path in SOURCES if path.is_relative_to(ROOT / "schemas") for rule in rules_in(path)]
    lunar = {  # of tables that this project keeps itself: nobody types them
        "give 12 first days, or 13 in a year with a leap month",
        "a lunar month has 29 or 30 days",
        "give `month` and `day`, or `branch`, or none of them",
        "leave it out: the day follows from the rule",
        "7 does not follow the year before it without a gap",
    }
    said = [rule.replace("7 leads", "451226 leads") for rule in rules if rule not in lunar]

    assert len(said) > 80
    assert [rule for rule in said if rule_zh(rule) is None] == []


@pytest.mark.parametrize("pattern", FORMS, ids=FORMS.values())
def test_a_form_is_asked_for_in_english(pattern: str) -> None:
    """What a text must look like is said as the form's own help says it."""
    said = sentence_of(Fault("content.wrong_form", "content.x", f"write {FORMS[pattern]}"))

    assert said.startswith("请写")
    assert said != "写法不对，请改正。"


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_empty_or_keeps_a_hole(code: str) -> None:
    """Each is Chinese, whole without what the fault may name, and ends as sentences do."""
    for mend in ("", "write 7", "answer 451226 until 2027-01-02, 9 at most"):
        said = sentence_of(Fault(code, "x", mend))
        assert CHINESE.search(said)
        assert said[-1] in "。）"
        assert not set("{}|") & set(said)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("content.too_long", "x", "shorten it to at most 60 characters"), "太长，最多 60 字。"),
        (Fault("content.too_long", "x", "give at most 50 entries"), "太多，最多 50 项。"),
        (Fault("request.too_long", "x", "shorten it to at most 200 characters"), "太长，最多 200 字。"),
        (Fault("request.too_long", "--papers", "at most 64 documents are taken"), "一次给得太多，请减少。"),
        (Fault("request.out_of_range", "x", "write a number of at most 999"), "不能大于 999。"),
        (
            Fault("content.rule", "x", "451226 leads this campaign; name the others alone"),
            "环江是牵头县，这里只写其他县。",
        ),
        (Fault("content.rule", "x", "what no table knows"), "与别的栏对不上，请改正。"),
        (Fault("campaign.sequence", "x", "count up by one: write 3"), "修订号不对：应为 3。"),
        (Fault("campaign.sequence", "x", "another plan has this number; count up"), "修订号已用过，请加 1。"),
        (
            Fault("case.last_day", "x", "the term ends on 2027-03-01, or later"),
            "期限不对：应为 2027-03-01，遇休息日顺延。",
        ),
        (Fault("from.the_future", "x", "whatever"), "这里有误，请改正。（代码：from.the_future）"),
        (Fault("signature.invalid", "x", "y"), "签名与内容不符：内容被改过，或签名是假的。"),
    ],
)
def test_a_sentence_loses_what_the_fault_names(fault: Fault, said: str) -> None:
    """Numbers, days and counties stand in it; an unknown code is shown."""
    assert sentence_of(fault) == said


def test_what_pydantic_finds_is_said_in_english() -> None:
    """Every fault of an empty and of a senseless alert."""
    junk: dict[str, JsonValue] = {
        "alert_id": "x",
        "report_no": "x",
        "class": "x",
        "areas": [{"desc": "", "adcodes": ["x"]}],
        "effective": "x",
    }
    nothing: dict[str, JsonValue] = {}
    for content in (nothing, junk):
        faults = parse_new(AlertIssued.wire_type, content)
        assert isinstance(faults, tuple)
        said = [sentence_of(fault) for fault in faults]
        assert "写法不对，请改正。" not in said
        assert all(CHINESE.search(one) for one in said)


def test_the_table_of_pydantic_grows_without_words() -> None:
    """Each code that a validation error can come out as has a sentence of its own or a general one."""
    with pytest.raises(ValidationError) as caught:
        AlertIssued.model_validate_json("[]")

    assert all(sentence_of(fault) for fault in faults_of(caught.value, "content"))
    assert all("代码" not in sentence_of(Fault(f"request.{last}", "x", "y")) for last in MADE)
