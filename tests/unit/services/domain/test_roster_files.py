"""A roster's files: every fault by its place, torn lines, other counties' rosters, plans of the past."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.pages import Medium, Tier
from schemas.rosters import RECORDS_MAX_BYTES, Change, Mark, PlanText, RosterTexts
from services.domain.roster_files import (
    RosterHistory,
    change_line,
    judge_change,
    read_changes,
    read_history,
    read_plan,
    version_of,
)
from services.domain.rosters import holder_at
from tests.rosters import (
    COUNTY,
    NOBODY_OFF,
    PLAN,
    at,
    history,
    layer_toml,
    mark,
    number,
    override,
    swap,
    temporary,
    texts,
    withdrawal,
)

SPAN = ("2026-06-10 08:30", "2026-06-11 08:30")
ILL = override(1, *SPAN, "duty-c", "duty-a")


def faults(plan: str) -> list[tuple[str, str]]:
    found = read_plan(plan.encode(), COUNTY)
    assert isinstance(found, tuple)
    return [(one.code, one.field) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("451226", "522722", "roster.other_county", "county"),
        ('officer = "duty-b"', 'officer = "duty-a"', "roster.twice", "roster.toml"),
        ('name = "second"', 'name = "day"', "roster.twice", "roster.toml"),
        ('["duty-a", "duty-b"]', '["duty-a", "duty-z"]', "roster.unknown_officer", "layers day"),
        ('handover = "08:30"', 'handover = "8:30"', "roster.wrong_form", "layers.0.handover"),
        ('handover = "08:30"', 'handover = "24:00"', "roster.wrong_form", "layers.0.handover"),
        ('rotation = "daily"', 'rotation = "shifts"', "roster.rule", "shift_starts"),
        ('rotation = "daily"', 'rotation = "monthly"', "roster.not_allowed", "rotation"),
        ("starts_on = 2026-01-01", "starts_on = 2026-02-01\nends_on = 2026-01-31", "roster.rule", "ends_on"),
        ("starts_on = 2026-01-01", 'starts_on = 2026-01-01\nhours = ["08:30", "08:30"]', "roster.rule", "hours"),
        ("starts_on = 2026-01-01", "starts_on = 2026-01-01\nweekdays = [1, 1]", "roster.rule", "weekdays"),
        ("starts_on = 2026-01-01", "starts_on = 2026-01-01\nweekdays = [8]", "roster.out_of_range", "weekdays"),
        ("starts_on = 2026-01-01", "starts_on = 2026-01-01\nevery = 0", "roster.out_of_range", "every"),
        ("starts_on = 2026-01-01", 'starts_on = 2026-01-01\nshift_starts = ["08:30"]', "roster.rule", "shift_starts"),
        ('medium = "sms"', 'medium = "console"', "roster.rule", "medium"),
        ('medium = "sms"', 'medium = "email"', "roster.rule", "address"),
        ('display = "值班员甲"', 'display = "值班员甲"\nphone = "1"', "roster.unknown_field", "phone"),
        ('tier = "office"', 'tier = "primary"', "roster.not_allowed", "tier"),
        ('county = "451226"', 'county = "451226', "roster.malformed", "roster.toml"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(old: str, new: str, code: str, place: str) -> None:
    """A fault without its place in a file of two hundred lines is not mended before the night."""
    found = faults(PLAN.replace(old, new, 1))
    assert any(one == code and place in field for one, field in found), found


@pytest.mark.parametrize("starts", ['["16:30", "08:30"]', '["08:30", "00:30", "16:30"]', '["08:30", "08:30"]', "[]"])
def test_shifts_out_of_the_order_of_the_day_are_refused(starts: str) -> None:
    """Taken as written, two people would stand at once and nobody at night."""
    plan = PLAN.replace('rotation = "daily"', f'rotation = "shifts"\nshift_starts = {starts}', 1)
    assert ("roster.rule", "roster.toml layers.0.shift_starts") in faults(plan)


def test_no_fault_repeats_a_number() -> None:
    """What is refused is printed."""
    for new in (f'address = "{number(1)}x"', f'address = "{number(1)}{"0" * 600}"', f"address = {number(1)}"):
        found = read_plan(PLAN.replace(f'address = "{number(1)}"', new, 1).encode(), COUNTY)
        assert isinstance(found, tuple)
        assert all(number(1) not in str(one) for one in found)
    twice = read_plan(PLAN.replace('medium = "voice"', 'medium = "sms"', 1).encode(), COUNTY)
    assert isinstance(twice, tuple)
    assert [one.code for one in twice] == ["roster.twice"]
    assert number(1) not in str(twice[0])


def test_a_record_survives_being_written_and_read() -> None:
    """What comes back in another form changes who is paged."""
    changes = (
        ILL,
        swap(2, "duty-a", SPAN, "duty-b", SPAN),
        temporary(3, *SPAN, layer_toml("flood", members='"duty-c"')),
        mark(4, "duty-a", 1, Mark.VERIFIED, "2026-05-01 08:00"),
        withdrawal(5, 1, "2026-06-10 09:00"),
    )
    data = b"".join(change_line(one) for one in changes)
    assert read_changes([("2026.jsonl", data)]) == (changes, ())


def test_a_torn_last_line_does_not_count() -> None:
    """The machine lost power while it wrote: that record was never confirmed to anybody."""
    whole, torn = change_line(ILL), change_line(override(2, *SPAN, "duty-b", "duty-a"))[:-1]
    assert read_changes([("2026.jsonl", whole + torn)]) == ((ILL,), ())
    assert read_changes([("2026.jsonl", whole + torn[:40])]) == ((ILL,), ())


def test_a_damaged_line_is_named_and_nothing_is_guessed() -> None:
    """A record that is skipped silently puts the wrong person on duty."""
    line = change_line(ILL)
    data = line + line.replace(b'"officer":"duty-c"', b'"officer":"DUTY C"') + b"{}\n" + b"\xff\n"
    changes, found = read_changes([("2026.jsonl", data)])
    assert changes == (ILL,)
    assert [one.field.split(" record")[0] for one in found] == [f"2026.jsonl line {number}" for number in (2, 3, 4)]
    whole = read_history(RosterTexts(texts().plans, (("2026.jsonl", data),)), COUNTY)
    assert isinstance(whole, tuple)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (override(2, *SPAN, "duty-z", "duty-a"), "roster.unknown_officer"),
        (override(2, *SPAN, "duty-c", "duty-z"), "roster.unknown_officer"),
        (override(2, *SPAN, "duty-c", "duty-a", plan=f"{9:032x}"), "roster.unknown_plan"),
        (swap(2, "duty-a", SPAN, "duty-z", SPAN), "roster.unknown_officer"),
        (mark(2, "duty-a", 99, Mark.VERIFIED, "2026-06-01 08:00"), "roster.unknown_number"),
        (mark(2, "duty-b", 1, Mark.VERIFIED, "2026-06-01 08:00"), "roster.unknown_number"),
        (mark(2, "duty-a", 1, Mark.VERIFIED, "2026-06-01 08:00", Medium.FAX), "roster.unknown_number"),
        (withdrawal(2, 7, "2026-06-01 09:00"), "roster.unknown_record"),
        (withdrawal(4, 3, "2026-06-01 09:00"), "roster.unknown_record"),  # a withdrawal is not withdrawn
        (withdrawal(4, 2, "2026-06-01 09:00"), "roster.withdrawn"),
    ],
)
def test_a_record_that_fits_nothing_is_refused(change: Change, code: str) -> None:
    """Recorded all the same, it would change nothing and everybody would believe it had."""
    found = history(ILL, override(2, *SPAN, "duty-b", "duty-a"), withdrawal(3, 2, "2026-06-01 08:30"))
    assert [one.code for one in judge_change(change, found)] == [code]


def test_a_good_record_is_taken_and_counts_with_the_next_look() -> None:
    """Judged good and not counted, it would be found out at night."""
    assert judge_change(ILL, history()) == ()
    assert holder_at(history(ILL).latest, Tier.PRIMARY, at("2026-06-10 12:00"), NOBODY_OFF).officer == "duty-c"


@pytest.mark.parametrize(
    "other",
    [
        texts(PLAN + "\n"),
        texts(PLAN, override(2, *SPAN, "duty-c", "duty-a")),
        texts(PLAN, ILL, ILL),
        texts(PLAN),
        texts(PLAN, ILL, calendars=(("2026.toml", b"year = 2026"),)),
        RosterTexts(texts().plans, (("2027.jsonl", change_line(ILL)),)),
    ],
)
def test_the_version_is_another_for_other_files(other: RosterTexts) -> None:
    """A writer who saw the one would be taken for one who saw the other."""
    assert version_of(other) != version_of(texts(PLAN, ILL))


def test_the_version_minds_no_torn_line_and_no_text_of_the_past() -> None:
    """What does not count must refuse nobody."""
    found = texts(PLAN, ILL)
    (name, data), *_ = found.records
    older = PlanText(at("2025-01-01 00:00"), b"v = 2")
    assert version_of(RosterTexts((older, *found.plans), ((name, data + b'{"torn'),))) == version_of(found)


def test_the_past_is_answered_by_the_plan_of_then() -> None:
    """A layer that was edited must not change who was on duty last month, nor may a plan that no longer reads."""
    newer = PLAN.replace('["duty-a", "duty-b"]', '["head-a"]')
    plans = (
        PlanText(at("2026-01-01 00:00"), PLAN.encode()),
        PlanText(at("2026-03-01 00:00"), b"v = 2"),
        PlanText(at("2026-07-01 00:00"), newer.encode()),
    )
    found = read_history(RosterTexts(plans, ()), COUNTY)
    assert isinstance(found, RosterHistory)
    noon = at("2026-06-10 12:00")
    assert holder_at(found.as_of(noon), Tier.PRIMARY, noon, NOBODY_OFF).officer == "duty-a"
    assert holder_at(found.latest, Tier.PRIMARY, noon, NOBODY_OFF).officer == "head-a"
    assert found.as_of(at("2026-07-01 00:00")) is found.latest
    assert found.as_of(at("2025-06-10 12:00")).plan == found.plans[0][1]  # before the first: the first


def test_a_newest_plan_that_does_not_read_is_told() -> None:
    """Falling back to the old one silently would hide that the edit never counted."""
    plans = (*texts().plans, PlanText(at("2026-07-01 00:00"), b"v = 2"))
    found = read_history(RosterTexts(plans, ()), COUNTY)
    assert isinstance(found, tuple)
    assert all(isinstance(one, Fault) for one in found)


def test_a_wrong_calendar_is_told_with_the_roster() -> None:
    """Workday layers stand on it."""
    found = read_history(texts(calendars=(("2026.toml", b"year = 2026"),)), COUNTY)
    assert isinstance(found, tuple)
    assert {one.field.split()[0] for one in found} == {"2026.toml"}


def test_a_year_of_records_that_is_too_large_is_refused() -> None:
    """Every input has a bound."""
    assert [one.code for one in read_changes([("2026.jsonl", b" " * (RECORDS_MAX_BYTES + 1))])[1]] == [
        "roster.too_large"
    ]


def test_a_plan_in_another_encoding_is_told_by_the_byte() -> None:
    """Editors of offices write GBK."""
    found = read_plan(PLAN.encode("gbk"), COUNTY)
    assert isinstance(found, tuple)
    assert (found[0].code, "UTF-8" in found[0].mend) == ("roster.malformed", True)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: override(1, SPAN[1], SPAN[0], "duty-c", "duty-a"), "ends_at"),
        (lambda: override(1, "2026-01-01 00:00", "2027-01-03 00:00", "duty-c", "duty-a"), "ends_at"),
        (lambda: override(1, *SPAN, "duty-a", "duty-a"), "officer"),
        (lambda: override(1, *SPAN, "duty-a"), "tier"),
        (lambda: swap(1, "duty-a", SPAN, "duty-a", SPAN), "second"),
    ],
)
def test_a_record_that_means_nothing_is_not_made(build: Callable[[], Change], field: str) -> None:
    """Backwards, longer than a year, with oneself."""
    with pytest.raises(ValidationError) as caught:
        build()
    assert field in {fault.field.split(".")[-1] for fault in faults_of(caught.value, "record")}


def test_a_turn_of_several_days_is_no_shift() -> None:
    """`every` beside `shift_starts` would count twice."""
    plan = PLAN.replace('rotation = "daily"', 'rotation = "shifts"\nevery = 2\nshift_starts = ["08:30"]', 1)
    assert ("roster.rule", "roster.toml layers.0.every") in faults(plan)
