"""One-time passwords against the standard's own examples, and recovery codes that people can type."""

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.one_time import (
    RECOVERY_BYTES,
    STEP_SECONDS,
    TOTP_BYTES,
    accepted_step,
    otpauth_uri,
    qr_svg,
    recovery_code,
    recovery_digest,
    shown_code,
    step_at,
    totp_secret,
)

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


def moment(seconds: int) -> datetime:
    """Return a time of the standard's table."""
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits: else no app agrees with us."""
    now = moment(seconds)
    assert accepted_step(RFC_SECRET, code, now=now, last_step=0) == step_at(now)
    assert accepted_step(RFC_SECRET, f"{code[:3]} {code[3:]}", now=now, last_step=0) == step_at(now)


@given(st.integers(-5, 5))
def test_one_step_of_skew_is_taken_and_no_more(steps: int) -> None:
    """The telephone may be half a minute off, not five."""
    now = moment(1111111109 + steps * STEP_SECONDS)
    found = accepted_step(RFC_SECRET, "081804", now=now, last_step=0)
    assert found == (step_at(moment(1111111109)) if abs(steps) <= 1 else None)


@given(st.integers(-1, 1), st.integers(-3, 3))
def test_no_step_is_taken_twice_or_backwards(skew: int, last: int) -> None:
    """Whatever was taken before, what is taken now is newer."""
    middle = step_at(moment(1111111109))
    now = moment(1111111109 + skew * STEP_SECONDS)
    found = accepted_step(RFC_SECRET, "081804", now=now, last_step=middle + last)
    assert found is None or found > middle + last
    assert (found is None) == (last >= 0)


@pytest.mark.parametrize(
    "typed", ["", "81804", "0818040", "08180x", "\uff10\uff18\uff11\uff18\uff10\uff14", "081804\x00", "-81804"]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    """Full-width digits look right and are others."""
    assert accepted_step(RFC_SECRET, typed, now=moment(1111111109), last_step=0) is None


def test_the_secret_is_one_that_apps_take() -> None:
    """160 bits, Base32 without padding, and a picture that carries no style of its own."""
    secret = totp_secret(bytes(range(TOTP_BYTES)))
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    uri = otpauth_uri(secret, officer="duty-a", county="451226")
    assert uri == f"otpauth://totp/Sihu%20451226:duty-a%40451226?secret={secret}&issuer=Sihu%20451226"
    assert "<script" not in qr_svg(uri)


@given(st.binary(min_size=RECOVERY_BYTES, max_size=RECOVERY_BYTES))
def test_a_recovery_code_is_found_however_it_is_typed(random: bytes) -> None:
    """From a note, at night: small letters, no dashes, O for zero."""
    code = recovery_code(random)
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert recovery_digest("duty-a", typed) == recovery_digest("duty-a", code)
    assert recovery_digest("duty-b", code) != recovery_digest("duty-a", code)


def test_what_a_telephone_shows_is_taken() -> None:
    """The demo and the tests enrol by it."""
    now = moment(1_111_111_109)
    assert shown_code(RFC_SECRET, now) == "081804"
    assert accepted_step(RFC_SECRET, shown_code(RFC_SECRET, now), now=now, last_step=0) == step_at(now)
