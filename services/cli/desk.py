"""One county's directory as the commands see it: settings, card, trust, and keys opened with the passphrase."""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from schemas.base import Model
from schemas.documents import SignedDocument
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.registry import KeyUse, MemberCard
from services.bootstrap.cli import (
    TRUST_FILES,
    FileSigner,
    SigningKeyFiles,
    key_name,
    open_county,
    open_trust_folder,
    read_bytes,
    read_secret,
    write_given,
)
from services.domain.ceremony import ALGORITHMS
from services.domain.documents import add_signature, read_file
from services.domain.governance import judge_card, kid_of
from services.domain.key_ends import current_keys
from services.domain.trust_files import PINS_FILE, LoadedTrust, load_trust
from services.settings import Settings, read_settings

T = TypeVar("T")

CARD_FILE = "card.json"
_TOKEN_MAX_BYTES = 1024
_CHANGING = frozenset({KeyUse.EVENT, KeyUse.RECEIPT})
CLI_TOKEN_FILE = "cli.token"  # noqa: S105 - the name of a file


def key_file(use: KeyUse) -> str:
    """Return where a key of this county is kept."""
    return f"keys/{use}.pem"


def following_file(use: KeyUse, public: bytes) -> str:
    """Return where a key is kept that follows another."""
    return f"keys/{key_name(use, kid_of(ALGORITHMS[use], public))}"


def sure(value: T | Fault) -> T:
    """Return the value, or refuse with its fault.

    Raises:
        RequestError: It is a fault.
    """
    if isinstance(value, Fault):
        raise RequestError(value)
    return value


def read_document(path: Path) -> SignedDocument:
    """Read a signed document from a file that somebody passed on.

    Raises:
        NotFoundError: There is no such file.
        RequestError: It is no signed document.
    """
    document = read_file(read_bytes(path, what=path.name))
    if isinstance(document, Fault):
        raise RequestError(Fault(document.code, f"{path} {document.field}".strip(), document.mend))
    return document


def document_bytes(document: Model) -> bytes:
    """Return a document as it is kept in files: JSON, indented for a person who looks at it."""
    return document.model_dump_json(indent=1).encode() + b"\n"


def write_document(path: Path, document: SignedDocument) -> None:
    """Write a signed document to a file that will be passed on.

    Raises:
        RequestError: The place is not to be written.
        UnavailableError: The disk is full or failing.
    """
    write_given(path, document_bytes(document))


@dataclass
class Desk:
    """What a command needs of one county; everything is read when it is first asked for."""

    directory: Path
    passphrase_file: Path | None = None

    def __post_init__(self) -> None:
        """Take the adapters of the directory."""
        self.county = open_county(self.directory)
        self.files = self.county.files
        self.trust_folder = open_trust_folder(self.directory)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the county."""
        return read_settings(self.directory)

    def now(self) -> datetime:
        """Return aware UTC."""
        return self.county.clock.now()

    @cached_property
    def passphrase(self) -> str:
        """What opens the county's keys: the option, the environment, the settings, or a question at the terminal."""
        path = self.passphrase_file or self._passphrase_file_of_settings()
        if path is not None:
            return read_secret(path)
        return os.environ.get("SIHU_PASSPHRASE") or ask_passphrase("Passphrase of the county's keys 口令: ")

    def officer_passphrase(self, path: Path | None) -> str:
        """What opens an officer's own key: the file named, or else the county's passphrase."""
        return read_secret(path) if path else self.passphrase

    def _passphrase_file_of_settings(self) -> Path | None:
        if "SIHU_PASSPHRASE" in os.environ:
            return None
        path = self.settings.keys.passphrase_file
        return self.settings.at(path) if path else None

    @cached_property
    def card(self) -> MemberCard:
        """This county's own card, judged again."""
        return sure(judge_card(self.card_document))

    @cached_property
    def card_document(self) -> SignedDocument:
        """This county's own card as signed."""
        return sure(read_file(self.files.read(CARD_FILE)))

    def signer(self, use: KeyUse) -> FileSigner:
        """Open one of the county's signing keys.

        Raises:
            NotFoundError: The key is not here; governance and recovery keys are kept offline.
            RequestError: The passphrase is wrong, or the file is damaged.
        """
        if use in _CHANGING and self.files.exists(PINS_FILE):
            return self._signer_in_force(use)
        key = self.files.open_key(key_file(use), self.passphrase)
        return FileSigner(key, kid_of(ALGORITHMS[use], key.public))

    def _signer_in_force(self, use: KeyUse) -> FileSigner:
        """Open the key that is in force by what is trusted: the first one may have been changed since."""
        keys = current_keys(self.loaded_trust().trust, self.settings.county, use)
        here = self.signing_keys.signers()
        signer = next((here[key.kid] for key in keys if key.kid in here), None)
        if signer is None:
            mend = f"no {use} key here is in force; `sihu key list` shows them, and `sihu key adopt` takes a change"
            raise NotFoundError(Fault("key.none_in_force", key_file(use), mend))
        return signer

    @cached_property
    def signing_keys(self) -> SigningKeyFiles:
        """The event and receipt keys, also those that follow."""
        return SigningKeyFiles(self.directory, self.passphrase, kid_of)

    def signed(self, document: SignedDocument, use: KeyUse) -> SignedDocument:
        """Return the document with this county's signature added.

        Raises:
            RequestError: The key file holds another key than the card says: a damaged file, or another county's.
        """
        signer = self.signer(use)
        if use not in _CHANGING and signer.kid not in {key.kid for key in self.card.member.keys if key.use is use}:
            mend = "it is not the key of this county's card; put the right file back"
            raise RequestError(Fault("key.not_ours", key_file(use), mend))
        return add_signature(document, signer.kid, signer.sign)

    def loaded_trust(self) -> LoadedTrust:
        """Judge the files of trust.

        Raises:
            RequestError: No registry is trusted here, or a file does not hold.
        """
        return sure(load_trust(self.files.read_all(TRUST_FILES)))

    def token(self) -> str:
        """Return the token that the commands call the API with.

        Raises:
            NotFoundError: There is none; `sihu token issue` makes one.
        """
        given = os.environ.get("SIHU_TOKEN")
        return given or self.read_token(CLI_TOKEN_FILE, "`sihu token issue` makes one")

    def read_token(self, name: str, mend: str) -> str:
        """Return a token kept in a file of the county."""
        if not self.files.exists(name):
            raise NotFoundError(Fault("token.not_found", name, f"there is no token here; {mend}"))
        return read_secret(self.files.root / name)


def token_in(path: Path | None) -> str | None:
    """Return the token in a file that somebody names; None if nobody does.

    Raises:
        RequestError: The file is not to be read, or no token.
    """
    if path is None:
        return None
    return read_bytes(path, what="--token-file", max_bytes=_TOKEN_MAX_BYTES).decode("ascii", "replace").strip()


def ask_passphrase(question: str, *, twice: bool = False) -> str:
    """Ask at the terminal, without showing what is typed.

    Raises:
        RequestError: There is no terminal to ask at, or the two answers differ.
    """
    if not sys.stdin.isatty():
        mend = "give --passphrase-file FILE or set SIHU_PASSPHRASE_FILE; there is no terminal to ask at"
        raise RequestError(Fault("key.no_passphrase", "passphrase", mend))
    import getpass

    answer = getpass.getpass(question)
    if twice and getpass.getpass("The same again 再输一次: ") != answer:
        raise RequestError(Fault("key.passphrases_differ", "passphrase", "the two were not the same; try again"))
    return answer
