"""Find resident identity, mobile and bank-card numbers in a text.

A number may be broken by blanks and dashes, written in the decimal digits of any script (full-width
ones above all), or glued to letters. It never sits inside a longer run of digits. What is plainly
something else is let through: a fraction, an amount with its unit, a hexadecimal digest. Landlines,
95xxx and 1xx hotlines and document numbers have other lengths and beginnings.

Source: GB 11643—1999 (identity numbers), GB 32100—2015 (credit codes), ISO/IEC 7812-1 (Luhn).
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from typing import Final

_GAP: Final = r"[\s\-\u00ad\u00b7\u200b-\u200d\u2010-\u2015\u2060\u2212\ufe63\ufeff\uff0d]{1,3}"
_RUN: Final = re.compile(rf"\d+(?:{_GAP}\d+)*(?:(?:{_GAP})?[XxＸｘ](?![0-9A-Za-z]))?")  # noqa: RUF001 - full width
_SPLIT: Final = re.compile(_GAP)
_DIGEST: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{32,128}|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})(?![0-9A-Za-z])"
)
_UNIT: Final = re.compile(r"\s?(?:元|万元|亿元|人民币|吨|公斤|千克|立方米|平方米|千瓦时|株|m3)")
_FRACTION: Final = re.compile(r"\.\d")

_MOBILE: Final = re.compile(r"(?:0086|86|0)?1[3-9]\d{9}")
_DOTTED_MOBILE: Final = re.compile(r"(?<![\d.])1[3-9]\d\.\d{4}\.\d{4}(?![\d.])")
_CARD: Final = re.compile(
    r"62\d{14,17}|(?:60|69|81)\d{14,17}|4\d{15}|4\d{18}|5[1-8]\d{14}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|95[58]\d{13,16}"
)
_BIRTH: Final = re.compile(r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

_LONGEST: Final = 19
_IDENTITY_LENGTH: Final = 18
_IDENTITY_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS: Final = "10X98765432"
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_CHECKS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LEADING_GROUP: Final = 3  # digits: a written number begins with at least so many before its first gap
_CARD_GROUPS: Final = (4, 6)


class NumberKind(Enum):
    """What was found, as an officer says it."""

    IDENTITY = "resident identity number"
    MOBILE = "mobile number"
    CARD = "bank card number"


def find_numbers(text: str) -> Iterator[NumberKind]:
    """Yield the kind of every personal number in a text, in order."""
    plain = _DIGEST.sub(" # ", text)
    if _DOTTED_MOBILE.search(plain):
        yield NumberKind.MOBILE
    for run in _RUN.finditer(plain):
        for groups, tail in _windows(plain, run):
            if kind := _kind_of(groups, tail):
                yield kind


def _windows(text: str, run: re.Match[str]) -> Iterator[tuple[list[str], str]]:
    """Yield every stretch of neighbouring groups that could be a number, with the text behind it."""
    groups = [_plain(group) for group in _SPLIT.split(run.group())]
    if len(groups) > 1 and groups[-1] == "X":
        groups[-2:] = [groups[-2] + "X"]
    begin = 1 if _is_decimal_point(text, run.start()) else 0
    end = len(groups) - (1 if _FRACTION.match(text, run.end()) else 0)
    for first in range(begin, end):
        length = 0
        for last in range(first, end):
            length += len(groups[last])
            if length > _LONGEST:
                break
            yield groups[first : last + 1], text[run.end() : run.end() + 4] if last == len(groups) - 1 else ""


def _plain(group: str) -> str:
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else "X" for char in group)


def _is_decimal_point(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] == "." and text[start - 2].isdecimal()


def _kind_of(groups: list[str], tail: str) -> NumberKind | None:
    number = "".join(groups)
    if not _is_written_so(groups):
        return None
    if _MOBILE.fullmatch(number):
        return None if len(groups) == 1 and _UNIT.match(tail) else NumberKind.MOBILE
    if len(number) == _IDENTITY_LENGTH and _is_identity(number, in_one=len(groups) == 1):
        return NumberKind.IDENTITY
    if _CARD.fullmatch(number) and _is_card_written_so(groups) and _passes_luhn(number):
        return NumberKind.CARD
    return None


def _is_written_so(groups: list[str]) -> bool:
    # Figures in a row, such as 15 20 30 40 500, are no number; 138 1234 5678 and 1 3 8 … are.
    return len(groups[0]) >= _LEADING_GROUP or all(len(group) == 1 for group in groups)


def _is_card_written_so(groups: list[str]) -> bool:
    return len(groups) == 1 or len(groups[0]) in _CARD_GROUPS or all(len(group) == 1 for group in groups)


def _is_identity(number: str, *, in_one: bool) -> bool:
    if "X" in number[:-1]:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _IDENTITY_WEIGHTS, strict=False))
    if _IDENTITY_CHECKS[total % 11] != number[-1]:
        return False
    has_birth = _BIRTH.fullmatch(number[6:14]) is not None
    return has_birth or (in_one and not _is_credit_code(number))


def _is_credit_code(number: str) -> bool:
    """Tell whether an all-digit number is an organisation's unified social credit code."""
    if "X" in number:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_CHECKS[-total % 31] == number[-1]


def _passes_luhn(number: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
