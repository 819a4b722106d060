"""A case of joint mediation on paper: the agreement that people sign, and the whole file, in Chinese.

Source: docs/mediation.md, section "On paper"
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from html import escape
from typing import Final

from pydantic import JsonValue

from schemas.base import BEIJING, Status
from schemas.cases import CaseStage, Confirmation
from schemas.counties import COUNTIES
from schemas.governance.mediation_parts import AgreementForm, AgreementText
from services.domain.case_words import CONFIRMATIONS, STAGES, VALUES
from services.domain.field_words import FIELDS
from services.domain.print_markup import rows_of, table_of, whole
from services.domain.printing import Table

_BANNERS: Final = {Status.EXERCISE: "【演练】", Status.TEST: "【测试】"}
_LABELS: Final[Mapping[str, str]] = {
    "summary": "情况",
    "parties": "当事人",
    "findings": "查看情况",
    "sha256": "摘要",
    "items": "履行事项",
    "name": "姓名或名称",
    "terms": "协议内容",
}
"""What is said more narrowly here than elsewhere."""
_COUNTY_FIELDS: Final = frozenset({"county", "lead", "to", "taken_from"})
_FREE_FIELDS: Final = frozenset({"title", "name", "summary", "text", "note", "record", "findings", "terms", "facts"})
"""Words of people, never read as a member of an enumeration."""
_GROUP: Final = 16
_VALUE_MAX: Final = 8000
_FOOT_DIGITS: Final = 16


class Paper(StrEnum):
    """What is printed of a case."""

    AGREEMENT = "agreement"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class FiledEntry:
    """One entry as it is printed.

    Attributes:
        title: What an officer calls its type.
        void_for: Why it does not count; empty if it does.
        content: As its writer wrote it; None once it was erased, or if it was not opened.
    """

    envelope_id: str
    county: str
    title: str
    time: datetime
    void_for: str
    content: JsonValue


@dataclass(frozen=True, slots=True)
class FiledCase:
    """A case as it is printed; ``status`` is that of its registration, ``printed_at`` aware."""

    case_id: str
    counties: tuple[str, ...]
    lead: str
    stage: CaseStage
    confirmation: Confirmation
    due_on: date | None
    agreement_digest: str | None
    entries: Sequence[FiledEntry]
    printed_at: datetime
    status: Status = Status.ACTUAL


def agreement_markup(
    document: AgreementText, digest: str, form: AgreementForm, *, counties: Sequence[str], status: Status
) -> str:
    """Return the agreement as HTML: the text, the digest that everybody signs, and the places to sign.

    Args:
        document: The text.
        digest: Its SHA-256, 64 hexadecimal digits.
        form: Oral ones are a note: only the counties sign it.
        counties: The two.
        status: Of the event that carries it.
    """
    banner = _BANNERS.get(status, "")
    oral = form is AgreementForm.ORAL
    name = "口头调解协议登记" if oral else "调解协议书"
    pieces = (
        *_opening(banner, f"{name}　{document.case_no}"),
        f"<h1>{escape(banner + document.title)}</h1>",
        *table_of(Table("当事人", ("代号", "姓名或名称", "代表人", "所在县"), tuple(_party_rows(document)))),
        *table_of(Table("调解员", ("代号", "姓名", "单位", "所在县"), tuple(_mediator_rows(document)))),
        "<h2>纠纷事实</h2>",
        f'<p class="value">{escape(document.facts)}</p>',
        "<h2>协议内容</h2>",
        *(f'<p class="value">{number}、{escape(term)}</p>' for number, term in enumerate(document.terms, 1)),
        "<h2>履行方式、地点和期限</h2>",
        f'<p class="value">{escape(document.performance)}</p>',
        *rows_of((("订立", f"{_day(document.drawn_on)}　{document.drawn_at}"), ("文本摘要", _grouped(digest)))),
        *_signing(document, counties, oral=oral),
    )
    return whole(
        f"{name} {document.case_no}", pieces, banner=banner, foot=f"四互　{name}　摘要 {digest[:_FOOT_DIGITS]}"
    )


def file_markup(case: FiledCase) -> str:
    """Return the whole file of a case as HTML: where it stands, and every entry, those that do not count, too."""
    banner = _BANNERS.get(case.status, "")
    rows = [
        ("案件编号", _grouped(case.case_id)),
        ("两县", "、".join(map(_county, case.counties))),
        ("牵头", _county(case.lead)),
        ("状态", STAGES[case.stage]),
        ("司法确认", CONFIRMATIONS[case.confirmation]),
        ("最近期限", _day(case.due_on) if case.due_on else "无"),
        ("协议摘要", _grouped(case.agreement_digest) if case.agreement_digest else "无"),
        ("打印时间", _moment(case.printed_at)),
    ]
    listed = tuple(
        (str(number), _moment(one.time), _county(one.county), one.title, one.void_for or "有效")
        for number, one in enumerate(case.entries, 1)
    )
    pieces = (
        *_opening(banner, "联合调解卷宗"),
        *rows_of(rows),
        *table_of(Table("目录", ("序号", "时间", "县", "事项", "效力"), listed)),
        *(piece for number, one in enumerate(case.entries, 1) for piece in _entry(number, one)),
    )
    return whole("联合调解卷宗", pieces, banner=banner, foot=f"四互　联合调解卷宗　{case.case_id[:_FOOT_DIGITS]}")


def _opening(banner: str, kind: str) -> Iterator[str]:
    if banner:
        yield f'<div class="banner">{escape(banner)}</div>'
    yield f'<div class="head"><div class="kind">{escape(kind)}</div></div>'


def _party_rows(document: AgreementText) -> Iterator[tuple[str, ...]]:
    for one in document.parties:
        yield one.ref, one.name, one.represented_by or "–", _county(one.county)


def _mediator_rows(document: AgreementText) -> Iterator[tuple[str, ...]]:
    for one in document.mediators:
        yield one.ref, one.name, one.office, _county(one.county)


def _signing(document: AgreementText, counties: Sequence[str], *, oral: bool) -> Iterator[str]:
    if oral:
        yield "<p>各方当事人口头达成上述协议，自达成之日起生效；两县调解组织登记如下。</p>"
    else:
        yield "<p>本协议自各方当事人签名、盖章或者按指印，调解员签名并加盖人民调解委员会印章之日起生效，各持一份。</p>"
    yield '<div class="sign"><table>'
    people = () if oral else (*(("当事人", one.name) for one in document.parties),)
    mediators = () if oral else (*(("调解员", one.name) for one in document.mediators),)
    offices = (("调解委员会（印章）", _county(one)) for one in counties)
    for label, name in (*people, *mediators, *offices):
        yield f"<tr><th>{escape(label)}</th><td>{escape(name)}</td><th>　日期</th><td></td></tr>"
    yield "</table></div>"


def _entry(number: int, one: FiledEntry) -> Iterator[str]:
    yield f"<h2>{number}　{escape(one.title)}　{escape(_county(one.county))}　{_moment(one.time)}</h2>"
    rows = [("信封编号", _grouped(one.envelope_id))]
    if one.void_for:
        rows.append(("不计入", one.void_for))
    rows += list(content_rows(one.content)) if one.content is not None else [("内容", "已销毁或未调阅")]
    yield from rows_of((label, value[:_VALUE_MAX]) for label, value in rows)


def content_rows(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield a row for each field; the text of an agreement is set out like the content that carries it."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name == "document":
            yield from content_rows(inner)
        elif inner is not None and inner != []:
            yield _label(name), _said(name, inner)


def _said(name: str, value: JsonValue) -> str:
    if isinstance(value, dict):
        return "；".join(f"{_label(key)} {_said(key, inner)}" for key, inner in value.items() if inner is not None)
    if isinstance(value, list):
        between = "\n" if any(isinstance(one, dict) or name == "terms" for one in value) else "、"
        return between.join(_said(name, one) for one in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    text = str(value)
    return _county(text) if name in _COUNTY_FIELDS else text if name in _FREE_FIELDS else VALUES.get(text, text)


def _label(name: str) -> str:
    return _LABELS.get(name) or FIELDS.get(name) or VALUES.get(name) or ("日期" if name.endswith("_on") else name)


def _county(code: str) -> str:
    county = COUNTIES.get(code)
    return county.full_name if county else code


def _day(day: date) -> str:
    return f"{day:%Y年%m月%d日}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y年%m月%d日 %H:%M}"


def _grouped(digest: str) -> str:
    return " ".join(digest[start : start + _GROUP] for start in range(0, len(digest), _GROUP))
