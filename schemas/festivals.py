"""Festivals that go by the lunar calendar or by a solar term: a dated table and the rules.

Source: docs/outreach.md, section "Festivals"
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Model, VersionOne
from schemas.faults import broken_rule
from schemas.forms import LINE_PATTERN

FESTIVALS_MAX_BYTES: Final = 256 * 1024
_MONTHS: Final = 12
_LENGTHS: Final = frozenset({29, 30})

_Text = Annotated[str, StringConstraints(max_length=200, pattern=LINE_PATTERN)]


class LunarYear(Model):
    """One lunar year, named by the Gregorian year in which it begins; days are those of Beijing."""

    year: Annotated[int, Field(ge=1950, le=2200)]
    leap: Annotated[int, Field(ge=0, le=_MONTHS)]
    """The month after which a leap month of the same number comes; 0 for none."""
    summer_solstice: date
    firsts: Annotated[tuple[date, ...], Field(min_length=_MONTHS, max_length=_MONTHS + 1)]
    """First day of each month in order, the leap month in its place."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.firsts) != _MONTHS + (self.leap > 0):
            raise broken_rule("firsts", "give 12 first days, or 13 in a year with a leap month")
        lengths = {(after - before).days for before, after in zip(self.firsts, self.firsts[1:], strict=False)}
        if not lengths <= _LENGTHS:
            raise broken_rule("firsts", "a lunar month has 29 or 30 days")
        return self


class Festival(Model):
    """One festival and its rule: a lunar day, a branch after the solstice, or none."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    name: Annotated[str, StringConstraints(max_length=30, pattern=LINE_PATTERN)]
    adcodes: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{1,5}$")], ...], Field(min_length=1, max_length=64)
    ]
    """Beginnings of the division codes of the counties that keep it."""
    month: Annotated[int, Field(ge=1, le=_MONTHS)] | None = None
    day: Annotated[int, Field(ge=1, le=30)] | None = None
    branch: Annotated[int, Field(ge=1, le=12)] | None = None
    """1 子 … 5 辰 … 12 亥: the first such day from the summer solstice on, that day included."""
    word: Annotated[str, StringConstraints(min_length=2, max_length=30, pattern=LINE_PATTERN)] | None = None
    """Of a festival without a rule: a campaign of a county that keeps it announces it if its name has this word."""
    note: _Text
    source: _Text

    @property
    def is_announced(self) -> bool:
        """Tell whether nobody can compute its day: it is announced each year."""
        return self.month is None and self.branch is None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.word is not None and not self.is_announced:
            raise broken_rule("word", "leave it out: the day follows from the rule")
        if (self.month is None) != (self.day is None) or (self.month is not None and self.branch is not None):
            raise broken_rule("month", "give `month` and `day`, or `branch`, or none of them")
        return self


class FestivalFile(Model):
    """Table and rules, with their date."""

    v: VersionOne = 1
    as_of: date
    source: _Text
    years: Annotated[tuple[LunarYear, ...], Field(min_length=1, max_length=100)]
    festivals: Annotated[tuple[Festival, ...], Field(max_length=100)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for before, after in zip(self.years, self.years[1:], strict=False):
            if after.year != before.year + 1 or (after.firsts[0] - before.firsts[-1]).days not in _LENGTHS:
                raise broken_rule("years", f"{after.year} does not follow the year before it without a gap")
        return self


@dataclass(frozen=True, slots=True)
class FestivalDay:
    """A festival in one year."""

    festival: Festival
    day: date
