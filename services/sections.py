"""Tables of ``county.toml`` that stand apart from the rest of it, and what every table is; see services.settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One table of the file: closed and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DutySettings(Section):
    """What partners learn of this county's roster."""

    tell_partners: bool = True
    """Whether partners are told who is on duty: the primary and the secondary, as the desk names them, no numbers."""


class ConsoleSettings(Section):
    """The console (联络员工作台), served where the API listens."""

    enabled: bool = True
    origin: Annotated[str, Field(max_length=200, pattern=r"^https?://[a-z0-9.-]+(?::[0-9]{1,5})?$")] | None = None
    """As browsers see it, e.g. ``https://console.example``; left out, this machine itself at the API's port.

    Security keys are bound to it, and behind https the cookie never travels in clear.
    """
    forwarded: bool = False
    """Whether the proxy before the node, on this machine, puts each browser's address last into ``X-Forwarded-For``.

    Without it all browsers behind a proxy have one address, and whoever guesses there locks out everybody.
    """
    audit_days: Annotated[int, Field(ge=180, le=36_500)] = 1095
    """So long the audit log is kept at the least; the law asks for six months (Cybersecurity Law, article 21)."""
    invitation_hours: Annotated[int, Field(ge=1, le=720)] = 24
    credential_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """For how long an officer is certified who enrols."""
