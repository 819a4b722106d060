"""What ``GET audit`` answers."""

from schemas.base import Model, WireTime
from schemas.ids import Digest


class AuditLine(Model):
    """Somebody did something in the console, or tried to."""

    number: int
    at: WireTime
    officer: str
    """Who; empty where nobody is known."""
    act: str
    about: str
    note: str
    previous: Digest
    """Of the line before; zeros before the first one."""
    digest: Digest


class AuditState(Model):
    """The whole audit log, walked over now."""

    first: int
    """Number of the oldest line that is kept, 0 if there is none."""
    last: int
    """Number of the newest one that follows without a break."""
    digest: Digest
    """Of that one: note it, and compare the next time. Zeros while there is none."""
    holds: bool
    broken_at: int | None
    """Number of the first line that was changed, or before which one is missing."""


class AuditList(Model):
    """What people did in the console."""

    lines: tuple[AuditLine, ...]
    log: AuditState
