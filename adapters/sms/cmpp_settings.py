"""What an operator agrees with the carrier, as one value."""

from dataclasses import dataclass, field
from typing import Final

from adapters.sms.cmpp_bodies import Version
from schemas.errors import Fault

DEFAULT_PORT: Final = 7890
"""Of the gateway for service providers, by the specification."""
SRC_ID_MAX: Final = 21
SERVICE_NUMBER_MAX: Final = 19
"""Leaves room for the two digits of our code."""
WINDOW_MAX: Final = 256
_SOURCE_ADDR_DIGITS: Final = 6
_SECRET_MAX: Final = 64
_PORT_MAX: Final = 65_535
_LEVEL_MAX: Final = 9
_TIME_MAX_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class CmppSettings:
    """One link to one gateway.

    Attributes:
        name: Of the provider in this node, e.g. ``mobile-cmpp``.
        host: Name or address of the gateway.
        source_addr: Enterprise code (SP_Id, 企业代码), six characters; also Msg_src.
        secret: Shared secret.
        service_number: Our number (接入号), digits; an extension is put behind it, 21 digits in all.
        service_id: Service code (业务代码), at most 10 characters.
        version: As agreed; no other is tried, since the contract binds fields that differ.
        fee_user_type: Who pays: 0 recipient, 1 sender, 2 we, 3 the number in ``fee_terminal_id``.
        fee_terminal_id: Number that pays, empty for none.
        fee_type: ``01`` free for the recipient, ``02`` per message, ``03`` monthly, ...
        fee_code: Price in fen, six digits.
        msg_level: Priority, 0 to 9 (highest).
        check_gateway: Refuse a gateway whose AuthenticatorISMG is wrong. Off only for one known to send it wrongly.
        window: Submits without an answer at once (W).
        test_seconds: Between two active tests (C).
        tests_unanswered: After so many the link is made anew (N).
        response_seconds: After so long a submit counts as unanswered (T); shorter than the specification's 60, because
            another way to the officer is open.
        connect_seconds: After so long one attempt is given up.
        join_seconds: So long the missing parts of a long reply are waited for.
        cost_fen: Of one part, in fen; 0 if unknown.
    """

    name: str
    host: str
    source_addr: str
    secret: str = field(repr=False)
    service_number: str
    port: int = DEFAULT_PORT
    version: Version = Version.V2
    service_id: str = ""
    fee_user_type: int = 2
    fee_terminal_id: str = field(default="", repr=False)
    fee_type: str = "01"
    fee_code: str = "000000"
    msg_level: int = 0
    check_gateway: bool = True
    window: int = 16
    test_seconds: float = 60.0
    tests_unanswered: int = 3
    response_seconds: float = 20.0
    connect_seconds: float = 10.0
    join_seconds: float = 10.0
    cost_fen: int = 0

    def faults(self) -> tuple[Fault, ...]:
        """Return everything that does not fit the protocol; the secret is never quoted."""
        checks = (
            (_is_text(self.source_addr, _SOURCE_ADDR_DIGITS, exact=True), "source_addr", "give the six-character code"),
            (
                0 < len(self.secret.encode()) <= _SECRET_MAX,
                "secret",
                f"give the shared secret, at most {_SECRET_MAX} bytes",
            ),
            (
                _is_digits(self.service_number, SERVICE_NUMBER_MAX),
                "service_number",
                f"give digits, at most {SERVICE_NUMBER_MAX}, so that a two-digit code fits behind them",
            ),
            (bool(self.host), "host", "give the gateway's name or address"),
            (0 < self.port <= _PORT_MAX, "port", f"give 1 to {_PORT_MAX}"),
            (not self.service_id or _is_text(self.service_id, 10), "service_id", "give at most 10 ASCII characters"),
            (0 <= self.fee_user_type <= 3, "fee_user_type", "give 0, 1, 2 or 3"),  # noqa: PLR2004 - the four kinds
            (
                not self.fee_terminal_id or _is_digits(self.fee_terminal_id, SRC_ID_MAX),
                "fee_terminal_id",
                "give digits or nothing",
            ),
            (_is_digits(self.fee_type, 2, exact=True), "fee_type", "give two digits, 01 for free"),
            (_is_digits(self.fee_code, 6), "fee_code", "give the price in fen, at most six digits"),
            (0 <= self.msg_level <= _LEVEL_MAX, "msg_level", f"give 0 to {_LEVEL_MAX}"),
            (1 <= self.window <= WINDOW_MAX, "window", f"give 1 to {WINDOW_MAX}"),
            (self.tests_unanswered >= 1, "tests_unanswered", "give 1 or more"),
            *(
                (0 < seconds <= _TIME_MAX_SECONDS, name, f"give more than 0 and at most {_TIME_MAX_SECONDS} seconds")
                for name, seconds in (
                    ("test_seconds", self.test_seconds),
                    ("response_seconds", self.response_seconds),
                    ("connect_seconds", self.connect_seconds),
                    ("join_seconds", self.join_seconds),
                )
            ),
        )
        return tuple(Fault("cmpp.setting", name, mend) for fits, name, mend in checks if not fits)


def _is_text(value: str, most: int, *, exact: bool = False) -> bool:
    size_fits = len(value) == most if exact else 0 < len(value) <= most
    return size_fits and value.isascii() and value.isprintable()


def _is_digits(value: str, most: int, *, exact: bool = False) -> bool:
    return _is_text(value, most, exact=exact) and value.isdigit()
