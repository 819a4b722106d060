"""What has to be known of a carrier's SMPP access, and what of it cannot be right."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.sms.smpp_receipts import MessageIds
from adapters.sms.smpp_text import Alphabet
from schemas.errors import Fault

_ADDRESS_MAX: Final = 20
_EXTENSION_DIGITS: Final = 2
_HOST: Final = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,10}|(?=.*:)[0-9A-Fa-f:.]{2,45}")
_TEXT_MAX: Final = {"system_id": 15, "password": 32, "system_type": 12, "service_type": 5}
"""The specification ends a password at 8; carriers give out longer ones."""
_NUMBER_MAX: Final = {
    "port": (1, 65535),
    "window": (1, 1000),
    "source_ton": (0, 255),
    "source_npi": (0, 255),
    "destination_ton": (0, 255),
    "destination_npi": (0, 255),
    "validity_seconds": (0, 7 * 86400),
    "utc_offset_hours": (-12, 14),
    "cost_fen": (0, 10_000),
}
_SECONDS_MAX: Final = {
    "enquire_seconds": (1, 3600),
    "timeout_seconds": (1, 120),
    "connect_seconds": (1, 120),
    "join_seconds": (0, 60),
}


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One carrier's access. Every value is the carrier's to say; the defaults are the usual ones.

    Attributes:
        number: Our service number, digits; codes are put behind it.
        window: Submits that may wait for their answers at one time.
        enquire_seconds: So often the link is tried; an enquiry without answer ends it.
        timeout_seconds: So long an answer is waited for.
        join_seconds: So long a long text from a telephone waits for its other parts, unconfirmed.
        source_ton: Type of our number; 0 is unknown, 1 international.
        source_npi: Numbering plan of our number; 1 is ISDN.
        destination_ton: Type of telephones' numbers; one that begins with + is sent as international without it.
        validity_seconds: After so long the carrier gives up; 0 leaves it to the carrier.
        extension: Whether codes may be put behind our number.
        message_ids: How the carrier writes a message id in its two places.
        alphabet: What the carrier means by data coding 0.
        utc_offset_hours: Of the carrier's clock: dates in receipts carry no zone.
        cost_fen: Of one part; 0 if unknown.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    number: str
    system_type: str = ""
    service_type: str = ""
    window: int = 10
    enquire_seconds: float = 30.0
    timeout_seconds: float = 10.0
    connect_seconds: float = 10.0
    join_seconds: float = 5.0
    source_ton: int = 0
    source_npi: int = 1
    destination_ton: int = 0
    destination_npi: int = 1
    validity_seconds: int = 0
    extension: bool = True
    message_ids: MessageIds = MessageIds.SAME
    alphabet: Alphabet = Alphabet.GSM7
    utc_offset_hours: int = 8
    cost_fen: int = 0

    def faults(self) -> list[Fault]:
        """Return what cannot be right; nothing of a password is in it."""
        return [*self._faults_of_texts(), *self._faults_of_numbers()]

    def _faults_of_texts(self) -> Iterator[Fault]:
        if not _HOST.fullmatch(self.host):
            yield _fault("host", "give a name or an address: letters, digits, dots, hyphens, colons")
        longest = _ADDRESS_MAX - (_EXTENSION_DIGITS if self.extension else 0)
        if not _digits(self.number) or len(self.number) > longest:
            yield _fault("number", f"give our service number as 1 to {longest} digits")
        if not self.system_id:
            yield _fault("system_id", "give the name that the carrier gave us")
        for name, most in _TEXT_MAX.items():
            text: str = getattr(self, name)
            if len(text) > most or not (text.isascii() and text.isprintable()):
                yield _fault(name, f"at most {most} printable ASCII characters")

    def _faults_of_numbers(self) -> Iterator[Fault]:
        for name, (least, most) in (_NUMBER_MAX | _SECONDS_MAX).items():
            if not least <= getattr(self, name) <= most:
                yield _fault(name, f"a number from {least} to {most}")


def _fault(name: str, mend: str) -> Fault:
    return Fault("smpp.setting", name, mend)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()
