"""Passwords: long is good, easy is not, and no rule makes people write them on a note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.passwords import judge_password, normal


def refused(password: str) -> str | None:
    """Return the code, None if it is taken."""
    fault = judge_password(password, officer="duty-a", display_name="值班员甲")
    return fault.code if fault else None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "红水河边的十一座桥的灯笼",
        "Tr4ck-Lantern",
        "kopfsteinpflaster",
        "下雨天 9 把伞 Blue",
        "aB3xyzqrstw",
    ],
)
def test_good_ones_are_taken(password: str) -> None:
    """Words in a row, in any script; or shorter, mixed."""
    assert refused(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.too_short"),
        ("short", "password.too_short"),
        ("elevenchars", "password.too_short"),
        ("Nine9chr!", "password.too_short"),
        ("x" * 257, "password.too_long"),
        ("line\nbreak in the middle", "password.unseen"),
        (" blank at the front 12", "password.unseen"),
        ("my Duty-A password", "password.names_you"),
        ("我是值班员甲这里没有别人", "password.names_you"),
        ("password2026!!", "password.too_easy"),
        ("Huanjiang2026!", "password.too_easy"),
        ("zhongguo88888888", "password.too_easy"),
        ("aaaaaaaaaaaaaaa", "password.too_easy"),
        ("abcabcabcabcabc", "password.too_easy"),
        ("qwertyuiop[]12", "password.too_easy"),
        ("123456789012", "password.too_easy"),
        ("1q2w3e4r5t6y", "password.too_easy"),
        ("lantern7lantern7", "password.too_easy"),
    ],
)
def test_bad_ones_are_refused_with_the_mend(password: str, code: str) -> None:
    """Each is what a guesser tries in the first minute, or what cannot be typed again."""
    assert refused(password) == code


@given(st.text(max_size=300))
def test_any_text_is_judged_and_two_spellings_are_one(text: str) -> None:
    """No text makes the rule fall over; a letter and its composed form are the same password."""
    assert refused(text) == refused(normal(text))
    assert normal("é") == normal("é")
