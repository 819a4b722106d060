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
from itertools import groupby
from typing import Final

from schemas.information.person_fields import fits_check_digit

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

_SPELT_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_SPELT_IDENTITY: Final = re.compile(rf"(?=(\d{{6}}{_BIRTH.pattern}\d{{3}}[\dX]))")
_SPELT_CARD: Final = re.compile(rf"(?=({_CARD.pattern}))")

_SHORTEST: Final = 11
_SHORTEST_CARD: Final = 16
_LONGEST: Final = 19
_LONGEST_UNIT: Final = 4
_MOST_GROUPS: Final = 8
_IDENTITY_LENGTH: Final = 18
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_CHECKS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LEADING_GROUP: Final = 3  # digits: a written number begins with at least so many before its first gap
_CARD_GROUPS: Final = (4, 6)
_ZERO: Final = ord("0")
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")  # twice the digit, digits added


class NumberKind(Enum):
    """What was found, as an officer says it."""

    IDENTITY = "resident identity number"
    MOBILE = "mobile number"
    CARD = "bank card number"


def find_numbers(text: str) -> Iterator[NumberKind]:
    """Yield the kind of every personal number in a text."""
    plain = _DIGEST.sub(" # ", text)
    if _DOTTED_MOBILE.search(plain):
        yield NumberKind.MOBILE
    for run in _RUN.finditer(plain):
        groups = _groups_of(plain, run)
        yield from _in_groups(groups, tail=plain[run.end() : run.end() + _LONGEST_UNIT])
        yield from _in_single_digits(groups)


def _groups_of(text: str, run: re.Match[str]) -> list[str]:
    """Split a run at its gaps into groups of ASCII digits; what a decimal point touches is left out."""
    groups = [_plain(group) for group in _SPLIT.split(run.group())]
    if run.start() > 1 and text[run.start() - 1] == "." and text[run.start() - 2].isdecimal():
        del groups[0]
    if _FRACTION.match(text, run.end()):
        del groups[-1:]
    return groups


def _plain(group: str) -> str:
    if group.isascii():
        return group.upper()
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else "X" for char in group)


def _in_groups(groups: list[str], tail: str) -> Iterator[NumberKind]:
    # Figures in a row, such as 15 20 30 40 500, are no number: a written one begins with three digits or more.
    for first, leading in enumerate(groups):
        number = ""
        for last in range(first, min(first + _MOST_GROUPS, len(groups)) if len(leading) >= _LEADING_GROUP else first):
            number += groups[last]
            if len(number) > _LONGEST:
                break
            has_unit = first == last == len(groups) - 1 and _UNIT.match(tail) is not None
            if len(number) >= _SHORTEST and (kind := _kind_of(number, leading, has_unit=has_unit)):
                yield kind


def _kind_of(number: str, leading: str, *, has_unit: bool) -> NumberKind | None:
    if _MOBILE.fullmatch(number):
        return None if has_unit else NumberKind.MOBILE
    if len(number) == _IDENTITY_LENGTH and _is_identity(number, in_one=number == leading):
        return NumberKind.IDENTITY
    is_written_so = number == leading or len(leading) in _CARD_GROUPS
    return NumberKind.CARD if is_written_so and _CARD.fullmatch(number) and _passes_luhn(number) else None


def _in_single_digits(groups: list[str]) -> Iterator[NumberKind]:
    """Look into stretches of single digits, such as 1 3 8 0 …, where a number may begin anywhere."""
    for is_single, stretch in groupby(groups, key=lambda group: len(group) == 1):
        digits = "".join(stretch) if is_single else ""
        if any(_is_identity(found[1], in_one=False) for found in _SPELT_IDENTITY.finditer(digits)):
            yield NumberKind.IDENTITY
        if any(_has_card(found[1]) for found in _SPELT_CARD.finditer(digits)):
            yield NumberKind.CARD
        if _SPELT_MOBILE.search(digits):
            yield NumberKind.MOBILE


def _has_card(digits: str) -> bool:
    lengths = range(_SHORTEST_CARD, len(digits) + 1)
    return any(_CARD.fullmatch(digits, 0, length) and _passes_luhn(digits[:length]) for length in lengths)


def _is_identity(number: str, *, in_one: bool) -> bool:
    if not fits_check_digit(number):
        return False
    has_birth = _BIRTH.fullmatch(number[6:14]) is not None
    return has_birth or (in_one and not _is_credit_code(number))


def _is_credit_code(number: str) -> bool:
    """Tell whether a number of digits is an organisation's unified social credit code."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:-1], _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_CHECKS[-total % 31] == number[-1]


def _passes_luhn(number: str) -> bool:
    digits = (number[-1::-2] + number[-2::-2].translate(_DOUBLED)).encode()
    return (sum(digits) - len(digits) * _ZERO) % 10 == 0
