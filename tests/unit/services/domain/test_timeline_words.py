"""Why a line of a timeline was written: every reason of the engine has a Chinese one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.escalations import DropReason
from schemas.officers import AnswerWord
from schemas.pages import Medium, Strength, Tier
from schemas.sms import HoldReason
from services.domain.timeline_words import DROPS, SMS_HOLDS, reason_zh

DOMAIN = Path(__file__).parents[4] / "services" / "domain"
_LATIN = re.compile(r"[A-Za-z]")
_HOLES = {"medium": "sms", "free": "voice", "tier": "leader", "why": "due", "word": "received", "strength": "voice_pin"}


def _filled(node: ast.expr) -> str:
    if not isinstance(node, ast.FormattedValue):
        return str(ast.literal_eval(node))
    name = ast.unparse(node.value)
    return _HOLES.get(name.rpartition(".")[2], "3")


def _reasons() -> Iterator[tuple[str, str]]:
    """Return every reason that stands in the engine's code, its holes filled."""
    for path in sorted(DOMAIN.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "Change." not in ast.unparse(node):
                continue
            for value in node.args[1:]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield path.name, value.value
                if isinstance(value, ast.JoinedStr):
                    # Only a medium that is given up has failed; every other why is one of a step.
                    yield path.name, "".join(map(_filled, value.values)).replace("sms due", "sms failed")


REASONS = sorted(set(_reasons()))


def test_the_reasons_are_found() -> None:
    """A walk that finds nothing proves nothing."""
    assert {("ordinary.py", "step 0: due"), ("escalation.py", "not acknowledged in time")} <= set(REASONS)
    assert len(REASONS) >= 14


@pytest.mark.parametrize(("file", "reason"), REASONS)
def test_every_reason_is_said_in_chinese(file: str, reason: str) -> None:
    """The officer who takes over at eight reads why nobody was rung at three."""
    said = reason_zh(reason)
    assert said, file
    assert _LATIN.search(said) is None, (file, said)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("step 1: nobody to wait for", "第 2 步：前面没有可等的人"),
        ("advanced", "前面的人不能办"),
        ("nobody to wait for", "前面没有可等的人"),
        ("due", "到时间了"),
        ("silenced", "静音"),
        ("not delivered", "没有送达"),
        ("no answer within a day", "一天没有回音"),
        ("sms failed: voice", "短信没有送达，改用电话"),
        ("sms no final report: voice", "短信没有送达回执，改用电话"),
        ("level None to 2", "无级别改为2 级"),
        ("by " + "ab" * 32, "由事件 abababababab… 取代"),
        ("52272241600000_20260304080100_2", "52272241600000_20260304080100_2"),
        ("answer 3: gibberish by sms_number", "answer 3: gibberish by sms_number"),
    ],
)
def test_a_reason_says_what_happened(reason: str, said: str) -> None:
    """A number or a medium that is lost on the way to the page."""
    assert reason_zh(reason) == said


def test_every_answer_medium_and_tier_has_its_words() -> None:
    """One that was added to the engine alone."""
    made = [f"answer 3: {word} by {strength}" for word in AnswerWord for strength in Strength]
    made += [f"{one} failed: {other}" for one in Medium for other in Medium] + [
        f"nobody on duty: {one}" for one in Tier
    ]
    assert [one for one in made if _LATIN.search(reason_zh(one))] == []
    assert set(DROPS) == set(DropReason)
    assert set(SMS_HOLDS) == set(HoldReason)
