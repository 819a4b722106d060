"""New moons, solar terms and the Chinese calendar of any year around 2000, computed afresh: what a table is checked by.

New moons after Jean Meeus, Astronomical Algorithms, 2nd edition, chapter 49; longitudes of the sun after chapter 25.
Rules after GB/T 33661—2017: a month begins on the Beijing day of a new moon; the eleventh month holds the winter
solstice; of thirteen months between two such months the first without a principal term is the leap month.
"""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_SYNODIC = 29.530588861
_DELTA_T = timedelta(seconds=70)
"""Of the years 2020 to 2040, to a few seconds."""
_BEIJING = timedelta(hours=8)

# Chapter 49: coefficient (days), multiple of M, of M', of F, and the power of E.
_NEW_MOON = (
    (-0.40720, 0, 1, 0, 0), (0.17241, 1, 0, 0, 1), (0.01608, 0, 2, 0, 0), (0.01039, 0, 0, 2, 0),
    (0.00739, -1, 1, 0, 1), (-0.00514, 1, 1, 0, 1), (0.00208, 2, 0, 0, 2), (-0.00111, 0, 1, -2, 0),
    (-0.00057, 0, 1, 2, 0), (0.00056, 1, 2, 0, 1), (-0.00042, 0, 3, 0, 0), (0.00042, 1, 0, 2, 1),
    (0.00038, 1, 0, -2, 1), (-0.00024, -1, 2, 0, 1), (-0.00007, 2, 1, 0, 0), (0.00004, 0, 2, -2, 0),
    (0.00004, 3, 0, 0, 0), (0.00003, 1, 1, -2, 0), (0.00003, 0, 2, 2, 0), (-0.00003, 1, 1, 2, 0),
    (0.00003, -1, 1, 2, 0), (-0.00002, -1, 1, -2, 0), (-0.00002, 1, 3, 0, 0), (0.00002, 0, 4, 0, 0),
)  # fmt: skip
_PLANETS = (
    (325e-6, 299.77, 0.107408), (165e-6, 251.88, 0.016321), (164e-6, 251.83, 26.651886), (126e-6, 349.42, 36.412478),
    (110e-6, 84.66, 18.206239), (62e-6, 141.74, 53.303771), (60e-6, 207.14, 2.453732), (56e-6, 154.84, 7.306860),
    (47e-6, 34.52, 27.261239), (42e-6, 207.19, 0.121824), (40e-6, 291.34, 1.844379), (37e-6, 161.72, 24.198154),
    (35e-6, 239.56, 25.513099), (23e-6, 331.55, 3.592518),
)  # fmt: skip


def _sin(degrees: float) -> float:
    return math.sin(math.radians(degrees))


def new_moon(number: int) -> datetime:
    """The new moon of a number; 0 is that of 2000-01-06. UTC."""
    k, t = float(number), number / 1236.85
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t * t
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    node = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    omega = 124.7746 - 1.56375588 * k + 0.0020672 * t * t
    e = 1 - 0.002516 * t - 0.0000074 * t * t
    days = 2451550.09766 + _SYNODIC * k + 0.00015437 * t * t - 2451545.0
    days += sum(c * e**power * _sin(a * sun + b * moon + f * node) for c, a, b, f, power in _NEW_MOON)
    days -= 0.00017 * _sin(omega)
    days += sum(c * _sin(a + b * k - (0.009173 * t * t if b == 0.107408 else 0)) for c, a, b in _PLANETS)
    return _J2000 + timedelta(days=days) - _DELTA_T


def longitude(moment: datetime) -> float:
    """Apparent longitude of the sun in degrees, to about 0.003°."""
    t = (moment + _DELTA_T - _J2000) / timedelta(days=36525)
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    anomaly = 357.52911 + 35999.05029 * t - 0.0001537 * t * t
    centre = (1.914602 - 0.004817 * t) * _sin(anomaly) + (0.019993 - 0.000101 * t) * _sin(2 * anomaly)
    centre += 0.000289 * _sin(3 * anomaly)
    return (mean + centre - 0.00569 - 0.00478 * _sin(125.04 - 1934.136 * t)) % 360


def term(year: int, degrees: float) -> datetime:
    """When the sun reaches a longitude in a year (0° spring equinox, 90° summer and 270° winter solstice). UTC."""
    low = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=((degrees - 280) % 360) / 360 * 365.2422 - 5)
    high = low + timedelta(days=10)
    for _ in range(40):
        middle = low + (high - low) / 2
        if (longitude(middle) - degrees + 180) % 360 - 180 < 0:
            low = middle
        else:
            high = middle
    return low


def beijing_day(moment: datetime) -> date:
    """The day in Beijing."""
    return (moment + _BEIJING).date()


def months_of(year: int) -> list[tuple[int, bool, date]]:
    """The months of the lunar year that begins in ``year``: number, whether it is a leap month, first day."""
    before, after = _between_solstices(year), _between_solstices(year + 1)
    found = [*before, *after]
    begin = next(place for place, (number, leap, _) in enumerate(found) if number == 1 and not leap)
    rest = found[begin:]
    end = next(place for place, (number, leap, _) in enumerate(rest) if number == 1 and not leap and place)
    return rest[:end]


def _between_solstices(year: int) -> list[tuple[int, bool, date]]:
    """The months from the eleventh of the year before to the tenth of this one, and a leap month among them."""
    first, last = (_month_with(beijing_day(term(one, 270))) for one in (year - 1, year))
    firsts = [beijing_day(new_moon(number)) for number in range(first, last + 1)]
    months: list[tuple[int, bool, date]] = []
    number, leap_given = 11, len(firsts) - 1 == 12
    for begin, end in pairwise(firsts):
        if not leap_given and months and not _has_principal_term(begin, end):
            leap_given = True
            months.append(((months[-1][0]), True, begin))
            continue
        months.append((number, False, begin))
        number = number % 12 + 1
    return months


def _month_with(day: date) -> int:
    guess = round((day - date(2000, 1, 6)).days / _SYNODIC)
    return next(number for number in (guess + 1, guess, guess - 1) if beijing_day(new_moon(number)) <= day)


def _has_principal_term(begin: date, end: date) -> bool:
    """Whether the sun passes a multiple of 30° between the beginnings of two Beijing days."""
    low, high = (longitude(datetime(day.year, day.month, day.day, tzinfo=UTC) - _BEIJING) // 30 for day in (begin, end))
    return low != high
