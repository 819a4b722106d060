"""What an SMS says through the hands of carriers: level, place, kind, code, and no person."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.errors import InvariantError
from schemas.information.alerts import Alert
from schemas.information.event_codes import EVENT_CODES
from services.demo.sampling import sample
from services.domain.levels import LevelChange
from services.domain.sms_parts import segment, units
from services.domain.sms_text import (
    EXERCISE_MARK,
    FORMS,
    Signature,
    SignaturePlace,
    SmsFacts,
    SmsKind,
    compose,
    event_of,
    facts_of,
    judge_signature,
    place_of,
    templates,
)
from tests.papers import HUANJIANG, LIBO, NANDAN

FIRST = Signature("环江县应急管理局", SignaturePlace.FIRST)
LAST = Signature("环江县应急管理局", SignaturePlace.LAST)
LONGEST = Signature("一二三四五六七八九十局办", SignaturePlace.FIRST)
FULL = SmsFacts(SmsKind.ISSUED, 1, "荔波", "环江、南丹", "暴雨", code="37", count=12, phone="0854-3611119")
UNBOUNDED = SmsFacts(SmsKind.ISSUED, 1, "某" * 50, "某" * 50, "某" * 50, code="98765", count=10**9, phone="1" * 50)


def alert(name: str = "rainstorm_updated", **changes: Any) -> Alert:  # noqa: ANN401 - any JSON value
    """Return an alert of the samples with some fields changed."""
    one = sample(name)
    event = parse_new(one.wire_type, one.content | changes)
    assert isinstance(event, Alert), event
    return event


def of_kind(kind: SmsKind, facts: SmsFacts = FULL, status: Status = Status.ACTUAL) -> SmsFacts:
    """Return the same facts for another kind."""
    return replace(facts, kind=kind, status=status)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SmsKind.ISSUED, "荔波发1级预警：环江、南丹，暴雨。回复37收到。"),
        (SmsKind.UPDATED, "荔波更新1级预警：环江、南丹，暴雨。回复37收到。"),
        (SmsKind.RAISED, "荔波预警升为1级：环江、南丹，暴雨。回复37收到。"),
        (SmsKind.CANCELLED, "荔波解除预警：环江、南丹，暴雨。编号37不用再答。"),
        (SmsKind.REMINDER, "提醒：荔波发的1级预警还在办，环江、南丹，暴雨。回复37收到。"),
        (SmsKind.PASSED_ON, "转给您：荔波发1级预警，环江、南丹，暴雨。回复37收到。"),
        (SmsKind.FALSE_ALARM, "误报待核实：荔波发1级预警，环江、南丹，暴雨。回复37收到。"),
        (SmsKind.BUNDLE, "1级等预警共12条：环江、南丹，暴雨等。回复37收到，算全部签收。"),
        (SmsKind.ALL_CLEARS, "荔波等解除预警共12条：环江、南丹，暴雨等。都不用再答。"),
        (SmsKind.SILENT, "荔波未答本县1级预警，请打其值班电话0854-3611119。回复37收到。"),
        (SmsKind.NUMBER_TEST, "值班号码每月核对，不是预警。回复37收到。"),
        (SmsKind.DIGEST, "有12件通报待阅，请到值班台看。"),
    ],
)
def test_an_officer_reads_something_else(kind: SmsKind, text: str) -> None:
    """One line each, and the same line out of the registered template and its variables."""
    said = compose(of_kind(kind))
    assert said.text == text
    assert said.template == kind.value
    assert FORMS[kind].format_map(dict(said.variables)) == text


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE, Status.TEST])
def test_a_drill_passes_for_the_real_thing(status: Status) -> None:
    """【演练】 is the first word of every text; only a carrier's signature may stand before it."""
    mark = {Status.EXERCISE: "【演练】", Status.TEST: "【测试】"}.get(status, "")
    for kind in SmsKind:
        facts = of_kind(kind, status=status)
        assert compose(facts).text.startswith(mark or FORMS[kind][:1].replace("{", compose(facts).text[0]))
        assert compose(facts, FIRST).text.startswith(f"【环江县应急管理局】{mark}")
        assert compose(facts, LAST).text.startswith(mark)
        assert compose(facts, LAST).text.endswith("。【环江县应急管理局】")
    assert compose(of_kind(SmsKind.ISSUED, status=Status.EXERCISE)).template == "alert_issued_exercise"
    assert EXERCISE_MARK not in compose(FULL).text


def test_a_text_of_ours_needs_two_sms() -> None:
    """Whatever the facts, the longest signature and 【演练】 included: one SMS, its code in it."""
    longest = 0
    for kind, place in product(SmsKind, SignaturePlace):
        signature = Signature("" if place is SignaturePlace.NONE else LONGEST.name, place)
        said = compose(of_kind(kind, UNBOUNDED, Status.EXERCISE), signature)
        assert len(segment(said.text, 7)) == 1, said.text
        assert ("98765" in said.text) is ("{code}" in FORMS[kind])
        longest = max(longest, units(said.text))
    assert longest == 69


def test_a_name_in_an_event_goes_through_a_carrier() -> None:
    """Headline, description, event name, areas: whatever a county writes there, the SMS is the same."""
    plain = compose(facts_of(alert(), LIBO, code="37", status=Status.ACTUAL)).text
    areas = [{"desc": "某某家屋后", "adcodes": list(area.adcodes)} for area in alert().areas]
    told = alert(headline="寻找走失老人某某", description="某某，住某村", event_name="某某走失", areas=areas)
    assert compose(facts_of(told, LIBO, code="37", status=Status.ACTUAL)).text == plain
    assert "某" not in plain


def test_a_number_gets_into_a_variable() -> None:
    """Should a place be named after a telephone, it is left out; so is what carriers read as a signature."""
    number = "139" + "0000" + "0001"

    def place(text: str) -> str:
        return dict(compose(replace(FULL, place=text)).variables)["place"]

    assert place(f"甲{number}") == "（略）"
    assert place("【甲】\n\u202e乙") == "（甲）乙"
    assert place("") == "未知"


def test_an_update_and_a_cancellation_read_like_a_new_alert() -> None:
    """The kind follows the type and the change of level; an issued alert has no change."""
    updated, cancelled = alert(), alert("rainstorm_cancelled", note="雨停")
    kinds = [
        facts_of(updated, LIBO, code="37", status=Status.ACTUAL).kind,
        facts_of(updated, LIBO, code="37", status=Status.ACTUAL, change=LevelChange.RAISED).kind,
        facts_of(updated, LIBO, code="37", status=Status.ACTUAL, change=LevelChange.LOWERED).kind,
        facts_of(cancelled, LIBO, code="37", status=Status.ACTUAL).kind,
    ]
    assert kinds == [SmsKind.UPDATED, SmsKind.RAISED, SmsKind.UPDATED, SmsKind.CANCELLED]
    issued = facts_of(alert("rainstorm_issued"), LIBO, code="37", status=Status.EXERCISE)
    assert (issued.kind, issued.status, issued.source) == (SmsKind.ISSUED, Status.EXERCISE, "荔波")


def test_a_kind_that_the_table_lacks_is_told_as_written() -> None:
    """It is told by its class; a code of another scheme is not looked up in ours."""
    assert event_of(alert()) == "暴雨"
    assert event_of(alert(event_code="11Z99", event_name="某某走失")) == "自然灾害"
    assert event_of(alert(code_scheme="other", event_name="某某走失")) == "自然灾害"
    assert max(len(row.name) for row in EVENT_CODES.values()) <= 10


@pytest.mark.parametrize(
    ("codes", "place"),
    [
        ([], "荔波"),
        ([HUANJIANG], "环江"),
        ([HUANJIANG, HUANJIANG], "环江"),
        ([HUANJIANG, NANDAN], "环江、南丹"),
        ([HUANJIANG, NANDAN, LIBO], "环江、南丹等3地"),
        (["451202", "451203", LIBO], "金城江、宜州等3地"),
        (["999991", "999992", "999993"], "999991等3地"),
        (["451200"], "河池市"),
        (["450000"], "广西壮族自治区"),
        (["522700"], "黔南布依族苗族自治州"),
        (["522700", LIBO], "黔南布依族苗…等2地"),
        (["990000", "999900"], "990000等2地"),
        ([f"9999{number}" for number in range(10, 74)], "999910等64地"),
    ],
)
def test_a_place_is_too_long(codes: list[str], place: str) -> None:
    """Ten characters at most, and always how many there are."""
    assert place_of(codes, LIBO) == place
    assert len(place) <= 10


def test_a_gateway_takes_shorter_variables() -> None:
    """Some take six characters: the text is cut, never the code or the telephone."""
    said = compose(of_kind(SmsKind.ISSUED, UNBOUNDED), most=6)
    assert all(len(value) <= 6 for _, value in said.variables)
    assert dict(said.variables)["code"] == "98765"
    assert dict(compose(of_kind(SmsKind.SILENT), most=6).variables)["phone"] == "0854-3611119"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("0854-3611119", "0854-3611119"),
        ("+86 854-361-1119", "+868543611119"),
        ("+86 0854-361-1119", "+8608543611119"),
        ("", "未登记"),
    ],
)
def test_a_telephone_is_cut(phone: str, shown: str) -> None:
    """What the officer has to dial is whole."""
    assert (
        dict(compose(of_kind(SmsKind.SILENT, SmsFacts(SmsKind.SILENT, 1, "荔波", code="37", phone=phone))).variables)[
            "phone"
        ]
        == shown
    )


def test_a_template_gateway_refuses_what_nobody_registered() -> None:
    """Every text that can go out is in the list to register, each variable once and never two side by side."""
    listed = dict(templates())
    assert len(listed) == 3 * len(SmsKind)
    for kind, status in product(SmsKind, (Status.ACTUAL, Status.EXERCISE, Status.TEST, Status.SYSTEM)):
        said = compose(of_kind(kind, status=status))
        assert listed[said.template].format_map(dict(said.variables)) == said.text
    for form in FORMS.values():
        names = re.findall(r"\{(\w+)\}", form)
        assert len(set(names)) == len(names)
        assert "}{" not in form
        assert "【" not in form


@pytest.mark.parametrize(
    ("name", "place", "is_good"),
    [
        ("环江应急", SignaturePlace.FIRST, True),
        ("环江", SignaturePlace.LAST, True),
        ("", SignaturePlace.NONE, True),
        ("环江应急", SignaturePlace.NONE, False),
        ("", SignaturePlace.FIRST, False),
        ("环", SignaturePlace.FIRST, False),
        ("一二三四五六七八九十十一二", SignaturePlace.FIRST, False),
        ("【环江】", SignaturePlace.FIRST, False),
        ("环江\n应急", SignaturePlace.LAST, False),
    ],
)
def test_a_bad_signature_is_configured(name: str, place: SignaturePlace, is_good: bool) -> None:  # noqa: FBT001
    """A carrier refuses every text with it; the start says so instead."""
    fault = judge_signature(Signature(name, place))
    assert (fault is None) is is_good
    assert fault is None or fault.field == "signature.name"


@pytest.mark.parametrize(
    "facts",
    [
        SmsFacts(SmsKind.ISSUED, 0, code="37"),
        SmsFacts(SmsKind.ISSUED, 5, code="37"),
        SmsFacts(SmsKind.ISSUED, 1),
        SmsFacts(SmsKind.ISSUED, 1, code="07"),
        SmsFacts(SmsKind.ISSUED, 1, code="7"),
        SmsFacts(SmsKind.ISSUED, 1, code="三七"),
    ],
)
def test_an_sms_goes_out_without_its_level_or_code(facts: SmsFacts) -> None:
    """Nobody could answer it."""
    with pytest.raises(InvariantError):
        compose(facts)


def test_a_gateways_bound_is_out_of_range() -> None:
    """Below six nothing can be told."""
    for most in (5, 11):
        with pytest.raises(InvariantError):
            compose(FULL, most=most)
