"""The table of lunar months against the Chinese calendar of ICU, which Node brings along."""

import json
import subprocess
from datetime import date
from pathlib import Path

from adapters.calendar.festivals import festival_bytes
from services.bootstrap.calendars import read_festivals
from tests.interop.verifier import node

PROGRAM = Path(__file__).parent / "lunar.mjs"
YEARS = read_festivals(festival_bytes()).years
WRONG_THERE = {date(2027, 2, 6): date(2027, 2, 7), date(2030, 2, 3): date(2030, 2, 2)}
"""New moons within minutes of midnight, where ICU's shorter series takes the other day; see tests/sky.py."""


def test_icu_has_other_months() -> None:
    """Every first day from 2024 to 2035 but two, and every leap month."""
    span = [YEARS[0].firsts[0].isoformat(), YEARS[-1].firsts[-1].isoformat()]
    done = subprocess.run([node(), str(PROGRAM), *span], capture_output=True, check=True, timeout=60)
    told = [(date.fromisoformat(day), number, leap) for day, number, leap in json.loads(done.stdout)]
    ours = []
    for year in YEARS:
        for place, first in enumerate(year.firsts):
            leap = 0 < year.leap == place
            number = place + 1 - (0 < year.leap <= place)
            ours.append((WRONG_THERE.get(first, first), number, leap))
    assert told == ours
