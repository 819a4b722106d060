"""Officers who enter a console: a county's door with cheap passwords, telephones that show codes, software keys."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

import pyotp
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData
from pydantic import JsonValue

from adapters.keys.own_keys import SeedKeys
from adapters.keys.sealing import FileSealer
from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.memory.store import MemoryStore
from adapters.passwords.argon import ArgonHasher
from adapters.security_keys.fido import FidoKeys
from schemas.access import Access
from schemas.consoles import InvitationPaper
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.officers import Role
from schemas.registry import KeyUse
from services.console.door import Door
from services.console.enrolling import Enrolled
from services.console.entering import Entered, HalfWay
from services.console.lobby import Caller, Lobby
from services.console.proving import Proof
from services.console.visitor import Visitor
from services.domain.documents import document_digest
from services.domain.invitations import invitation_paper
from services.domain.one_time import STEP_SECONDS
from services.ports import Clock, Store
from tests import papers
from tests.papers import HUANJIANG
from tests.world import OpenDirectory

T = TypeVar("T")

PASSWORD: Final = "红水河边 11 座桥 lantern"  # noqa: S105 - of a test
ORIGIN: Final = "http://localhost:8640"
DESK: Final = Caller("192.0.2.7", "Chromium 120")
ELSEWHERE: Final = Caller("198.51.100.9", "curl")


@dataclass(slots=True)
class Papers:
    """Satisfies ``services.console_ports.OfficerDesk`` over a test's directory."""

    directory: OpenDirectory
    invitations: dict[str, InvitationPaper] = field(default_factory=dict)
    tokens_revoked: list[str] = field(default_factory=list)

    def keep(self, officer: str, document: SignedDocument, _: datetime) -> None:
        """Put a credential into force."""
        self.directory.credentials[officer] = document

    def revoke(self, officer: str, _: datetime) -> str | None:
        """Take a credential, tokens and invitations out of force."""
        self.tokens_revoked.append(officer)
        self.invitations = {digest: one for digest, one in self.invitations.items() if one.officer != officer}
        document = self.directory.credentials.pop(officer, None)
        return document_digest(document) if document else None

    def invited(self, digest: str) -> InvitationPaper | None:
        """Return an invitation that was made by command."""
        return self.invitations.get(digest)


@dataclass(slots=True)
class TokenList:
    """Satisfies ``services.console_ports.TokenFile`` over a test's directory."""

    directory: OpenDirectory
    made: int = 0

    def fresh(self) -> str:
        """Return the next one."""
        self.made += 1
        return f"sihu_test-{self.made}"

    def read(self) -> tuple[Access, ...]:
        """Return every token."""
        return tuple(self.directory.tokens.values())

    def change(self, edit: Callable[[tuple[Access, ...]], tuple[Access, ...]]) -> tuple[Access, ...]:
        """Let what ``edit`` makes of the list be in force."""
        changed = edit(self.read())
        self.directory.tokens = {one.digest: one for one in changed}
        return changed


@dataclass(slots=True)
class Telephone:
    """Shows one-time passwords."""

    secret: str
    clock: Clock

    def code(self, ahead_seconds: float = 0) -> str:
        """Return what it shows now, if its clock is so far ahead of ours."""
        return pyotp.TOTP(self.secret).at(int(self.clock.now().timestamp() + ahead_seconds))


@dataclass(slots=True)
class Officer:
    """Somebody who has enrolled, with what was handed out."""

    name: str
    telephone: Telephone
    codes: tuple[str, ...]
    secret: str
    """Of the session in the browser at the desk."""


class House:
    """One county's console without its pages."""

    def __init__(
        self,
        store: Store | None = None,
        clock: ManualClock | None = None,
        directory: OpenDirectory | None = None,
        code: CountyCode = HUANJIANG,
        origin: str = ORIGIN,
    ) -> None:
        """Open the door; nobody has entered yet."""
        self.clock = clock or ManualClock()
        self.directory = directory or OpenDirectory(papers.trust())
        self.papers = Papers(self.directory)
        self.lobby = Lobby(
            store=store or MemoryStore(),
            clock=self.clock,
            ids=SequentialIds(f"house {code}"),
            directory=self.directory,
            hasher=ArgonHasher(memory_kib=8, passes=1),
            sealer=FileSealer(b"h" * 32),
            own_keys=SeedKeys(),
            security_keys=FidoKeys(origin),
            papers=self.papers,
            tokens=TokenList(self.directory),
            signer=papers.signer(code, KeyUse.EVENT),
            county=code,
        )
        self.door = Door.of(self.lobby)

    def reopened(self, store: Store) -> "House":
        """Return the same house after a restart: another process with the same files."""
        other = House(store, self.clock)
        other.papers.directory = self.directory
        other.lobby = replace(other.lobby, directory=self.directory, ids=SequentialIds(f"again {self.clock.now()}"))
        other.door = Door.of(other.lobby)
        return other

    def told(self, officer: str, *roles: Role) -> str:
        """Run ``sihu officer invite``; return the secret."""
        secret = self.lobby.ids.hex(32)
        now = self.clock.now()
        paper = invitation_paper(secret, officer, f"{officer} 甲", roles, now=now, ends_at=now.replace(year=2027))
        assert not isinstance(paper, Fault)
        self.papers.invitations[paper.digest] = paper
        return secret

    async def enrolled(self, officer: str, *roles: Role, invitation: str = "", password: str = PASSWORD) -> Officer:
        """Let somebody enrol to the end; time passes, so that the next code is a new one."""
        half = sure(await self.door.enrolling.enrol(invitation or self.told(officer, *roles), password, DESK))
        shown = sure(await self.door.enrolling.enrolment_of(half.secret))
        telephone = Telephone(shown.secret, self.clock)
        done: Enrolled = sure(await self.door.enrolling.confirm(half.secret, telephone.code(), DESK))
        await self.clock.move(STEP_SECONDS)
        return Officer(officer, telephone, done.recovery_codes, done.entered.secret)

    async def half(self, officer: str, password: str = PASSWORD, came: Caller = DESK) -> HalfWay:
        """Log in with the password alone."""
        return sure(await self.door.entering.log_in(officer, password, came))

    async def entered(self, officer: Officer, came: Caller = DESK) -> Entered:
        """Log in with both factors, and let the step pass."""
        half = await self.half(officer.name, came=came)
        entered = sure(await self.door.entering.by_totp(half.secret, officer.telephone.code(), came))
        await self.clock.move(STEP_SECONDS)
        return entered

    async def proof(self, officer: Officer) -> Proof:
        """Wait for the next one-time password, and return what is shown again with it."""
        await self.clock.move(STEP_SECONDS)
        return Proof(PASSWORD, officer.telephone.code())

    async def visitor(self, officer: Officer) -> Visitor:
        """Return the visitor of an officer's session at the desk."""
        visitor = await self.door.entering.visitor_of(officer.secret)
        assert visitor is not None
        return visitor

    async def acts(self) -> list[tuple[str, str, str]]:
        """Return what the audit log says: who, what, on what."""
        rows = await self.lobby.store.read(lambda one: one.console.audit(0, 999))
        return [(row.officer, row.act, row.about) for row in rows]


def sure(value: T | Fault) -> T:
    """Return the value of what must go well."""
    assert not isinstance(value, Fault), value
    return value


class SoftwareKey:
    """A security key as a browser would speak to it."""

    def __init__(self, origin: str = ORIGIN) -> None:
        """Make a key pair."""
        self.origin, self.count = origin, 0
        self.private = generate_private_key(SECP256R1())
        self.credential_id = secrets.token_bytes(32)

    def register(self, options: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Answer ``navigator.credentials.create``."""
        public = _public_key(options)
        point = self.private.public_key().public_numbers()
        cose = ES256({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = AttestedCredentialData.create(b"\0" * 16, self.credential_id, cose)
        flags = AuthenticatorData.FLAG.USER_PRESENT | AuthenticatorData.FLAG.ATTESTED
        party = public["rp"]
        assert isinstance(party, dict)
        auth = AuthenticatorData.create(_hash(str(party["id"])), flags, self.count, data)
        made = AttestationObject.create("none", auth, {})
        client = self._client(CollectedClientData.TYPE.CREATE, public)
        return self._answer({"clientDataJSON": client.b64, "attestationObject": websafe_encode(made)})

    def sign(self, options: dict[str, JsonValue], *, counts: int = 1) -> dict[str, JsonValue]:
        """Answer ``navigator.credentials.get``."""
        public = _public_key(options)
        self.count += counts
        auth = AuthenticatorData.create(_hash(str(public["rpId"])), AuthenticatorData.FLAG.USER_PRESENT, self.count)
        client = self._client(CollectedClientData.TYPE.GET, public)
        signature = self.private.sign(auth + client.hash, ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": client.b64,
                "authenticatorData": websafe_encode(auth),
                "signature": websafe_encode(signature),
            }
        )

    def _client(self, kind: str, public: dict[str, JsonValue]) -> CollectedClientData:
        return CollectedClientData.create(kind, websafe_decode(str(public["challenge"])), self.origin)

    def _answer(self, response: dict[str, JsonValue]) -> dict[str, JsonValue]:
        name = websafe_encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _public_key(options: dict[str, JsonValue]) -> dict[str, JsonValue]:
    public = options["publicKey"]
    assert isinstance(public, dict)
    return public


def _hash(party: str) -> bytes:
    return hashlib.sha256(party.encode()).digest()
