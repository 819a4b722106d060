"""An attacker by brute force, who knows nothing of flows: tries every table that fits what is shown."""

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import parse_new
from schemas.information.population import PopulationFlowReported
from services.demo.sampling import sample
from services.domain.disclosure import judge_releases

SEXES, AGES = ("female", "male"), ("0-14", "15-59", "60+")
K, MOST = 5, 22  # no count of the tables drawn below and no total of a row is larger than 21

Row = tuple[int, ...]
Table = list[list[int | None]]
counts = st.lists(st.integers(0, 7), min_size=6, max_size=6)
masks = st.lists(st.booleans(), min_size=6, max_size=6)


def _rows(known: list[int | None], total: int | None) -> list[Row]:
    """Every row that fits its shown counts and its total."""
    choices = [range(MOST) if count is None else (count,) for count in known]
    return [row for row in product(*choices) if total is None or sum(row) == total]


def _closest(table: Table, rows: list[int | None], columns: list[int | None], *, with_columns: bool = False) -> int:
    """Return how many values are left for the most open hidden count (``MOST`` if nothing is hidden).

    ``with_columns`` counts the totals of columns that are not told as hidden counts, too.
    """
    upper, lower = (_rows(known, total) for known, total in zip(table, rows, strict=True))
    told = [j for j, total in enumerate(columns) if total is not None]
    pairs: dict[Row, tuple[list[Row], list[Row]]] = {}
    for row in upper:
        pairs.setdefault(tuple((columns[j] or 0) - row[j] for j in told), ([], []))[0].append(row)
    for row in lower:
        if (key := tuple(row[j] for j in told)) in pairs:
            pairs[key][1].append(row)
    fitting = [pair for pair in pairs.values() if all(pair)]
    left = [
        len({row[j] for pair in fitting for row in pair[i]})
        for i, known in enumerate(table)
        for j in range(3)
        if known[j] is None
    ]
    if with_columns:
        left += [_sums_left(fitting, j) for j in range(3) if j not in told]
    return min(left, default=MOST)


def _sums_left(fitting: list[tuple[list[Row], list[Row]]], j: int) -> int:
    return len({a + b for pair in fitting for a in {row[j] for row in pair[0]} for b in {row[j] for row in pair[1]}})


def _content(dimensions: list[str], cells: list[dict[str, Any]]) -> dict[str, Any]:
    method = {"k": K, "complementary": True, "version": "sihu-1"}
    return sample("population_flow").content | {"dimensions": dimensions, "cells": cells, "method": method}


def _cell(keys: dict[str, str], count: int | None) -> dict[str, Any]:
    return {"keys": keys, "value": count, "state": "suppressed" if count is None else "shown"}


def _inner(table: Table) -> list[dict[str, Any]]:
    return [
        _cell({"sex": sex, "age_band": age}, table[i][j]) for i, sex in enumerate(SEXES) for j, age in enumerate(AGES)
    ]


def _sums(rows: list[int | None], columns: list[int | None]) -> list[dict[str, Any]]:
    by_sex = [_cell({"sex": sex}, total) for sex, total in zip(SEXES, rows, strict=True) if total is not None]
    by_age = [_cell({"age_band": age}, total) for age, total in zip(AGES, columns, strict=True) if total is not None]
    return by_sex + by_age


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, list[int | None], list[int | None]]:
    """A true table with everything small hidden, some more hidden, and some totals told."""
    true, more = draw(counts), draw(masks)
    told = [None if n < K or hide else n for n, hide in zip(true, more, strict=True)]
    row_sums, column_sums = [sum(true[:3]), sum(true[3:])], [true[j] + true[j + 3] for j in range(3)]
    shown = draw(st.lists(st.booleans(), min_size=5, max_size=5))
    totals = [n if show and n >= K else None for n, show in zip(row_sums + column_sums, shown, strict=True)]
    return [told[:3], told[3:]], totals[:2], totals[2:]


@settings(max_examples=100, deadline=None)
@given(drawn=tables())
def test_the_report_and_the_attacker_disagree(
    drawn: tuple[Table, list[int | None], list[int | None]],
) -> None:
    """A report is accepted exactly if brute force leaves k values for every hidden count."""
    table, rows, columns = drawn

    event = parse_new(
        PopulationFlowReported.wire_type, _content(["sex", "age_band"], _inner(table) + _sums(rows, columns))
    )

    assert isinstance(event, PopulationFlowReported) == (_closest(table, rows, columns) >= K)


@settings(max_examples=40, deadline=None)
@given(drawn=tables())
def test_totals_in_a_second_release_are_overlooked(
    drawn: tuple[Table, list[int | None], list[int | None]],
) -> None:
    """Column totals released apart are as telling as in the table itself."""
    table, _, columns = drawn
    detail = parse_new(PopulationFlowReported.wire_type, _content(["sex", "age_band"], _inner(table)))
    by_age = [_cell({"age_band": age}, total) for age, total in zip(AGES, columns, strict=True)]
    totals = parse_new(PopulationFlowReported.wire_type, _content(["age_band"], by_age))
    assert isinstance(detail, PopulationFlowReported)
    assert isinstance(totals, PopulationFlowReported)

    fault = judge_releases(totals, [detail])

    assert (fault is None) == (_closest(table, [None, None], columns, with_columns=True) >= K)
