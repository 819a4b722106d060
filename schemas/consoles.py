"""Entering the console: accounts, second factors, invitations, sessions, and the log of what people did there.

Rows of a store as frozen dataclasses, but for what comes from outside. Digests are the hex SHA-256 of secrets that have
128 bits or more, so nobody finds the secret behind one.

Source: docs/decisions/0040-let-officers-in-with-two-factors.md
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from schemas.base import Model, WireTime
from schemas.ids import Digest, OfficerId
from schemas.officers import Role
from schemas.registry import Text

PASSWORD_MAX: Final = 256
"""Characters of a password; longer ones are refused before anything is computed."""
SECRET_MAX: Final = 128
"""Characters of a session's, an invitation's or a recovery secret as typed or sent."""
ADDRESS_MAX: Final = 64
AGENT_MAX: Final = 200
LABEL_MAX: Final = 40
CREDENTIAL_MAX: Final = 2046
"""Digits of a security key's id: 1,023 bytes, by the standard."""
ABOUT_MAX: Final = 128
NOTE_MAX: Final = 200
ACT_PATTERN: Final = r"^[a-z][a-z_]{0,23}\.[a-z][a-z_]{0,31}$"
KEYS_MAX: Final = 8
"""Security keys of one officer."""


class Stage(StrEnum):
    """How far a session has come."""

    HALF = "half"
    """The password was right; nothing is open but the page that asks for the second factor."""
    FULL = "full"
    """Two factors."""


class Factor(StrEnum):
    """Second factors."""

    TOTP = "totp"
    RECOVERY = "recovery"
    SECURITY_KEY = "security_key"


@dataclass(frozen=True, slots=True)
class Account:
    """One officer's way into the console.

    Attributes:
        password_hash: Argon2id in its usual text form.
        key_salt: 16 bytes; with the password they give what opens ``sealed_key``.
        sealed_key: The officer's own Ed25519 seed.
        public: Its public half, 32 bytes, as certified once the second factor was shown.
        sealed_totp: The secret of the one-time passwords, under a key that the node's passphrase opens.
        last_step: Newest step of 30 seconds whose one-time password was taken; none is taken again.
        confirmed_at: When the second factor was shown for the first time; None: enrolling is not finished.
        disabled_at: Since when nobody enters by it.
    """

    officer: str
    display_name: str
    roles: tuple[Role, ...]
    password_hash: str
    key_salt: bytes
    sealed_key: bytes
    public: bytes
    sealed_totp: bytes
    last_step: int
    created_at: datetime
    password_at: datetime
    confirmed_at: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """One WebAuthn credential of an officer.

    Attributes:
        credential_id: As the key gave it, hex.
        public_key: Attested credential data: AAGUID, credential id and COSE key.
        sign_count: The newest that the key told; 0 if it counts nothing.
        label: What the officer calls it.
    """

    credential_id: str
    officer: str
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a security key told of itself when it was registered; the fields are those of ``SecurityKey``."""

    credential_id: str
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """Lets whoever holds the secret behind ``digest`` make one account, once.

    Attributes:
        made_by: The administrator, or empty for who ran the command on the node's machine.
        used_at: Since when it counts no more: it was used, or taken back.
    """

    digest: str
    officer: str
    display_name: str
    roles: tuple[Role, ...]
    made_by: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None


class InvitationPaper(Model):
    """An invitation that was made on the node's machine, in a file: how the first administrator gets in."""

    digest: Digest
    officer: OfficerId
    display_name: Text
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=6, strict=False)]
    made_at: WireTime
    ends_at: WireTime


class InvitationPapers(Model):
    """The file of them."""

    invitations: Annotated[tuple[InvitationPaper, ...], Field(max_length=256, strict=False)] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that an officer has logged in with.

    Attributes:
        digest: Of the cookie's secret.
        seen_at: Of its last request, to the minute.
        ends_at: Whatever happens, it ends then.
        address: From where it was begun.
        agent: The browser's own name for itself, cut.
        sealed_key: The officer's own key, under a key from the cookie's secret; empty if there is none.
        challenge: For what a security key was asked, a colon, and the hex that it was asked to sign; empty while none
            is asked.
    """

    digest: str
    officer: str
    stage: Stage
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    sealed_key: bytes
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Failures in entering, counted for one officer or for one address.

    Attributes:
        key: ``officer:…`` or ``address:…``; see ``services.domain.lockout``.
        failed_at: Of the newest attempt.
        locked_until: Until then every attempt is refused without a look at it.
    """

    key: str
    failures: int
    failed_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Somebody did something in the console, or tried to.

    Attributes:
        number: From 1, without gaps, in the order of commits.
        officer: Who; empty where nobody is known.
        act: What, as ``family.verb_done``.
        about: On what: an officer, an event, a session. Never content.
        note: A few plain words.
        previous: Digest of the entry before.
        digest: Hex SHA-256 over everything above.
    """

    number: int
    at: datetime
    officer: str
    act: str
    about: str
    note: str
    previous: str
    digest: str
