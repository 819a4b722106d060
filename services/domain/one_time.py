"""One-time passwords (RFC 6238) and recovery codes: what is taken, and that nothing is taken twice."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

import pyotp
import segno

STEP_SECONDS: Final = 30
DIGITS: Final = 6
TOTP_BYTES: Final = 20
"""160 bits, as RFC 4226 recommends."""
SKEW_STEPS: Final = 1
"""A telephone's clock may be off by so many steps, either way."""

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
"""80 bits: nobody finds a code behind its digest."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U."""
_READ_AS: Final = str.maketrans("ILO", "110", " -")
_GROUP: Final = 4
_BITS: Final = 5


def totp_secret(random: bytes) -> str:
    """Spell a new secret as authenticator apps take it; ``random`` has ``TOTP_BYTES``."""
    return base64.b32encode(random).decode("ascii").rstrip("=")


def otpauth_uri(secret: str, *, officer: str, county: str) -> str:
    """Return what the QR code says."""
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    return totp.provisioning_uri(name=f"{officer}@{county}", issuer_name=f"Sihu {county}")


def qr_svg(uri: str) -> str:
    """Draw a URI as a QR code: an SVG without styles or scripts of its own."""
    return str(segno.make(uri, error="m", micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff"))


def step_at(now: datetime) -> int:
    """Return the step that ``now`` falls in."""
    return int(now.timestamp()) // STEP_SECONDS


def accepted_step(secret: str, code: str, *, now: datetime, last_step: int) -> int | None:
    """Return the step that a one-time password is of, None if it is refused.

    Args:
        secret: As ``totp_secret`` spells it.
        code: As typed; blanks are left out.
        now: Aware UTC.
        last_step: Newest step taken before: that one and those before it are refused, however right.
    """
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    totp, middle = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), step_at(now)
    found = None
    for step in range(middle - SKEW_STEPS, middle + SKEW_STEPS + 1):  # every one, so that time tells nothing
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > last_step:
            found = step
    return found


def recovery_code(random: bytes) -> str:
    """Spell one code in groups; ``random`` has ``RECOVERY_BYTES``."""
    number = int.from_bytes(random, "big")
    count = RECOVERY_BYTES * 8 // _BITS
    text = "".join(_ALPHABET[number >> _BITS * place & 31] for place in reversed(range(count)))
    return "-".join(text[at : at + _GROUP] for at in range(0, count, _GROUP))


def recovery_digest(officer: str, code: str) -> str:
    """Return the digest of a code as typed: small letters, blanks and the letters one misreads do not matter."""
    read = code.upper().translate(_READ_AS)
    return hashlib.sha256(f"sihu-recovery\0{officer}\0{read}".encode("utf-8", "replace")).hexdigest()
