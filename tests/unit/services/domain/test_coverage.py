"""What a roster lacks, fourteen days ahead; the tests that are due; whose number an answer came from."""

from datetime import timedelta

import pytest

from schemas.pages import Medium, Tier
from schemas.rosters import Change, Finding, Mark
from services.domain.coverage import AHEAD, due_tests, gaps, notices_of, owners_of
from services.domain.roster_files import RosterHistory
from tests.rosters import DAY, PLAN, VERIFIED, at, history, layer_toml, mark, number, override, swap

MEDIA = list(enumerate((Medium.SMS, Medium.VOICE), 1))
START = at("2026-06-10 08:30")  # day 160


def found(*changes: Change, plan: str = PLAN) -> list[tuple[str, Tier | None, str]]:
    return [(gap.code, gap.tier, gap.officer) for gap in ahead(history(*changes, plan=plan))]


def ahead(one: RosterHistory) -> tuple[Finding, ...]:
    return gaps(one.latest, START, START + AHEAD, one.workdays)


def test_a_whole_roster_has_no_gaps() -> None:
    """An alarm about nothing is the last one that anybody reads."""
    assert found() == []
    assert timedelta(days=14) == AHEAD


def test_a_layer_that_ends_leaves_a_gap_from_then_on() -> None:
    """The plan of last year ran out, and nobody was told."""
    one = history(plan=PLAN.replace('name = "day"', 'name = "day"\nends_on = 2026-06-19'))
    (gap,) = ahead(one)
    assert (gap.code, gap.tier, gap.starts_at, gap.ends_at) == (
        "coverage.nobody",
        Tier.PRIMARY,
        at("2026-06-20 08:30"),
        START + AHEAD,
    )
    assert gap.text == "06-20 08:30 至 06-24 08:30 主班无人值班，请排班"


def test_an_override_fills_the_gap() -> None:
    """The finding must go when somebody mended it."""
    plan = PLAN.replace('name = "day"', 'name = "day"\nends_on = 2026-06-19')
    fill = override(1, "2026-06-20 08:30", "2026-06-25 08:30", "head-a", None, Tier.PRIMARY)
    assert found(fill, plan=plan) == []


def test_somebody_without_a_verified_number_is_a_gap() -> None:
    """On paper somebody is on duty; at night nobody can be called."""
    parts = PLAN.split("[[contacts]]")
    parts[1] = parts[1].replace("verified_at", "tested_at")  # 值班员甲
    plan = "[[contacts]]".join(parts)
    codes = found(plan=plan)
    assert {code for code, _, _ in codes} == {"coverage.unreachable"}
    assert {officer for _, _, officer in codes} == {"duty-a"}
    assert found(plan=plan.replace('display = "值班员甲"', 'display = "值班员甲"\nconsole_only = true')) == []


def test_a_gap_over_two_turns_is_one() -> None:
    """丙 stands two days in a row: told twice, it looks like two things to mend."""
    parts = PLAN.split("[[contacts]]")
    parts[3] = parts[3].replace("verified_at", "tested_at")
    first, *_ = ahead(history(plan="[[contacts]]".join(parts)))
    assert (first.officer, first.starts_at, first.ends_at) == ("duty-c", START + DAY, START + 3 * DAY)


def test_an_office_without_a_verified_number_is_told() -> None:
    """The last step of every escalation would reach nobody."""
    plan = PLAN.replace('address = "0778-8820110"\nverified_at', 'address = "0778-8820110"\ntested_at')
    (gap,) = ahead(history(plan=plan))
    assert (gap.code, gap.tier, gap.officer) == ("coverage.unreachable", Tier.OFFICE, "office")
    assert gap.text == "值班室（值班室）没有已核验的号码，请核验"


def test_opting_out_opens_a_gap() -> None:
    """退订 from a duty number never drops the contact silently."""
    sms, voice = (mark(serial, "duty-a", 1, Mark.OPTED_OUT, "2026-06-01 08:00", medium) for serial, medium in MEDIA)
    assert found(sms) == []  # he can be called still
    assert {code for code, _, _ in found(sms, voice)} == {"coverage.opted_out"}


def test_one_person_in_both_tiers_is_a_gap() -> None:
    """The second call goes to the telephone that did not answer."""
    span = ("2026-06-11 08:30", "2026-06-12 08:30")
    one = history(override(1, *span, "duty-c", "duty-b"))  # primary 乙 and secondary 丙 on that day
    (gap,) = ahead(one)
    assert (gap.code, gap.officer, gap.starts_at, gap.ends_at) == (
        "coverage.same_person",
        "duty-c",
        at(span[0]),
        at(span[1]),
    )


def test_a_swap_may_open_a_gap_of_one_person() -> None:
    """Two swap in good faith, and one of them now holds both tiers for a night."""
    first, second = ("2026-06-10 08:30", "2026-06-11 08:30"), ("2026-06-12 08:30", "2026-06-13 08:30")
    codes = found(swap(1, "duty-b", first, "duty-a", second))
    assert ("coverage.same_person", Tier.PRIMARY, "duty-a") in codes


def test_a_leader_is_no_gap_unless_he_cannot_be_called() -> None:
    """A county may have no leader on the roster."""
    assert found(plan=PLAN.replace('name = "lead"', 'name = "lead"\nends_on = 2026-02-01')) == []


def test_workday_layers_of_a_year_without_data_are_told() -> None:
    """In December the two weeks ahead reach into a year whose holidays are not written down."""
    weekly = PLAN + layer_toml("off", members='"duty-c"', more='days = "holidays"')
    one = history(plan=weekly)
    codes = {gap.code for gap in gaps(one.latest, at("2026-12-25 00:00"), at("2027-01-08 00:00"), one.workdays)}
    assert "calendar.no_data" in codes
    plain = history()
    assert gaps(plain.latest, at("2026-12-25 00:00"), at("2027-01-08 00:00"), plain.workdays) == ()


def test_notices_stay_the_same_while_time_goes_on() -> None:
    """Filed by the start of the gap, the notice would open anew every minute."""
    one = history(plan=PLAN.replace('name = "day"', 'name = "day"\nends_on = 2026-06-01'))
    earlier = notices_of(gaps(one.latest, START, START + AHEAD, one.workdays))
    later = notices_of(gaps(one.latest, START + DAY, START + DAY + AHEAD, one.workdays))
    assert earlier.keys() == later.keys() == {"coverage.nobody:primary:"}


def test_several_gaps_of_one_kind_make_one_notice() -> None:
    """Fourteen notices about one officer hide the fifteenth."""
    parts = PLAN.split("[[contacts]]")
    parts[1] = parts[1].replace("verified_at", "tested_at")
    found_gaps = ahead(history(plan="[[contacts]]".join(parts)))
    told = notices_of(found_gaps)
    assert len(told) == 2
    assert len(found_gaps) > 2
    assert told["coverage.unreachable:primary:duty-a"].endswith("（共7处）")


def test_a_verified_number_is_tested_every_month() -> None:
    """A number that changed hands is found out in the emergency."""
    tested = mark(1, "duty-b", 2, Mark.TESTED, "2026-06-01 08:00")
    due = due_tests(history(tested).latest, at("2026-06-10 08:00"))
    assert {(one.owner, one.number.medium) for one in due} == {
        ("duty-a", "sms"),
        ("duty-a", "voice"),
        ("duty-b", "voice"),
        ("duty-c", "sms"),
        ("duty-c", "voice"),
        ("head-a", "sms"),
        ("head-a", "voice"),
        ("office", "voice"),
        ("city", "fax"),
    }
    assert all(one.last_at == at("2026-01-01 08:00") for one in due)
    assert due_tests(history().latest, at("2026-01-31 07:59")) == ()
    assert len(due_tests(history().latest, at("2026-01-31 08:00"))) == 10
    assert VERIFIED.startswith("2026-01-01T08:00")


@pytest.mark.parametrize("prefix", ["", "86", "+86", "0086", "+86 "])
def test_a_sender_is_found_however_his_provider_spells_him(prefix: str) -> None:
    """An answer by 8613… is the same officer's as by 13…."""
    assert {owner for owner, _ in owners_of(history().latest, prefix + number(2))} == {"duty-b"}
    assert owners_of(history().latest, prefix + number(99)) == ()
    assert [owner for owner, _ in owners_of(history().latest, "07788820110")] == ["office"]


def test_a_mail_address_is_found_whatever_its_case() -> None:
    """Digits alone would make every mail address the same."""
    mail = '[[contacts.numbers]]\nmedium = "email"\naddress = "Duty-A@example.invalid"\n'
    plan = PLAN.replace("[[contacts]]", f"{mail}[[contacts]]").replace(mail, "", 1).replace(mail, "", 2)
    roster = history(plan=plan).latest
    assert {owner for owner, _ in owners_of(roster, "duty-a@EXAMPLE.invalid")} == {"duty-c"}
    assert owners_of(roster, "duty-b@example.invalid") == ()


def test_an_officer_who_left_the_roster_is_a_gap() -> None:
    """A record that names somebody who is gone must not look like coverage."""
    gone = history(override(1, "2026-06-10 08:30", "2026-06-11 08:30", "duty-z", "duty-a"))
    assert [(gap.code, gap.officer) for gap in ahead(gone)] == [("coverage.unreachable", "duty-z")]
