"""Every record is said in words that an officer understands, without a number; what a change leaves open is found."""

from datetime import datetime

import pytest

from schemas.pages import Medium, Tier
from schemas.rosters import Change, HandoverNote, Import, ImportedShift, Mark
from services.domain.duty_shown import is_idle, new_gaps, still_ahead
from services.domain.roster_words import KINDS, moment_zh, told_of_change
from tests.rosters import PLAN, at, history, layer_toml, mark, number, override, swap, temporary, withdrawal

NOW = at("2026-06-01 09:00")
SPAN = ("2026-06-10 08:30", "2026-06-11 08:30")
NEXT = ("2026-06-11 08:30", "2026-06-12 08:30")
RECORD = {"id": f"{7:032x}", "recorded_at": NOW, "recorded_by": "duty-a"}
NOTE = HandoverNote(from_officer="duty-a", to_officer="duty-b", text="水位 1.2 米", **RECORD)  # type: ignore[arg-type]
SHIFT = ImportedShift(starts_at=at(SPAN[0]), ends_at=at(SPAN[1]), tier=Tier.PRIMARY, officer="duty-c")
IMPORT = Import(source="duty.ics", shifts=(SHIFT, SHIFT), **RECORD)  # type: ignore[arg-type]
ILL = override(1, *SPAN, "duty-c", "duty-a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ILL, "06-10 08:30 至 06-11 08:30 值班员丙替值班员甲：病假"),
        (
            override(1, *SPAN, "duty-c", "duty-a", Tier.LEADER, plan=f"{9:032x}"),
            "06-10 08:30 至 06-11 08:30 值班员丙替值班员甲（带班领导）（临时方案 0000000000 内）：病假",
        ),
        (override(1, *SPAN, "duty-c", None, Tier.PRIMARY), "06-10 08:30 至 06-11 08:30 值班员丙任主班：病假"),
        (
            swap(1, "duty-a", SPAN, "duty-b", NEXT),
            "值班员甲 06-10 08:30 至 06-11 08:30 与 值班员乙 06-11 08:30 至 06-12 08:30 对调：调班",
        ),
        (
            temporary(1, "2027-06-01 08:30", "2027-09-01 08:30", layer_toml("flood")),
            "2027-06-01 08:30 至 2027-09-01 08:30 执行“汛期”：汛期值守",
        ),
        (IMPORT, "06-10 08:30 至 06-11 08:30，duty.ics，共2班"),
        (NOTE, "值班员甲 → 值班员乙：水位 1.2 米"),
        (mark(1, "duty-a", 1, Mark.OPTED_OUT, SPAN[0], Medium.VOICE), "值班员甲 电话 139******01 已退订"),
        (mark(1, "office", 1, Mark.TESTED, SPAN[0]), "值班室 短信 139******01 已测试"),
        (withdrawal(1, 2, SPAN[0]), "0000000000：记错"),
    ],
)
def test_a_record_is_said_in_one_line(change: Change, said: str) -> None:
    """Field names and raw times are read by programmers alone."""
    assert told_of_change(change, history().latest, NOW) == said
    assert change.kind in KINDS
    assert number(1) not in said


def test_only_another_year_is_named() -> None:
    """A plan for June of another year looks like one of this June; the year turns over in Beijing."""
    eve = datetime.fromisoformat("2026-12-31T15:59:00+00:00")
    assert moment_zh(eve, NOW) == "12-31 23:59"
    assert moment_zh(datetime.fromisoformat("2026-12-31T16:00:00+00:00"), NOW) == "2027-01-01 00:00"


@pytest.mark.parametrize(
    ("before", "change", "codes"),
    [
        ((), override(1, *SPAN, "head-a", "duty-a"), []),
        ((), override(1, *NEXT, "duty-c", None, Tier.PRIMARY), ["coverage.same_person"]),  # 丙 is the second then
        ((ILL,), withdrawal(2, 1, SPAN[0]), []),
        (
            (override(1, *NEXT, "duty-c", None, Tier.PRIMARY), override(2, *NEXT, "head-a", None, Tier.PRIMARY)),
            withdrawal(3, 2, "2026-06-01 09:00"),
            ["coverage.same_person"],
        ),
        ((), NOTE, []),
        ((), override(1, "2026-05-10 08:30", "2026-05-11 08:30", "duty-b", None, Tier.PRIMARY), []),  # it is over
    ],
)
def test_a_gap_that_a_change_makes_is_found(before: tuple[Change, ...], change: Change, codes: list[str]) -> None:
    """Whoever mends one gap by another must hear of it while he is there."""
    found = new_gaps(history(*before), history(*before, change), [change], NOW)
    assert [one.code for one in found] == codes


def test_a_number_that_is_lost_is_a_gap_of_the_next_days() -> None:
    """退订 by both media: nobody can be called by then."""
    gone = [mark(serial, "duty-a", 1, Mark.OPTED_OUT, "2026-06-01 08:00", one) for serial, one in enumerate(Medium, 1)]
    calls = [one for one in gone if one.medium in {Medium.SMS, Medium.VOICE}]
    found = new_gaps(history(), history(*calls), calls, NOW)
    assert {one.code for one in found} == {"coverage.opted_out"}
    assert all(one.starts_at >= NOW for one in found)


@pytest.mark.parametrize(
    ("change", "idle"),
    [
        (ILL, False),  # 甲 is the first then
        (override(1, *NEXT, "duty-c", "duty-a"), True),  # and the day after he is not there
        (override(1, *SPAN, "duty-c", "duty-a", Tier.LEADER), True),  # nor ever in that tier
        (override(1, *SPAN, "duty-a", None, Tier.PRIMARY), True),  # he stands there already
        (swap(1, "duty-a", SPAN, "duty-b", NEXT), False),
        (swap(1, "duty-a", NEXT, "duty-c", SPAN), True),
        (NOTE, False),
        (mark(1, "duty-a", 1, Mark.TESTED, SPAN[0]), False),
    ],
)
def test_a_change_of_nobodys_turn_is_told(change: Change, idle: bool) -> None:  # noqa: FBT001
    """Recorded all the same, everybody would believe that it had done something."""
    assert is_idle(history(), history(change), [change]) is idle


def test_what_is_over_or_withdrawn_is_not_ahead() -> None:
    """Nor is a note: it has no end."""
    over = override(1, "2026-05-10 08:30", "2026-05-11 08:30", "duty-c", "duty-a")
    half = swap(2, "duty-a", ("2026-05-10 08:30", "2026-05-11 08:30"), "duty-b", SPAN)
    gone = override(3, *SPAN, "duty-c", "duty-a")
    found = still_ahead(history(over, half, gone, withdrawal(4, 3, "2026-06-01 08:30"), NOTE, IMPORT, plan=PLAN), NOW)
    assert [one.kind for one in found] == ["swap", "import"]
