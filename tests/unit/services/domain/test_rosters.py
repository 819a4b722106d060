"""Who is on duty: precedence of plan, override, swap and layer; the past as it was known; only verified numbers."""

import pytest

from schemas.pages import Medium, Tier
from schemas.rosters import Mark
from services.domain.roster_files import RosterHistory
from services.domain.rosters import holder_at, on_duty, recipient_of, shifts
from tests.rosters import (
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

NOON = "2026-06-10 12:00"  # day 160: primary 甲, secondary 乙
FLOOD = layer_toml("flood", members='"duty-c"') + layer_toml("flood-second", "secondary", '"head-a"')


def primary(found: RosterHistory, when: str = NOON, tier: Tier = Tier.PRIMARY) -> str | None:
    return holder_at(found.latest, tier, at(when), found.workdays).officer


def test_everybody_is_told_in_the_order_of_the_escalation() -> None:
    """The notifier takes them by tier: a leader before the primary would be woken first."""
    found = on_duty(history().latest, at(NOON), NOBODY_OFF)
    assert [(one.officer, one.display, one.tier) for one in found] == [
        ("duty-a", "值班员甲", Tier.PRIMARY),
        ("duty-b", "值班员乙", Tier.SECONDARY),
        ("head-a", "带班领导甲", Tier.LEADER),
        ("office", "值班室", Tier.OFFICE),
        ("city", "市值班室", Tier.SUPERIOR),
    ]
    assert found[0].addresses == ((Medium.SMS, number(1)), (Medium.VOICE, number(1)), (Medium.CONSOLE, "duty-a"))
    assert found[3].addresses == ((Medium.VOICE, "0778-8820110"),)


def test_an_unverified_number_is_no_address_and_one_that_opted_out_still_is() -> None:
    """A number that nobody ever answered by looks like coverage and is none; a duty number cannot opt out of alerts."""
    unverified = PLAN.replace("verified_at", "tested_at")
    person, *_ = on_duty(history(plan=unverified).latest, at(NOON), NOBODY_OFF)
    assert (person.officer, person.addresses) == ("duty-a", ())
    gone = mark(1, "duty-a", 1, Mark.OPTED_OUT, "2026-05-01 08:00")
    doubtful = {}
    wrong = withdrawal(3, 1, "2026-05-03 08:00")
    back = mark(2, "duty-a", 1, Mark.VERIFIED, "2026-05-02 08:00")
    for name, changes in {"gone": (gone,), "wrong": (gone, wrong), "back": (gone, back)}.items():
        known = history(*changes).latest
        person, *_ = on_duty(known, at(NOON), NOBODY_OFF)
        assert len(person.addresses) == 3
        contact = known.contact("duty-a")
        assert contact is not None
        doubtful[name] = any(one.is_doubtful for one in contact.numbers)
    assert doubtful == {"gone": True, "wrong": False, "back": False}


def test_the_console_is_an_address_beside_a_number_or_by_itself_if_said() -> None:
    """Told by the console alone, an officer asleep at home would look like coverage."""
    unverified = PLAN.replace("verified_at", "tested_at")
    desk = unverified.replace('display = "值班员甲"', 'display = "值班员甲"\nconsole_only = true')
    person, second, *_ = on_duty(history(plan=desk).latest, at(NOON), NOBODY_OFF)
    assert (person.addresses, second.addresses) == (((Medium.CONSOLE, "duty-a"),), ())


def test_somebody_off_duty_is_found_by_name() -> None:
    """An alert is passed on to whoever is named, and an answer comes from whoever was paged before the hand-over."""
    roster = history().latest
    found = recipient_of(roster, "duty-c", Tier.SECONDARY)
    assert found is not None
    assert (found.display, found.tier, found.address(Medium.SMS)) == ("值班员丙", Tier.SECONDARY, number(3))
    office = recipient_of(roster, "city")
    assert office is not None
    assert (office.tier, office.address(Medium.FAX)) == (Tier.SUPERIOR, "0778-2281110")
    assert recipient_of(roster, "duty-z") is None


def test_a_mark_is_bound_to_the_address() -> None:
    """A new number that inherits the verification of the old one pages a stranger."""
    verified = mark(1, "duty-a", 1, Mark.VERIFIED, "2026-05-01 08:00")
    changed = PLAN.replace("verified_at", "tested_at").replace(f'"{number(1)}"', f'"{number(77)}"')
    person, *_ = on_duty(history(verified, plan=changed).latest, at(NOON), NOBODY_OFF)
    assert person.addresses == ()


def test_no_number_shows_in_a_repr_or_a_fault() -> None:
    """What is printed ends in logs."""
    found = history(mark(1, "duty-a", 1, Mark.VERIFIED, "2026-05-01 08:00"))
    for one in (found, found.changes, found.latest, on_duty(found.latest, at(NOON), NOBODY_OFF), texts()):
        assert number(1) not in repr(one)


def test_the_last_layer_that_counts_lies_on_top() -> None:
    """A holiday layer written below the ordinary one must win on holidays, and only then."""
    plan = PLAN + "\n" + layer_toml("weekend", members='"duty-c"', more="weekdays = [6, 7]")
    found = history(plan=plan)
    assert primary(found, "2026-06-12 12:00") == "duty-a"  # a Friday
    assert primary(found, "2026-06-13 12:00") == "duty-c"


def test_an_override_changes_only_its_span_and_its_officer() -> None:
    """Whoever stands in for 甲 must not push 乙 out."""
    found = history(override(1, "2026-06-10 10:00", "2026-06-11 18:00", "duty-c", "duty-a"))
    assert primary(found, "2026-06-10 09:59") == "duty-a"
    assert primary(found, "2026-06-10 10:00") == "duty-c"
    assert primary(found, "2026-06-11 12:00") == "duty-b"
    assert primary(found, "2026-06-12 12:00") == "duty-a"


def test_of_two_overrides_the_later_record_has_the_last_word() -> None:
    """The substitute falls ill, too: his own substitute stands, not he."""
    span = ("2026-06-10 08:30", "2026-06-11 08:30")
    found = history(override(1, *span, "duty-c", "duty-a"), override(2, *span, "head-a", "duty-c"))
    assert primary(found) == "head-a"


def test_an_override_without_a_predecessor_fills_a_gap() -> None:
    """Where nobody stands there is nobody to replace."""
    short = PLAN.replace('name = "day"', 'name = "day"\nends_on = 2026-02-01')
    assert primary(history(plan=short)) is None
    filled = override(1, "2026-06-10 08:30", "2026-06-11 08:30", "duty-c", None, Tier.PRIMARY)
    assert primary(history(filled, plan=short)) == "duty-c"


def test_a_swap_exchanges_both_spans_and_is_symmetric() -> None:
    """One half of a swap leaves one officer with two duties and the other with none."""
    first, second = ("2026-06-10 08:30", "2026-06-11 08:30"), ("2026-06-11 08:30", "2026-06-12 08:30")
    for one in (swap(1, "duty-a", first, "duty-b", second), swap(1, "duty-b", second, "duty-a", first)):
        found = history(one)
        assert primary(found) == "duty-b"
        assert primary(found, "2026-06-11 12:00") == "duty-a"


def test_a_swap_within_one_span_exchanges_the_tiers() -> None:
    """Primary and secondary change places for a night: made one after the other, the second undoes the first."""
    span = ("2026-06-10 08:30", "2026-06-11 08:30")
    found = history(swap(1, "duty-a", span, "duty-b", span))
    assert (primary(found), primary(found, tier=Tier.SECONDARY)) == ("duty-b", "duty-a")


def test_an_override_goes_over_a_swap() -> None:
    """甲 swapped with 乙, and 乙 then falls ill: the override names 乙."""
    day, next_day = ("2026-06-10 08:30", "2026-06-11 08:30"), ("2026-06-11 08:30", "2026-06-12 08:30")
    ill = override(1, *day, "duty-c", "duty-b", Tier.PRIMARY)
    found = history(ill, swap(2, "duty-a", day, "duty-b", next_day))
    assert primary(found) == "duty-c"


def test_a_temporary_plan_goes_over_everything_in_its_tiers() -> None:
    """An old override of the ordinary roster must not reach into the flood season's plan."""
    flood = temporary(1, "2026-06-01 08:30", "2026-09-01 08:30", FLOOD)
    old = override(2, "2026-06-10 08:30", "2026-06-11 08:30", "duty-b", "duty-c")
    found = history(flood, old)
    assert (primary(found), primary(found, tier=Tier.SECONDARY)) == ("duty-c", "head-a")
    assert primary(found, tier=Tier.LEADER) == "head-a"  # the plan has no leaders: the ordinary ones stand
    assert primary(found, "2026-09-01 08:30") == primary(history(), "2026-09-01 08:30")


def test_an_override_of_a_temporary_plan_names_it() -> None:
    """Somebody falls ill in the flood season as well."""
    flood = temporary(1, "2026-06-01 08:30", "2026-09-01 08:30", FLOOD)
    ill = override(2, "2026-06-10 08:30", "2026-06-11 08:30", "duty-b", "duty-c", plan=f"{1:032x}")
    assert primary(history(flood, ill)) == "duty-b"
    assert primary(history(ill)) == "duty-a"


def test_of_two_temporary_plans_the_later_record_stands() -> None:
    """A storm's plan within the flood season's plan is the newer decision."""
    storm = temporary(2, "2026-06-10 08:30", "2026-06-11 08:30", layer_toml("storm", members='"head-a"'))
    found = history(temporary(1, "2026-06-01 08:30", "2026-09-01 08:30", FLOOD), storm)
    assert primary(found) == "head-a"
    assert primary(found, tier=Tier.SECONDARY) == "head-a"  # the storm's plan has none: the season's stands
    assert primary(found, "2026-06-11 08:30") == "duty-c"


def test_what_is_withdrawn_counts_until_then() -> None:
    """A withdrawal must not rewrite who was on duty in the hours before it."""
    wrong = override(1, "2026-06-10 08:30", "2026-06-11 08:30", "duty-c", "duty-a")
    found = history(wrong, withdrawal(2, 1, "2026-06-10 15:00"))
    assert primary(found, "2026-06-10 14:59") == "duty-c"
    assert primary(found, "2026-06-10 15:00") == "duty-a"


def test_the_past_is_told_as_it_was_known() -> None:
    """An override written down afterwards must not change whom the node is said to have paged."""
    late = override(1, "2026-06-10 08:30", "2026-06-11 08:30", "duty-c", "duty-a", recorded="2026-06-12 09:00")
    found = history(late)
    then = found.as_of(at(NOON))
    assert holder_at(then, Tier.PRIMARY, at(NOON), NOBODY_OFF).officer == "duty-a"
    assert primary(found) == "duty-c"
    assert found.as_of(at("2026-06-12 09:00")) is found.latest


def test_shifts_end_where_the_person_or_the_turn_changes() -> None:
    """A calendar with a shift too long sends two people home and none to the desk."""
    ill = override(1, "2026-06-10 20:00", "2026-06-11 02:00", "duty-c", "duty-a", Tier.PRIMARY)
    found = shifts(history(ill).latest, at("2026-06-10 00:00"), at("2026-06-12 00:00"), NOBODY_OFF)
    held = [(one.officer, one.starts_at, one.ends_at) for one in found if one.tier is Tier.PRIMARY]
    assert held == [
        ("duty-b", at("2026-06-10 00:00"), at("2026-06-10 08:30")),
        ("duty-a", at("2026-06-10 08:30"), at("2026-06-10 20:00")),
        ("duty-c", at("2026-06-10 20:00"), at("2026-06-11 02:00")),
        ("duty-a", at("2026-06-11 02:00"), at("2026-06-11 08:30")),
        ("duty-b", at("2026-06-11 08:30"), at("2026-06-12 00:00")),
    ]


def test_a_revision_grows_with_every_record_that_touches_a_shift() -> None:
    """A calendar program keeps the old entry if SEQUENCE does not grow, even where only its end moved."""
    ill = override(1, "2026-06-10 20:00", "2026-06-11 02:00", "duty-c", "duty-a", Tier.PRIMARY)
    worse = override(2, "2026-06-10 12:00", "2026-06-10 14:00", "head-a", "duty-a", Tier.PRIMARY)
    back = withdrawal(3, 2, "2026-06-10 11:00")
    revisions = []
    for records in ((), (ill,), (ill, worse), (ill, worse, back)):
        found = shifts(history(*records).latest, at("2026-06-10 08:30"), at("2026-06-11 08:30"), NOBODY_OFF)
        revisions.append(next(one.revision for one in found if one.starts_at == at("2026-06-10 08:30")))
    assert revisions == [0, 1, 2, 3]
    before = override(1, "2026-06-09 20:00", "2026-06-10 08:30", "duty-c", "duty-b")
    found = shifts(history(before).latest, at("2026-06-10 08:30"), at("2026-06-11 08:30"), NOBODY_OFF)
    assert [one.revision for one in found] == [0, 0, 0]  # it ended when these began


@pytest.mark.parametrize("tier", [Tier.PRIMARY, Tier.SECONDARY])
def test_a_tier_with_no_layer_is_shown_as_empty(tier: Tier) -> None:
    """A tier that is not there at all would be no gap."""
    plan = PLAN.replace(f'tier = "{tier}"', 'tier = "leader"')
    found = shifts(history(plan=plan).latest, at("2026-06-10 00:00"), at("2026-06-11 00:00"), NOBODY_OFF)
    assert [(one.officer, one.ends_at) for one in found if one.tier is tier] == [(None, at("2026-06-11 00:00"))]


def test_who_wants_bulletins_at_night_gets_none() -> None:
    """The contact says so; everybody else sleeps, and an office has no bed."""
    plan = PLAN.replace('officer = "duty-a"\n', 'officer = "duty-a"\nquiet_hours = false\n', 1)
    people = on_duty(history(plan=plan).latest, at("2026-06-10 09:00"), NOBODY_OFF)
    assert {one.officer for one in people if not one.sleeps} == {"duty-a"}
