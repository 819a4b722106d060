"""Reply codes: one that means two things closes the wrong alert."""

import time
from datetime import timedelta

import pytest

from schemas.errors import InvariantError
from schemas.sms import CodeUse
from services.domain.reply_codes import REST, allocate, code_from, code_of, extension_of
from tests.papers import NOW

NUMBER = "13900000001"


def use(code: str, *, closed_hours: float | None = None, holder: str = "", opened_hours: float = 100) -> CodeUse:
    """Return a use that was opened ``opened_hours`` ago."""
    closed = None if closed_hours is None else NOW - timedelta(hours=closed_hours)
    return CodeUse(NUMBER, code, holder or f"alert-{code}", NOW - timedelta(hours=opened_hours), closed)


def test_the_first_code_begins_with_0() -> None:
    """People leave a leading 0 out."""
    assert allocate((), "a", NOW) == "10"


def test_one_alert_has_two_codes() -> None:
    """Reminders and doubles after a crash show the same code; after it closed a new one is given."""
    held = use("37", holder="a")
    assert allocate((use("12"), held), "a", NOW) == "37"
    assert code_of((held,), "a") == "37"
    assert code_of((held,), "b") == ""
    assert allocate((use("37", holder="a", closed_hours=1),), "a", NOW) != "37"


def test_a_code_comes_back_within_72_hours() -> None:
    """Somebody still answers the old SMS."""
    resting = [use(str(code), closed_hours=71.9) for code in range(10, 100)]
    assert len(allocate(resting, "a", NOW)) == 3
    rested = [*resting[:-1], use("99", closed_hours=72)]
    assert allocate(rested, "a", NOW) == "99"
    ahead = [*resting[:-1], use("99", closed_hours=-5)]
    assert len(allocate(ahead, "a", NOW)) == 3
    assert timedelta(hours=72) == REST


def test_a_code_comes_back_at_once_although_others_are_free() -> None:
    """The search goes on behind the one opened last, and round."""
    assert allocate((use("10", closed_hours=80, opened_hours=90), use("62", closed_hours=73)), "a", NOW) == "11"
    assert allocate((use("99", closed_hours=80),), "a", NOW) == "10"


def test_one_slip_of_a_finger_answers_another_alert() -> None:
    """While there is a choice, no free code is one digit or one swap away from an open one."""
    code = allocate((use("37"),), "a", NOW)
    assert code not in {"73", *(f"3{digit}" for digit in range(10)), *(f"{digit}7" for digit in range(10))}
    crowded = [use(str(code)) for code in range(10, 99)]
    assert allocate(crowded, "a", NOW) == "99"


def test_a_storm_runs_out_of_codes() -> None:
    """With all of two, three and four digits taken a longer one is given: no level ever goes without."""
    open_uses = [use(str(code)) for code in range(10, 100)]
    assert len(allocate(open_uses, "a", NOW)) == 3
    open_uses += [use(str(code)) for code in range(100, 1_000)]
    assert len(allocate(open_uses, "a", NOW)) == 4


def test_a_code_is_given_twice_when_none_is_left() -> None:
    """A store that holds a hundred thousand codes of one number is broken, and says so."""
    uses = [use(str(code)) for code in range(10, 100_000)]
    with pytest.raises(InvariantError):
        allocate(uses, "a", NOW)


@pytest.mark.parametrize(
    ("code", "room", "extension"), [("37", 2, "37"), ("37", 1, ""), ("37", 0, ""), ("137", 2, ""), ("137", 4, "137")]
)
def test_an_extension_is_cut(code: str, room: int, extension: str) -> None:
    """Half a code would be another one: without room there is none."""
    assert extension_of(code, room) == extension


@pytest.mark.parametrize(
    ("extension", "code"),
    [("37", "37"), ("1037", "1037"), ("", ""), ("7", ""), ("07", ""), ("3a", ""), ("123456", ""), ("\u0663\u0667", "")],
)
def test_an_extension_is_read_as_another_code(extension: str, code: str) -> None:
    """What allocation never gives is no code."""
    assert code_from(extension) == code


def test_a_code_is_looked_for_among_hundreds() -> None:
    """A search among all free ones for one that is far from 290 open ones took 40 ms for each SMS."""
    open_uses = [use(str(code)) for code in range(10, 300)]
    began = time.process_time()
    given = [allocate(open_uses, f"alert {number}", NOW) for number in range(20)]
    assert time.process_time() - began < 0.2
    assert set(given) == {"300"}
