"""The SMS of W9: texts that know their number, and whether each reached the carrier once."""

import hashlib
from collections.abc import Iterable
from typing import Final

from tests.bench.samples import Faults, compare

WINDOW: Final = 32
"""Submits that wait for their answers at one time, on every side."""
OFFICERS: Final = 20
SERVICE_NUMBER: Final = "10690778"


def text_of(number: int) -> str:
    """Return the text with this number: one SMS."""
    return f"【环江应急】第{number:07d}号：您的回复收到了，详情请到值班台看。"


def officer_of(number: int) -> str:
    """Return who is told this text."""
    return f"duty-{number % OFFICERS}"


def phone_of(number: int) -> str:
    """Return that officer's telephone."""
    return f"139{number % OFFICERS:08d}"


def work_id_of(number: int) -> str:
    """Return the id of the row that waits to be sent."""
    return hashlib.sha256(b"bench text %d" % number).hexdigest()[:32]


def judge(numbers: Iterable[int], taken: Iterable[tuple[str, str]]) -> Faults:
    """Compare the texts of these numbers with the (number, text) pairs that the carrier took; their order is free."""
    wanted = [(phone_of(number), text_of(number)) for number in numbers]
    found = compare(wanted, [(phone, text) for phone, text in taken])
    return Faults(lost=found.lost, doubled=found.doubled, forged_accepted=found.forged_accepted)
