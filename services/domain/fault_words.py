"""Say a fault in Chinese to whoever can mend it: by its code, with what the fault itself names filled in.

Codes stay English, stable and public. A code that no table knows is said in general, and shown, so that nobody stands
before an empty message and whoever is asked for help knows what it was.

Source: docs/decisions/0042-make-forms-from-the-schemas.md
"""

import re
from collections.abc import Mapping
from typing import Final

from schemas.counties import name_of
from schemas.errors import Fault
from schemas.forms import FORMS
from services.domain.fault_rules import rule_zh
from services.domain.fault_words_asking import ANSWERS, GUARDS, REQUESTS
from services.domain.fault_words_console import BATCHES, ENTERING, RELEASES
from services.domain.fault_words_desk import DUTY, FILES
from services.domain.fault_words_joint import CASES, COURSES, THREADS
from services.domain.fault_words_proof import REFUSALS, TRUST
from services.domain.form_help import FORMS_ZH

SENTENCES: Final[Mapping[str, str]] = {
    **{code: f"{meaning}。" for code, meaning in REFUSALS.items()},
    **REQUESTS,
    **GUARDS,
    **ANSWERS,
    **CASES,
    **COURSES,
    **THREADS,
    **DUTY,
    **FILES,
    **TRUST,
    **BATCHES,
    **ENTERING,
    **RELEASES,
}
"""Code → what to do about it; the second half behind a bar is said where the fault names nothing to fill in."""

_GENERAL: Final = "这里有误，请改正。（代码：{code}）"
_MADE: Final[Mapping[str, str]] = {
    "missing_field": "这一栏要填。",
    "unknown_field": "没有这一栏，请去掉。",
    "too_long": "太长，最多 {number} 字，请缩短。|太长，请缩短。",
    "too_short": "太短，至少 {number} 字。|太短，请补充。",
    "out_of_range": "数不在范围内，请改正。",
    "not_allowed": "不在可选范围内，请从列出的选项中选。",
    "not_json": "内容的格式不对；请刷新页面重试。",
    "wrong_type": "写法不对，请改正。",
    "wrong_form": "写法不对，请改正。",
    "invalid": "写法不对，请改正。",
    "rule": "与别的栏对不上，请改正。",
}
"""What pydantic finds, by the last part of the code; see ``schemas.faults``."""

_MENDS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in {
        r"shorten it to at most (\d+) characters": "太长，最多 {1} 字，请缩短。",
        r"write at least (\d+) characters": "太短，至少 {1} 字。",
        r"give at most (\d+) entries": "太多，最多 {1} 项，请删去多出的。",
        r"at most (\d+) documents are taken": "太多，一次最多 {1} 份，请分几次核验。",
        r"give at least (\d+) entries": "太少，至少 {1} 项。",
        r"write a number above (-?\d+)": "要大于 {1}。",
        r"write a number of at least (-?\d+)": "不能小于 {1}。",
        r"write a number below (-?\d+)": "要小于 {1}。",
        r"write a number of at most (-?\d+)": "不能大于 {1}。",
        r"write a smaller number": "数太大，请改小。",
        r"write a whole number.*": "请写整数，不带单位和小数点。",
        r"write true or false": "请选是或否。",
        r"write a text in quotes": "请写文字。",
        r"write a list in square brackets": "请逐项填写。",
        r"write null": "请留空。",
        r"write a time with its offset.*": "请写完整的日期和时间，如 2026-01-15 08:30。",
        r"write a date, e.g.*": "请写日期，如 2026-01-15。",
        r"write Unicode text without lone surrogates": "文字里有不能传送的字符，请删去后重打。",
        r"leave it out; the node fills it in": "这一栏由系统填写，请留空。",
    }.items()
)
_FORMS: Final[Mapping[str, str]] = {f"write {words}": f"请写{FORMS_ZH[pattern]}。" for pattern, words in FORMS.items()}

_NUMBER: Final = re.compile(r"(?<![\w-])\d+(?![\w-])", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNTY: Final = re.compile(r"(?<!\d)[1-9]\d{5}(?!\d)", re.ASCII)
_CLOCK: Final = re.compile(r"T(\d{2}:\d{2}:\d{2})(?:\.\d+)?\+08:00", re.ASCII)
_HOLE: Final = re.compile(r"\{([a-z]+)\}")


def sentence_of(fault: Fault) -> str:
    """Return one Chinese sentence that says what to do about a fault; never empty."""
    said = _made(fault) or SENTENCES.get(fault.code)
    return _GENERAL.format(code=fault.code) if said is None else _with_facts(said, fault)


def _made(fault: Fault) -> str | None:
    last = fault.code.rpartition(".")[2]
    if last not in _MADE:
        return None
    mended = _mended(fault.mend)  # more exact than a sentence for everything of this code
    if mended is not None or fault.code in SENTENCES:
        return mended
    return rule_zh(fault.mend) or _MADE[last]


def _mended(mend: str) -> str | None:
    if mend in _FORMS:
        return _FORMS[mend]
    for pattern, sentence in _MENDS:
        found = pattern.fullmatch(mend)
        if found is not None:
            return sentence.replace("{1}", found[1] if found.groups() else "")
    return None


def _with_facts(said: str, fault: Fault) -> str:
    full, _, plain = said.partition("|")
    facts = _facts_of(fault.mend)
    if all(hole in facts for hole in _HOLE.findall(full)):
        return _HOLE.sub(lambda found: facts[found[1]], full)
    return plain or _HOLE.sub("", full)


def _facts_of(mend: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    day, county = _DAY.search(mend), _COUNTY.search(mend)
    number = _NUMBER.search(_COUNTY.sub("", _DAY.sub("", mend)))
    if day is not None:
        facts["day"] = day[0]
    clock = _CLOCK.search(mend)
    if clock is not None:
        facts["clock"] = clock[1]
    if county is not None:
        facts["county"] = name_of(county[0])
    if number is not None:
        facts["number"] = number[0]
    return facts
