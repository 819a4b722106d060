"""Who is on duty, told to partners: what is said, to whom, when not, and what of a partner's word counts."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.catalogue import parse_new
from schemas.control import DutyTold, OnDuty
from schemas.duties import NeighbourDuty, ToldDuty
from schemas.envelope import Header
from schemas.pages import Tier
from services.domain.custody import end_of
from services.domain.duty_telling import (
    is_due,
    is_newer,
    is_tellable,
    judge_duty_record,
    names_of,
    neighbour_row,
    people_at,
    record_of_duty,
    shown_duty,
    stands_until,
    told_partners,
    told_row,
    withheld_at,
)
from services.domain.guards import guard_control
from services.domain.roster_files import RosterHistory
from services.domain.trust import Trust
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW
from tests.rosters import OFFICERS, PLAN, at, history, layer_toml, override, swap

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MORNING = at("2026-03-04 09:00")
A = OnDuty(tier=Tier.PRIMARY, display="值班员甲")
B = OnDuty(tier=Tier.PRIMARY, display="值班员乙")
SECOND = OnDuty(tier=Tier.SECONDARY, display="值班员丙")
MOBILE = "13800138000"
WIDE = MOBILE.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
"""The same in full-width digits."""


def people(of: RosterHistory, moment: datetime) -> list[tuple[str, str]]:
    return [(one.tier.value, one.display) for one in people_at(of.latest, moment, of.workdays)]


# -- what is told ------------------------------------------------------------------------------------------


def test_primary_and_secondary_are_told_and_nobody_else() -> None:
    """The leader and both offices stand in this roster, too; neither their names nor their numbers travel."""
    found = history()
    told = people(found, MORNING)
    assert [tier for tier, _ in told] == ["primary", "secondary"]
    record = record_of_duty("环江县联络办", people_at(found.latest, MORNING, found.workdays), NOW, NOW + HOUR)
    spelt = record.model_dump_json()
    assert "带班" not in spelt
    assert "139" not in spelt
    assert set(json.loads(spelt)) == {"office", "people", "valid_from", "valid_until"}


def test_it_is_told_until_other_people_stand() -> None:
    """Turn follows turn at 08:30; a swap this afternoon ends it earlier, and one that changes nobody does not."""
    found = history()
    assert stands_until(found.latest, MORNING, found.workdays) == at("2026-03-05 08:30")
    afternoon = override(1, "2026-03-04 14:00", "2026-03-04 18:00", "duty-c", None, Tier.PRIMARY)
    changed = history(afternoon)
    assert stands_until(changed.latest, MORNING, changed.workdays) == at("2026-03-04 14:00")
    leader = override(1, "2026-03-04 14:00", "2026-03-04 18:00", "duty-c", None, Tier.LEADER)
    same = history(leader)
    assert stands_until(same.latest, MORNING, same.workdays) == at("2026-03-05 08:30")


def test_whoever_always_stands_is_told_for_seven_days() -> None:
    """A county with one officer has a turn a day and never another person."""
    alone = history(
        plan=PLAN.replace(layer_toml("day"), layer_toml("day", members='"duty-a"')).replace(
            layer_toml("second", "secondary", '"duty-b", "duty-c", "duty-c", "duty-a"'), ""
        )
    )
    assert people(alone, MORNING) == [("primary", "值班员甲")]
    assert stands_until(alone.latest, MORNING, alone.workdays) == MORNING + 7 * DAY


@pytest.mark.parametrize("display", [f"甲 {MOBILE}", f"甲（{MOBILE[:3]} {MOBILE[3:7]} {MOBILE[7:]}）", f"甲 {WIDE}"])
def test_a_mobile_number_in_a_name_is_not_told(display: str) -> None:
    """Somebody writes the number behind the name, for the own desk; it must not travel to every neighbour."""
    found = history(plan=PLAN.replace('display = "值班员甲"', f'display = "{display}"'))
    night = next(one for one in (MORNING, MORNING + DAY) if withheld_at(found.latest, one, found.workdays))
    assert "duty-a" in withheld_at(found.latest, night, found.workdays)
    assert display not in [name for _, name in people(found, night)]
    assert not is_tellable(display)
    assert is_tellable("值班员甲（0778-8820110）")


@pytest.mark.parametrize("display", [f"甲 {MOBILE}", "甲 138-0013-8000"])
def test_a_mobile_number_in_a_name_is_refused_where_it_comes(display: str) -> None:
    """A node that was changed sends it all the same: the guards of the receiver read the record, too."""
    record = record_of_duty("荔波县联络办", (OnDuty(tier=Tier.PRIMARY, display=display),), NOW, NOW + HOUR)
    content = record.model_dump_json().encode()
    fault = guard_control(json.loads(content), content)
    assert fault is not None
    assert (fault.code, fault.field) == ("guard.personal_number", "content.people.0.display")


@pytest.mark.parametrize(
    "changes",
    [
        {"people": [{"tier": "leader", "display": "带班领导甲"}]},
        {"people": [{"tier": "office", "display": "值班室"}]},
        {"people": [{"tier": "primary", "display": "甲", "phone": "0778-8820110"}]},
        {"people": [{"tier": "primary", "display": "甲" * 41}]},
        {"people": [{"tier": "primary", "display": "甲"}, {"tier": "primary", "display": "乙"}]},
        {"people": [{"tier": "primary", "display": "甲\n乙"}]},
        {"office": "办" * 81},
        {"valid_until": "2026-03-11T08:00:00.001+08:00"},
        {"valid_until": "2026-03-04T08:00:00.000+08:00"},
    ],
    ids=[
        "leader",
        "office",
        "a number",
        "a long name",
        "two primaries",
        "two lines",
        "a long office",
        "8 days",
        "no span",
    ],
)
def test_more_than_that_is_no_record(changes: dict[str, Any]) -> None:
    """Whatever a county would like to say beside, it cannot say here."""
    given: dict[str, Any] = {
        "office": "荔波县联络办",
        "people": [{"tier": "primary", "display": "值班员甲"}],
        "valid_from": "2026-03-04T08:00:00.000+08:00",
        "valid_until": "2026-03-11T08:00:00.000+08:00",
    }
    assert isinstance(parse_new(DutyTold.wire_type, given), DutyTold)
    assert isinstance(parse_new(DutyTold.wire_type, given | changes), tuple)
    with pytest.raises(ValidationError):
        DutyTold.model_validate_json(json.dumps(given | changes))


# -- to whom and when --------------------------------------------------------------------------------------


def test_every_partner_is_told_once_however_many_agreements_there_are() -> None:
    """By the first that is in force; one that has ended or not begun joins nobody."""
    trust = papers.trust(
        papers.in_force(),
        papers.in_force(id="another"),
        papers.in_force(id="a-past-one", valid_from=papers.LONG_AGO, valid_until=NOW),
    )
    found = told_partners(trust, HUANJIANG, NOW)
    assert list(found) == [NANDAN, LIBO]
    assert {one.agreement.id for one in found.values()} == {"another"}
    assert told_partners(trust, papers.FUNING, NOW) == {}


def told(*named: OnDuty, ago: timedelta = HOUR, ahead: timedelta = DAY, lately: tuple[timedelta, ...] = ()) -> ToldDuty:
    return ToldDuty(LIBO, "ab" * 32, named, NOW + ahead, NOW - ago, tuple(NOW - one for one in lately))


@pytest.mark.parametrize(
    ("stands", "before", "expected"),
    [
        ((A,), None, True),
        ((), None, False),
        ((A,), told(A), False),
        ((A, SECOND), told(A), True),
        ((B,), told(A), True),
        ((), told(A), True),
        ((), told(), False),
        ((A,), told(), True),
        ((A,), told(A, ahead=timedelta()), True),
        ((), told(A, ahead=timedelta()), False),
        ((B,), told(A, ago=MINUTE / 2, lately=(MINUTE, MINUTE / 2)), True),
        ((B,), told(A, ago=MINUTE / 2, lately=(2 * MINUTE, MINUTE, MINUTE / 2)), False),
        ((B,), told(A, ago=MINUTE, lately=(2 * MINUTE, 2 * MINUTE, MINUTE)), True),
        ((B,), told(A, ago=3 * MINUTE, lately=tuple(n * MINUTE for n in (25, 20, 15, 9, 6, 3))), False),
        ((B,), told(A, ago=3 * MINUTE, lately=tuple(n * MINUTE for n in (90, 80, 70, 65, 3))), True),
        ((B,), told(A, ago=-DAY, lately=(-DAY, -DAY, -DAY)), True),
    ],
    ids=[
        "never told",
        "nobody stands and nobody was told of",
        "the same",
        "one more",
        "another",
        "nobody any more",
        "nobody, as told",
        "somebody again",
        "it ran out",
        "it ran out, and nobody stands",
        "a change and its correction go at once",
        "the next one waits",
        "for a minute",
        "the sixth waits longer",
        "what is an hour old counts no more",
        "a clock that was set back holds up nothing",
    ],
)
def test_a_partner_is_told_of_changes_and_of_nothing_else(
    stands: tuple[OnDuty, ...], before: ToldDuty | None, *, expected: bool
) -> None:
    assert is_due(stands, before, NOW) is expected


def test_who_refused_is_left_alone_for_a_while() -> None:
    """An older node puts each record into quarantine and tells its officer: not at every shift."""
    for code, wait in (("event.unknown_type", 7 * DAY), ("duty.no_agreement", HOUR)):
        assert not is_due((B,), told(A, ago=wait - MINUTE), NOW, code)
        assert is_due((B,), told(A, ago=wait), NOW, code)


def test_what_was_told_is_kept_with_its_hour() -> None:
    before = told(A, lately=(90 * MINUTE, 30 * MINUTE))
    row = told_row(record_of_duty("办", (B,), NOW, NOW + HOUR), LIBO, "cd" * 32, before, NOW)
    assert (row.people, row.valid_until, row.told_at) == ((B,), NOW + HOUR, NOW)
    assert row.lately == (NOW - 30 * MINUTE, NOW)


# -- what a partner's word is worth ------------------------------------------------------------------------

TRUST = papers.trust()
GOOD = record_of_duty("荔波县联络办", (A, SECOND), NOW, NOW + HOUR)


def header_of(record: DutyTold, *, encoding: str = "hpke", **changes: Any) -> Header:  # noqa: ANN401
    given: dict[str, Any] = {"source": LIBO, "to": (HUANJIANG,), "expires": record.valid_until, "time": NOW}
    envelope = papers.envelope(record.model_dump_json().encode(), type=DutyTold.wire_type, **(given | changes))
    header = envelope.header
    return header.model_copy(update={"content": header.content.model_copy(update={"encoding": encoding})})


def test_a_word_to_us_alone_counts() -> None:
    assert judge_duty_record(GOOD, header_of(GOOD), TRUST, NOW) is None


@pytest.mark.parametrize(
    ("record", "changes", "trust", "code"),
    [
        (GOOD, {"to": (NANDAN, HUANJIANG)}, TRUST, "duty.audience"),
        (GOOD, {"encoding": "none"}, TRUST, "duty.in_clear"),
        (GOOD, {}, papers.trust(papers.in_force(valid_until=NOW)), "duty.no_agreement"),
        (GOOD, {}, papers.trust(papers.in_force(valid_from=NOW + HOUR)), "duty.no_agreement"),
        (GOOD, {}, papers.trust(papers.in_force(id="another")), "duty.no_agreement"),
        (GOOD, {"expires": NOW + 2 * HOUR}, TRUST, "duty.expires"),
        (GOOD, {"expires": None}, TRUST, "duty.expires"),
        (record_of_duty("办", (A,), NOW + HOUR, NOW + DAY), {}, TRUST, "duty.valid_from"),
        (record_of_duty("办", (A,), NOW - DAY, NOW + DAY), {}, TRUST, "duty.valid_from"),
    ],
    ids=["to two", "in clear", "ended", "not begun", "unknown", "another end", "no end", "for later", "from before"],
)
def test_any_other_word_does_not(record: DutyTold, changes: dict[str, Any], trust: Trust, code: str) -> None:
    fault = judge_duty_record(record, header_of(record, **changes), trust, NOW)
    assert fault is not None
    assert fault.code == code


def test_a_word_from_a_clock_that_is_ahead_does_not_outlast_better_ones() -> None:
    """It would show its names until that clock's end, and count as newer than every word that is right."""
    ahead = record_of_duty("办", (A,), NOW + DAY, NOW + DAY + HOUR)
    fault = judge_duty_record(ahead, header_of(ahead, time=NOW + DAY), TRUST, NOW)
    assert fault is not None
    assert fault.code == "duty.valid_from"
    assert judge_duty_record(GOOD, header_of(GOOD), TRUST, NOW + HOUR) is None  # late is no wrong


def word(seq: int, *, channel: str = "c" * 64, epoch: int = 1, ago: timedelta = timedelta()) -> NeighbourDuty:
    return NeighbourDuty(LIBO, "办", (A,), NOW + HOUR, NOW - ago, channel, f"{epoch}-{'0' * 16}", seq)


def test_the_newest_word_stays_whatever_comes_late() -> None:
    """In one chain the place decides, also against a clock that was set back; between two the time does."""
    held = word(5)
    assert is_newer(held, None)
    assert [is_newer(word(seq, ago=HOUR), held) for seq in (4, 5, 6)] == [False, False, True]
    assert is_newer(word(1, epoch=2, ago=HOUR), held)
    assert not is_newer(word(9, epoch=1), word(1, epoch=2))
    other = "d" * 64
    assert not is_newer(word(9, channel=other, ago=HOUR), held)
    assert is_newer(word(1, channel=other, ago=-MINUTE), held)


def test_a_word_that_ran_out_on_its_way_leaves_its_place_alone() -> None:
    row = neighbour_row(GOOD, header_of(GOOD), NOW + HOUR)
    assert (row.office, row.people, row.valid_until) == ("", (), NOW + HOUR)
    kept = neighbour_row(GOOD, header_of(GOOD), NOW)
    assert (kept.county, kept.office, kept.people, kept.told_at) == (LIBO, "荔波县联络办", (A, SECOND), NOW)


def test_what_ran_out_or_has_no_agreement_is_not_shown() -> None:
    """Half an hour behind the hand-over the wrong name is worse than none."""
    row = word(1)
    assert shown_duty([row], TRUST, HUANJIANG, NOW) == {LIBO: row}
    assert shown_duty([row], TRUST, HUANJIANG, row.valid_until) == {}
    assert shown_duty([replace(row, people=())], TRUST, HUANJIANG, NOW) == {}
    assert shown_duty([row], papers.trust(papers.in_force(valid_until=NOW)), HUANJIANG, NOW) == {}


def test_it_ends_with_the_duty_at_both_counties() -> None:
    """The content of a record about people is no archive: not even a record that lacks its end is kept."""
    assert end_of(header_of(GOOD), None) == NOW + HOUR
    assert end_of(header_of(GOOD, expires=None), None) == NOW + 7 * DAY


def test_names_are_said_with_their_tier() -> None:
    assert names_of((A, SECOND)) == "主班值班员甲、副班值班员丙"


def test_a_swap_is_told_as_it_stands() -> None:
    days = ("2026-03-04 08:30", "2026-03-05 08:30"), ("2026-03-05 08:30", "2026-03-06 08:30")
    (_, first), *_ = people(history(), MORNING)
    (_, then), *_ = people(history(), MORNING + DAY)
    one, other = (next(officer for officer, name in OFFICERS.items() if name == shown) for shown in (first, then))
    exchanged = history(swap(1, one, days[0], other, days[1]))
    assert [people(exchanged, moment)[0][1] for moment in (MORNING, MORNING + DAY)] == [then, first]
