"""The people's protection: what must never pass, and what must never be stopped by mistake.

No number here is anybody's: identity numbers are born in 1800, mobile numbers end in zeros, and
check digits are computed by the test's own words of the standards.
"""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Fault
from services.domain.guards import guard_content, may_hold_numbers, personal_numbers
from services.domain.personal_numbers import NumberKind, find_numbers


def identity(seventeen: str) -> str:
    """Add the check digit of GB 11643: ISO 7064 MOD 11-2."""
    rest = 0
    for digit in seventeen:
        rest = (rest + int(digit)) * 2 % 11
    check = (12 - rest) % 11
    return seventeen + ("X" if check == 10 else str(check))


def card(digits: str) -> str:
    """Add the Luhn check digit."""
    for check in "0123456789":
        reverse = (digits + check)[::-1]
        odd = sum(int(one) for one in reverse[::2])
        even = sum(sum(divmod(2 * int(one), 10)) for one in reverse[1::2])
        if (odd + even) % 10 == 0:
            return digits + check
    raise AssertionError


def is_credit_code(number: str) -> bool:
    """Check an all-digit unified social credit code by GB 32100."""
    total = sum(int(digit) * pow(3, place, 31) for place, digit in enumerate(number[:17]))
    return "0123456789ABCDEFGHJKLMNPQRTUWXY"[-total % 31] == number[17]


def wide(text: str) -> str:
    """Write digits, dashes and X in full width."""
    return "".join(chr(ord(char) + 0xFEE0) if char in "0123456789X-" else char for char in text)


def guarded(content: Any) -> Fault | None:  # noqa: ANN401 - any JSON
    """Ask the guard of both ends, with the bytes as they would travel."""
    return guard_content(content, json.dumps(content, ensure_ascii=False).encode())


ID = identity("45122618000101001")
ID_X = next(number for n in range(100, 200) if (number := identity(f"45122618000101{n}")).endswith("X"))
CARD16, CARD19 = card("622200000000000"), card("622200000000000123")

# A county office's credit code that is a valid identity number by its check digit, but for the date of birth.
CREDIT_CODE = next(number for n in range(10_000) if is_credit_code(number := identity(f"1145122600786{n:04}")))

ILLEGAL: tuple[tuple[str, NumberKind], ...] = (
    (f"身份证号{ID}", NumberKind.IDENTITY),
    (ID, NumberKind.IDENTITY),
    (ID_X, NumberKind.IDENTITY),
    (f"证件：{ID_X.lower()}。", NumberKind.IDENTITY),
    (f"{ID[:6]} {ID[6:14]} {ID[14:]}", NumberKind.IDENTITY),
    (f"{ID[:6]}-{ID[6:14]}-{ID[14:]}", NumberKind.IDENTITY),
    (f"{ID[:3]} {ID[3:6]} {ID[6:10]} {ID[10:14]} {ID[14:]}", NumberKind.IDENTITY),
    (f"{ID_X[:14]} {ID_X[14:17]} X", NumberKind.IDENTITY),
    (" ".join(ID), NumberKind.IDENTITY),
    (wide(ID), NumberKind.IDENTITY),
    (wide(ID_X), NumberKind.IDENTITY),
    (f"{ID[:6]}\u3000{ID[6:14]}\u3000{ID[14:]}", NumberKind.IDENTITY),
    (f"{ID[:6]}\u200b{ID[6:]}", NumberKind.IDENTITY),
    (f"{ID[:6]}\u2014{ID[6:14]}\u2014{ID[14:]}", NumberKind.IDENTITY),
    (f"ID{ID}号", NumberKind.IDENTITY),
    (f"2026-06-11 {ID}", NumberKind.IDENTITY),
    (f"第1名{ID}，第2名", NumberKind.IDENTITY),
    (identity("11111111111111111"), NumberKind.IDENTITY),
    ("联系电话13000000000", NumberKind.MOBILE),
    ("13900000000", NumberKind.MOBILE),
    ("手机 19900000000 值班", NumberKind.MOBILE),
    ("138-0000-0000", NumberKind.MOBILE),
    ("138 0000 0000", NumberKind.MOBILE),
    ("1380000 0000", NumberKind.MOBILE),
    ("138 - 0000 - 0000", NumberKind.MOBILE),
    ("1 3 8 0 0 0 0 0 0 0 0", NumberKind.MOBILE),
    ("+8613800000000", NumberKind.MOBILE),
    ("+86 138 0000 0000", NumberKind.MOBILE),
    ("0086-13800000000", NumberKind.MOBILE),
    ("008613800000000", NumberKind.MOBILE),
    ("8613800000000", NumberKind.MOBILE),
    ("013800000000", NumberKind.MOBILE),
    ("138.0000.0000", NumberKind.MOBILE),
    (wide("13800000000"), NumberKind.MOBILE),
    (wide("138-0000-0000"), NumberKind.MOBILE),
    ("tel13800000000", NumberKind.MOBILE),
    ("预警联系人13800000000、0778-1234567", NumberKind.MOBILE),
    ("2026-06-11 13800000000", NumberKind.MOBILE),
    ("0778-1234567 13800000000", NumberKind.MOBILE),
    ("١٣٨٠٠٠٠٠٠٠٠", NumberKind.MOBILE),
    (f"卡号{CARD16}", NumberKind.CARD),
    (CARD19, NumberKind.CARD),
    (f"{CARD16[:4]} {CARD16[4:8]} {CARD16[8:12]} {CARD16[12:]}", NumberKind.CARD),
    (f"{CARD19[:4]}-{CARD19[4:8]}-{CARD19[8:12]}-{CARD19[12:16]}-{CARD19[16:]}", NumberKind.CARD),
    (f"{CARD19[:6]} {CARD19[6:]}", NumberKind.CARD),
    (wide(CARD16), NumberKind.CARD),
    (" ".join(CARD16), NumberKind.CARD),
    ("-".join(CARD19), NumberKind.CARD),
    (f"1 2 3 4 {' '.join(ID_X)} ", NumberKind.IDENTITY),
    (card("400000000000000"), NumberKind.CARD),
    (card("510000000000000"), NumberKind.CARD),
    (card("955880000000000000"), NumberKind.CARD),
)

LEGAL: tuple[str, ...] = (
    "桂政发\u30142021\u301566号",
    "河办发\u30142021\u301566号",
    "黔南府办函\u30142026\u3015118号",
    "52272241600000_20260611073000_0",
    "45122641600000_20260611083000_9",
    "13800041600000_20260611083000_1",
    identity("45122618000101001")[:-1] + ("0" if ID[-1] != "0" else "1"),
    "451226180001010020" if identity("45122618000101002") != "451226180001010020" else "451226180001010021",
    "25.41,107.88 25.50,107.90 25.45,108.01 25.41,107.88",
    "25.4113800000000,108.13812345678",
    "108.13900000000",
    "-25.123456,107.654321 12.5",
    "86.5",
    "13800000000元",
    "直接经济损失13800000000 元",
    "蓄水量15000000000立方米",
    "总投资 1,380,000,000.00 元",
    "13800000000.00",
    "2026-06-11T08:30:00.000+08:00",
    "2026-06-11 08:30:00 至 2026-06-12 08:30:00",
    "20260611083000",
    "1781137800000",
    "0778-1234567",
    "0854-3612345转8012",
    "（0778）1234567",
    "+86 778 1234567",
    "010-12345678",
    "07781234567",
    "95598",
    "12345、12379、110、119、120",
    "400-831-2345",
    "400 831 2345",
    "1" + ID,
    ID + "0",
    "9138000000000",
    "138000000001",
    "编号4512262026061100130001389",
    "62220000000000001",
    CARD16[:-1] + str((int(CARD16[-1]) + 1) % 10),
    "7" + card("22200000000000"),
    "cc13800000000dd13800000000aa13800000000bb13800000000ee1380000000",
    "a3f5b3e1c4d813900000000fa3f5b3e1",
    "123e4567-e89b-12d3-a456-013800000000",
    "15 20 30 40 500",
    "18 19 20 21 22 23 24 25 26",
    "ISBN 978-7-111-54742-6",
    "911400007109250324",
    f"统一社会信用代码{CREDIT_CODE}",
    "11451226MB1234567X",
    "GB 11643—1999",
    "G1380 次列车，K1380+000 至 K1381+200",
)


@pytest.mark.parametrize(("text", "kind"), ILLEGAL)
def test_a_personal_number_leaves_in_a_headline(text: str, kind: NumberKind) -> None:
    """The text holds somebody's number and would be on every console of the region."""
    fault = guarded({"headline": text})

    assert next(find_numbers(text)) is kind
    assert fault is not None
    assert (fault.code, fault.field) == ("guard.personal_number", "content.headline")
    assert text not in fault.mend


@pytest.mark.parametrize("text", LEGAL)
def test_an_ordinary_text_is_stopped_by_mistake(text: str) -> None:
    """A document number, a place or an amount is no personal number: the alert must go out."""
    assert list(find_numbers(text)) == []
    assert guarded({"headline": text}) is None


def test_the_tables_are_as_long_as_promised() -> None:
    """The specification asks for 40 legal and 40 illegal texts."""
    assert len(set(LEGAL)) >= 40
    assert len({text for text, _ in ILLEGAL}) >= 40


@pytest.mark.parametrize(
    "content",
    [
        {"duty_contact": {"office": "荔波县应急管理局", "phone": "13800000000"}},
        {"duty_contact": {"office": "荔波县应急管理局", "phone": "138 0000 0000"}},
        {"hotlines": [{"name": "防汛办", "phone": "13800000000"}]},
        {"impact": {"loss_cny": "13800000000"}},
    ],
)
def test_the_structured_telephone_of_an_office_is_stopped(content: dict[str, object]) -> None:
    """Duty officers carry mobile telephones; the structured field is the place for them."""
    assert guarded(content) is None


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"duty_contact": {"office": "13800000000", "phone": "110"}}, "content.duty_contact.office"),
        ({"duty_contact": {"phone": f"13800000000 {ID}"}}, "content.duty_contact.phone"),
        ({"duty_contact": {"phone": [{"phone": "13800000000"}]}}, "content.duty_contact.phone.0.phone"),
        ({"hotlines": [{"phone": ID}]}, "content.hotlines.0.phone"),
        ({"x": {"duty_contact": {"phone": "13800000000"}}}, "content.x.duty_contact.phone"),
        ({"areas": [{"desc": "驯乐乡", "extra": {"who": ID}}]}, "content.areas.0.extra.who"),
        ({"unknown": 13800000000}, "content.unknown"),
        ({"unknown": int(ID)}, "content.unknown"),
        ({"13800000000": "value"}, "content.###########"),
        ([["a", "13800000000"]], "content.0.1"),
    ],
)
def test_a_number_is_smuggled_in_a_field_we_do_not_know(content: object, field: str) -> None:
    """Unknown names, names themselves, plain integers and look-alike paths are walked too."""
    fault = guarded(content)

    assert fault is not None
    assert (fault.code, fault.field) == ("guard.personal_number", field)


def test_escapes_in_the_raw_bytes_hide_the_digits() -> None:
    r"""`\u0031` is a 1 as well: the quick look must not trust bytes with escapes."""
    raw = b'{"headline":"\\u0031\\u0033800000000"}'

    assert guard_content(json.loads(raw), raw) is not None


@given(text=st.text(st.sampled_from("0123456789 -\u3000\u2014\u200b\n\tX.，a\uff11\uff13\uff18\u0663"), max_size=40))
def test_the_quick_look_lets_a_number_pass_that_the_search_would_find(text: str) -> None:
    """The quick look may cry wolf; it must never say no where the thorough search says yes."""
    content = {"headline": text}

    if list(find_numbers(text)):
        assert may_hold_numbers(json.dumps(content, ensure_ascii=False).encode())


@given(
    prefix=st.sampled_from(["", "+86", "0086", "86 ", "0", "电话", "2026-06-11 "]),
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    gaps=st.tuples(*[st.sampled_from(["", "", "-", " ", "\u3000", " - "])] * 2),
    suffix=st.sampled_from(["", "。", "（值班）", " 转 1", "m"]),
)
def test_a_mobile_number_written_in_another_way_passes(
    prefix: str, number: str, gaps: tuple[str, str], suffix: str
) -> None:
    """Prefixes, gaps after the third and the seventh digit, and whatever follows change nothing."""
    text = prefix + number[:3] + gaps[0] + number[3:7] + gaps[1] + number[7:] + suffix

    assert personal_numbers({"note": text}) is not None


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["4 " * 64_000, "1-" * 64_000, "123 " * 32_000, "6222 " * 25_000, "1" * 128_000])
def test_a_hostile_text_keeps_the_guard_busy(text: str) -> None:
    """The search is linear in the text: a partner cannot stop us with one long message."""
    begun = time.process_time()

    list(find_numbers(text))

    assert time.process_time() - begun < 5
