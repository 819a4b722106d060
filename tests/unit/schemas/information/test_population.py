"""Population reports: aggregates only, and no hidden count can be computed back."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.information.population import PopulationFlowReported
from services.demo.sampling import sample
from services.domain.disclosure import judge_releases

H = None
AGES = ("0-14", "15-59", "60+")


def by_age(*counts: int | None, total: int | None = -1, **method: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A report by age; -1 leaves the total out, None hides a count."""
    cells = [cell({"age_band": age}, count) for age, count in zip(AGES, counts, strict=True)]
    if total != -1:
        cells.append(cell({}, total))
    return report(["age_band"], cells, **method)


def by_sex_and_age(table: list[list[int | None]], rows: list[int | None], columns: list[int | None]) -> dict[str, Any]:
    """A report by sex and age with the totals of both; None among totals leaves one out."""
    sexes = ("female", "male")
    cells = [
        cell({"sex": sex, "age_band": age}, table[i][j]) for i, sex in enumerate(sexes) for j, age in enumerate(AGES)
    ]
    cells += [cell({"sex": sex}, count) for sex, count in zip(sexes, rows, strict=True) if count is not None]
    cells += [cell({"age_band": age}, count) for age, count in zip(AGES, columns, strict=True) if count is not None]
    return report(["sex", "age_band"], cells)


def cell(keys: dict[str, str], count: int | None, state: str | None = None) -> dict[str, Any]:
    """One count; None is hidden."""
    return {"keys": keys, "value": count, "state": state or ("suppressed" if count is None else "shown")}


def report(dimensions: list[str], cells: list[dict[str, Any]], **method: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The report of the samples with other counts."""
    base = sample("population_flow").content
    protection = {"k": 10, "complementary": True, "version": "sihu-1"} | method
    return base | {"dimensions": dimensions, "cells": cells, "method": protection}


def parsed(content: dict[str, Any]) -> PopulationFlowReported | tuple[Fault, ...]:
    """Parse it as our officer would send it."""
    event = parse_new(PopulationFlowReported.wire_type, content)
    assert isinstance(event, PopulationFlowReported | tuple)
    return event


def fields(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Codes and fields of what is wrong."""
    event = parsed(content)
    return [(fault.code, fault.field) for fault in event] if isinstance(event, tuple) else []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (by_age(9, 100, 100), "cells.0.value"),
        (by_age(0, 100, 100), "cells.0.value"),
        (by_age(1, 100, 100, k=5), "cells.0.value"),
        (report(["age_band"], [cell({"age_band": age}, 50) for age in AGES[:2]]), "cells"),
        (report(["age_band"], [cell({"age_band": "0-14"}, 50)] * 3), "cells"),
        (report(["age_band"], [cell({"age_band": age, "sex": "male"}, 50) for age in AGES]), "cells.0.keys.sex"),
        (by_age(50, 50, 50) | {"period_start": "2026-02-01"}, "period_start"),
        (by_age(50, 50, 50) | {"period_start": "2026-01-02"}, "period_start"),
        (by_age(50, 50, 50) | {"destination_adcode": "522728"}, "destination_adcode"),
        (by_age(50, 50, 50) | {"dimensions": ["age_band", "age_band"]}, "dimensions"),
        (by_age(50, 50, 50) | {"service_plan": ["transport", "transport"]}, "service_plan"),
        (report(["age_band"], [cell({"age_band": a}, 50, "suppressed") for a in AGES]), "cells.0.value"),
        (report(["age_band"], [cell({"age_band": a}, None, "shown") for a in AGES]), "cells.0.value"),
        (report(["age_band"], [cell({"age_band": a}, 55, "rounded") for a in AGES], round_to=10), "cells.0.value"),
        (report(["age_band"], [cell({"age_band": a}, 50, "rounded") for a in AGES]), "cells.0.value"),
        (report(["age_band"], [cell({"age_band": a}, 10, "rounded") for a in AGES], round_to=10), "cells.0.value"),
    ],
)
def test_a_report_breaks_its_own_rules(content: dict[str, Any], field: str) -> None:
    """Small counts, holes, doubles, wrong periods and states that contradict the value."""
    assert fields(content) == [("content.rule", f"content.{field}")]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"dimensions": ["age_band", "sex", "reason"]}, "too_long", "dimensions"),
        ({"dimensions": ["ethnicity"]}, "not_allowed", "dimensions.0"),
        ({"origin_adcode": "522728100"}, "wrong_form", "origin_adcode"),
        ({"note": "自由文本"}, "unknown_field", "note"),
        ({"persons": []}, "unknown_field", "persons"),
        ({"service_plan": ["随便写"]}, "not_allowed", "service_plan.0"),
        ({"method": {"k": 4, "complementary": True, "version": "sihu-1"}}, "out_of_range", "method.k"),
    ],
)
def test_a_report_becomes_a_register_of_people(change: dict[str, Any], code: str, field: str) -> None:
    """Closed lists, two dimensions, no free text, nothing below a county, k of five at least."""
    assert fields(by_age(50, 50, 50) | change) == [(f"content.{code}", f"content.{field}")]


@pytest.mark.parametrize(
    ("content", "pinned"),
    [
        # One hidden count and the total: 200 - 90 - 100 = 10.
        (by_age(H, 90, 100, total=200), "cells.0"),
        # Two hidden counts that share 8: each lies in 0..8, nine values.
        (by_age(H, H, 100, total=108), "cells.0"),
        # Two hidden counts that share 13, and the reader is told that hidden means small: each lies in 4..9.
        (by_age(H, H, 100, total=113, complementary=False), "cells.0"),
        # A hidden total of counts that are all shown.
        (by_age(50, 60, 70, total=None), "cells.3"),
        # Each row and column hides two, and yet the first row leaves them only 0 to 5.
        (by_sex_and_age([[H, H, 40], [H, H, 50]], [45, 100], [25, 30, 90]), "cells.0"),
        # The hidden corner follows from its row.
        (by_sex_and_age([[H, 30, 40], [H, 30, 50]], [85, None], [None, None, None]), "cells.0"),
    ],
)
def test_a_hidden_count_can_be_computed(content: dict[str, Any], pinned: str) -> None:
    """The report names the count that is open and how to close it."""
    event = parsed(content)

    assert isinstance(event, tuple)
    assert event[0].field == f"content.{pinned}"
    assert "hide one more" in event[0].mend


@pytest.mark.parametrize(
    "content",
    [
        by_age(H, 90, 100),
        by_age(H, H, 100, total=109),
        by_age(H, H, 100, total=None),
        by_age(H, H, H, total=None),
        by_age(H, 90, 100, complementary=False),
        by_sex_and_age([[H, H, 40], [H, H, 50]], [60, 100], [30, 40, 90]),
        by_sex_and_age([[H, 30, 40], [H, 30, 50]], [None, None], [45, None, None]),
        report([], [cell({}, 120)]),
        report([], [cell({}, None)]),
        report(["age_band"], [cell({"age_band": a}, 50, "rounded") for a in AGES] + [cell({}, 147)], round_to=10),
    ],
)
def test_a_protected_report_is_refused(content: dict[str, Any]) -> None:
    """At least k values are left for every hidden count."""
    assert isinstance(parsed(content), PopulationFlowReported), parsed(content)


@pytest.mark.parametrize(
    "content",
    [
        by_age(50, 60, 70, total=179),
        report(["age_band"], [cell({"age_band": a}, 50, "rounded") for a in AGES] + [cell({}, 163)], round_to=10),
        by_sex_and_age([[H, H, 40], [H, H, 50]], [39, 100], [50, 60, 90]),
    ],
)
def test_totals_that_do_not_add_up_pass(content: dict[str, Any]) -> None:
    """A wrong total is a mistake, and says so."""
    event = parsed(content)

    assert isinstance(event, tuple)
    assert "add up" in event[0].mend


def released(content: dict[str, Any]) -> PopulationFlowReported:
    """A report that is fine by itself."""
    event = parsed(content)
    assert isinstance(event, PopulationFlowReported), event
    return event


def test_two_harmless_releases_give_a_count_away_together() -> None:
    """Detail first, the total later: 200 - 90 - 100 = 10 is open."""
    detail, total = released(by_age(H, 90, 100)), released(report([], [cell({}, 200)]))

    assert judge_releases(detail, []) is None
    assert judge_releases(total, [detail]) is not None
    assert judge_releases(detail, [total]) is not None


def test_a_second_table_shows_what_the_first_one_hid() -> None:
    """The same dimensions, hidden once and shown once; or the row totals by another dimension."""
    hidden = released(by_age(H, 90, 100))
    by_sex = released(by_sex_and_age([[20, 30, 40], [20, 60, 60]], [None, None], [None, None, None]))
    shown = released(by_age(12, 90, 100))

    assert judge_releases(shown, [hidden]) is not None
    assert judge_releases(by_sex, [released(by_age(H, 90, 100))]) is not None
    assert judge_releases(released(by_age(H, 90, 100)), [hidden]) is None


def test_two_tables_that_share_a_dimension_are_judged_apart() -> None:
    """By sex and age, then by age and reason: the second gives the totals of the ages, so 90 - 80 = 10 is open."""
    first = released(by_sex_and_age([[H, 30, 40], [80, 60, 60]], [None, None], [None, None, None]))
    reasons = ("work", "school", "care", "return", "other")

    def by_reason(children_at_work: int | None) -> PopulationFlowReported:
        counts = {"0-14": 18, "15-59": 18, "60+": 20}
        cells = [cell({"age_band": age, "reason": reason}, counts[age]) for age in AGES for reason in reasons]
        cells[0] = cell({"age_band": "0-14", "reason": "work"}, children_at_work)
        return released(report(["age_band", "reason"], cells))

    assert judge_releases(by_reason(18), [first]) is not None
    assert judge_releases(first, [by_reason(18)]) is not None
    assert judge_releases(by_reason(None), [first]) is None


def test_two_tables_that_share_nothing_meet_in_the_total() -> None:
    """By sex with the total hidden, then by age in full: the total is 150, and 150 - 140 = 10 is open."""
    by_sex = released(report(["sex"], [cell({"sex": "female"}, 140), cell({"sex": "male"}, None)]))

    assert judge_releases(released(by_age(50, 50, 50)), [by_sex]) is not None
    assert judge_releases(released(by_age(50, 50, None)), [by_sex]) is None


def test_releases_of_other_people_are_mixed_up() -> None:
    """Another quarter or another county tells nothing about this one."""
    total = released(report([], [cell({}, 200)]))
    other = released(by_age(H, 90, 100) | {"period_start": "2026-04-01"})
    elsewhere = released(by_age(H, 90, 100) | {"origin_adcode": "522722"})

    assert judge_releases(total, [other, elsewhere]) is None


def test_a_correction_that_contradicts_the_first_release_is_refused() -> None:
    """Corrected figures do not add up with the old ones, so nothing follows from both."""
    assert judge_releases(released(by_age(50, 60, 70)), [released(by_age(H, 60, 71))]) is None
