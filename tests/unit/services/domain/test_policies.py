"""A county's own policy: what is refused, with the key and the mend, and what a county may change."""

import tomllib
from collections.abc import Iterable
from typing import Any

import pytest

from schemas.escalations import Policy
from schemas.pages import Tier
from services.domain.policies import (
    LEGAL_CLOCKS_SECONDS,
    LEVELS,
    LONGEST_ENDING_SECONDS,
    USUAL_POLICY,
    is_quiet_hour,
    judge_policy,
    ladder_of,
    parse_policy,
)

LEVEL = """
[{name}]
acknowledge_seconds = {acknowledge}
exhausted_seconds = {exhausted}
reminder_seconds = {reminder}
report_seconds = {report}
{steps}
"""
STEP = "[[{name}.steps]]\nafter_seconds = {after}\ntiers = [{tiers}]\nmedia = [{media}]\n"
USUAL_STEPS = ((0, '"primary"', '"sms", "voice"'), (240, '"secondary"', '"voice"'), (300, '"leader"', '"voice"'))


def level(name: str = "level_1", steps: tuple[tuple[Any, str, str], ...] = USUAL_STEPS, **changes: object) -> str:
    """Spell the table of a level."""
    values: dict[str, object] = {"acknowledge": 600, "exhausted": 900, "reminder": 900, "report": 120} | changes
    spelled = "".join(STEP.format(name=name, after=after, tiers=tiers, media=media) for after, tiers, media in steps)
    return LEVEL.format(name=name, steps=spelled, **values)


def refused(text: str) -> list[tuple[str, str]]:
    """Code and field of every fault."""
    found = parse_policy(text)
    assert not isinstance(found, Policy)
    assert all(fault.mend for fault in found)
    return [(fault.code, fault.field) for fault in found]


def test_a_county_that_sets_nothing_has_the_usual_policy() -> None:
    """An empty file would tell nobody; or the usual policy would break its own rules."""
    assert parse_policy("") == USUAL_POLICY
    assert judge_policy(USUAL_POLICY) == ()


def test_a_county_may_set_one_level_and_keep_the_rest() -> None:
    """Whoever is quicker on level 1 would have to write everything."""
    found = parse_policy(level(exhausted=840) + "[quiet]\nfrom_hour = 23\nuntil_hour = 6\n")
    assert isinstance(found, Policy)
    assert (found.level_1.exhausted_seconds, len(found.level_1.steps)) == (840, 3)
    assert found.level_2 == USUAL_POLICY.level_2
    assert (found.quiet.from_hour, found.quiet.until_hour) == (23, 6)


def test_level_1_leaves_people_half_of_the_shortest_clock() -> None:
    """Machines take sixteen of the thirty minutes, and the call comes too late."""
    assert min(LEGAL_CLOCKS_SECONDS) == 30 * 60
    assert LONGEST_ENDING_SECONDS == 15 * 60
    assert isinstance(parse_policy(level(exhausted=900)), Policy)
    assert refused(level(exhausted=901)) == [("policy.too_slow", "policy.level_1.exhausted_seconds")]


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        (level(steps=((1, '"leader"', '"sms"'),)), "late_start", "level_1.steps.0.after_seconds"),
        (
            level(steps=((0, '"leader"', '"sms"'), (60, '"office"', '"fax"'), (59, '"office"', '"fax"'))),
            "out_of_order",
            "level_1.steps.2.after_seconds",
        ),
        (level(steps=((0, '"boss"', '"sms"'),)), "not_allowed", "level_1.steps.0.tiers.0"),
        (level(steps=((0, '"leader"', '"pigeon"'),)), "not_allowed", "level_1.steps.0.media.0"),
        (level(steps=((0, "", '"sms"'),)), "too_short", "level_1.steps.0.tiers"),
        (level(steps=((0, '"leader"', ""),)), "too_short", "level_1.steps.0.media"),
        (level(steps=((0, '"leader", "leader"', '"sms"'),)), "twice", "level_1.steps.0.tiers"),
        (level(steps=((0, '"leader"', '"sms", "sms"'),)), "twice", "level_1.steps.0.media"),
        (level(steps=((-1, '"leader"', '"sms"'),)), "out_of_range", "level_1.steps.0.after_seconds"),
        (level(steps=((0.5, '"leader"', '"sms"'),)), "wrong_type", "level_1.steps.0.after_seconds"),
        (level(steps=((0, '"leader"', '"sms"'),) * 17), "too_long", "level_1.steps"),
        (level(steps=((0, '"primary"', '"sms"'),)), "no_leader", "level_1.steps"),
        (level(steps=((0, '"primary"', '"sms"'), (600, '"leader"', '"sms"'))), "no_leader", "level_1.steps"),
        (level(acknowledge=0), "out_of_range", "level_1.acknowledge_seconds"),
        (level(acknowledge=-600), "out_of_range", "level_1.acknowledge_seconds"),
        (level(reminder=0), "out_of_range", "level_1.reminder_seconds"),
        (level(report=29), "out_of_range", "level_1.report_seconds"),
        (level(report='"120"'), "wrong_type", "level_1.report_seconds"),
        (level(report="true"), "wrong_type", "level_1.report_seconds"),
        (level(report=900), "report_too_late", "level_1.report_seconds"),
        (level(acknowledge=880, exhausted=870), "deadline_too_late", "level_1.acknowledge_seconds"),
        (level(acknowledge=240, exhausted=300), "no_time_left", "level_1.exhausted_seconds"),
        (level("level_3", acknowledge=600, exhausted=3000), "slower_than_lower", "level_2.acknowledge_seconds"),
        (level("level_2", acknowledge=800, exhausted=3000), "slower_than_lower", "level_2.exhausted_seconds"),
        ("[level_5]\n", "unknown_field", "level_5"),
        ("level_1 = 5\n", "wrong_type", "level_1"),
        (level() + "more = 1\n", "unknown_field", "level_1.steps.2.more"),
        ("[quiet]\nfrom_hour = 22:00:00\nuntil_hour = 7\n", "wrong_type", "quiet.from_hour"),
        ("[quiet]\nfrom_hour = 24\nuntil_hour = 7\n", "out_of_range", "quiet.from_hour"),
        ("[quiet]\nfrom_hour = 22\n", "missing_field", "quiet.until_hour"),
        ("[quiet]\nfrom_hour = 8\nuntil_hour = 10\n", "digest_at_night", "ordinary.digest_hour"),
    ],
)
def test_a_policy_that_does_not_hold_is_refused_by_its_key(text: str, code: str, field: str) -> None:
    """It would be found out when the first flood comes."""
    assert (f"policy.{code}", f"policy.{field}") in refused(text)


ORDINARY = """
[ordinary]
media = [{media}]
digest_hour = 9
reminder_days = [{days}]
acknowledge_workdays = {workdays}
"""


@pytest.mark.parametrize(
    ("media", "days", "workdays", "code", "field"),
    [
        ('"sms"', "3, 1", 3, "too_loud", "media"),
        ('"console", "voice"', "3, 1", 3, "too_loud", "media"),
        ('"console", "console"', "3, 1", 3, "twice", "media"),
        ('"console"', "1, 3", 3, "out_of_order", "reminder_days"),
        ('"console"', "1, 1", 3, "out_of_order", "reminder_days"),
        ('"console"', "-1", 3, "out_of_range", "reminder_days.0"),
        ('"console"', "1", 0, "out_of_range", "acknowledge_workdays"),
    ],
)
def test_what_is_ordinary_stays_quiet(media: str, days: str, workdays: int, code: str, field: str) -> None:
    """Bulletins by telephone, and nobody picks up any more."""
    text = ORDINARY.format(media=media, days=days, workdays=workdays)
    assert refused(text) == [(f"policy.{code}", f"policy.ordinary.{field}")]


@pytest.mark.parametrize(
    "text", ["level_1 = [", "a" * 65_537, "x = " + "[" * 30_000, "x = nan\n", "\x00", "a = 1\na = 2"]
)
def test_what_is_no_toml_is_a_fault_and_no_crash(text: str) -> None:
    """A slip in the file takes the node down at its start with a traceback."""
    found = parse_policy(text)
    assert isinstance(found, tuple)
    assert all(len(str(fault)) < 300 for fault in found)


def test_every_fault_is_told_at_once() -> None:
    """One is mended, the next one comes up."""
    found = refused(level(exhausted=1000, report=1000, steps=((5, '"primary"', '"sms"'),)))
    assert len(found) == 4


def listed(values: Iterable[str]) -> str:
    """Spell a list of names in TOML."""
    return ", ".join(f'"{value}"' for value in values)


def test_the_usual_policy_can_be_written_as_toml() -> None:
    """A county starts from what is in force, and it must read back alike."""
    lines = []
    for number in LEVELS:
        ladder = ladder_of(USUAL_POLICY, number)
        steps = tuple((step.after_seconds, listed(step.tiers), listed(step.media)) for step in ladder.steps)
        lines.append(
            level(
                f"level_{number}",
                steps,
                acknowledge=ladder.acknowledge_seconds,
                exhausted=ladder.exhausted_seconds,
                reminder=ladder.reminder_seconds,
                report=ladder.report_seconds,
            )
        )
    text = "".join(lines)
    assert set(tomllib.loads(text)) == {f"level_{number}" for number in LEVELS}
    assert parse_policy(text) == USUAL_POLICY


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [(22, 7, {22, 23, 0, 1, 2, 3, 4, 5, 6}), (0, 6, {0, 1, 2, 3, 4, 5}), (9, 9, set())],
)
def test_quiet_hours_may_span_midnight(start: int, end: int, quiet: set[int]) -> None:
    """Quiet by day, loud by night."""
    hours = USUAL_POLICY.quiet.model_copy(update={"from_hour": start, "until_hour": end})
    assert {hour for hour in range(24) if is_quiet_hour(hours, hour)} == quiet


def test_levels_1_and_2_reach_the_leader_before_the_county_is_late() -> None:
    """The leader hears from the neighbour that his county sleeps."""
    for number in (1, 2):
        ladder = ladder_of(USUAL_POLICY, number)
        first = min(step.after_seconds for step in ladder.steps if Tier.LEADER in step.tiers)
        assert first < ladder.acknowledge_seconds
