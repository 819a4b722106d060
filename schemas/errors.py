"""What can be wrong, in two shapes.

A ``Fault`` is a value: pure rules return it when input does not fit. It names the field and the
mend, and its code is stable and public. An exception belongs to one of four families, each with
one disposition, and is raised where a caller cannot go on.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """Why some input is refused.

    Attributes:
        code: Stable dotted code, e.g. ``content.unknown_field``; never translated.
        field: Where, as a dotted path such as ``content.areas.0.adcodes``; empty for the whole.
        mend: One plain sentence that says what to do about it.
    """

    code: str
    field: str
    mend: str

    def __str__(self) -> str:
        """One line for a person: field first, then the mend."""
        return f"{self.field}: {self.mend} [{self.code}]" if self.field else f"{self.mend} [{self.code}]"


class SihuError(Exception):
    """Base of every error raised on purpose; ``code`` is stable and public."""

    code: ClassVar[str] = "sihu.error"


class RequestError(SihuError):
    """Our officer asked for something invalid: reply 4xx, never retry."""

    code = "request.invalid"

    def __init__(self, *faults: Fault) -> None:
        """Carry every fault found, the first one leading."""
        if not faults:
            raise InvariantError("a request error needs a fault")
        super().__init__(str(faults[0]))
        self.faults = faults

    @property
    def fault(self) -> Fault:
        """The leading fault."""
        return self.faults[0]


class SharingDeniedError(RequestError):
    """No agreement in force covers this event and this recipient: 403."""

    code = "sharing.denied"


class QuotaError(SharingDeniedError):
    """The agreement's quota for this hour is used up: 429, and the same request goes through later."""

    code = "sharing.quota"

    def __init__(self, fault: Fault, retry_after_seconds: int) -> None:
        """Carry when the next hour begins."""
        super().__init__(fault)
        self.retry_after_seconds = retry_after_seconds


class NotFoundError(RequestError):
    """What the officer asked for is not here: 404."""

    code = "request.not_found"


class ConflictError(RequestError):
    """The request contradicts one we already carried out: 409."""

    code = "request.conflict"


class PeerError(SihuError):
    """A partner broke a rule: keep the bytes, quarantine, alarm."""

    code = "peer.broke_rule"

    def __init__(self, fault: Fault) -> None:
        """Carry the one fault that decided."""
        super().__init__(str(fault))
        self.fault = fault


class UnavailableError(SihuError):
    """A dependency is down or full: retry later, nothing is lost."""

    code = "dependency.unavailable"


class InvariantError(SihuError):
    """Our own bug: crash, never caught; the supervisor restarts."""

    code = "sihu.invariant"
