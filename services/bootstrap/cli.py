"""What the commands work with: one county's files, its tokens, the clock; and the directory that a node watches."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.keys.access import AccessFile, new_token
from adapters.keys.county_files import CountyFiles, read_secret
from adapters.keys.directory import OFFICER_FILES, TRUST_FILES, Directory
from adapters.keys.durable import read_bytes, write_given
from adapters.keys.encryption import FileEncryption
from adapters.keys.file_signer import FileSigner
from adapters.keys.key_file import OpenKey, generate
from adapters.keys.officer_files import OfficerFiles
from adapters.keys.papers import TrustFolder
from adapters.keys.pins import PinFiles
from adapters.keys.signing_keys import SigningKeyFiles, key_name
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError
from services.domain.documents import document_digest
from services.domain.evidence_writing import TrustPapers
from services.domain.trust import Trust
from services.domain.trust_files import Files, load_officers, load_trust
from services.domain.trust_papers import load_papers

__all__ = [
    "OFFICER_FILES",
    "TRUST_FILES",
    "County",
    "CountyFiles",
    "FileEncryption",
    "FileSigner",
    "OfficerFiles",
    "OpenKey",
    "PinFiles",
    "SigningKeyFiles",
    "TrustFolder",
    "generate",
    "key_name",
    "new_token",
    "open_county",
    "open_directory",
    "open_officer_files",
    "open_trust_folder",
    "read_bytes",
    "read_secret",
    "write_given",
]


@dataclass(frozen=True, slots=True)
class County:
    """The adapters of one county's directory."""

    files: CountyFiles
    access: AccessFile
    clock: SystemClock
    ids: SystemIds


def open_county(directory: Path) -> County:
    """Return the adapters of a directory; nothing is read yet."""
    return County(CountyFiles(directory), AccessFile(directory), SystemClock(), SystemIds())


def open_directory(
    root: Path,
    *,
    monotonic: Callable[[], float],
    on_fault: Callable[[Fault], None] = lambda _: None,
) -> Directory[Trust, TrustPapers]:
    """Return the watched view of what a node trusts and whom it lets in; satisfies ``services.ports.PaperedDirectory``.

    Args:
        root: The county's directory.
        monotonic: Seconds that never go back.
        on_fault: Told about each bad state of the files, and about agreements that do not count.
    """

    def build_trust(files: Files) -> Trust | Fault:
        loaded = load_trust(files)
        if isinstance(loaded, Fault):
            return loaded
        for fault in loaded.left_out:
            on_fault(fault)
        return loaded.trust

    return Directory(
        root,
        build_trust=build_trust,
        build_papers=load_papers,
        build_officers=load_officers,
        monotonic=monotonic,
        on_fault=on_fault,
    )


def open_trust_folder(root: Path, changed: Callable[[], None] = lambda: None) -> TrustFolder:
    """Return what changes a county's documents of trust, the same for the node and the commands."""
    return TrustFolder(CountyFiles(root), TRUST_FILES, changed=changed)


def open_officer_files(root: Path, changed: Callable[[], None] = lambda: None) -> OfficerFiles:
    """Return what changes officers' papers in a county's directory, the same for the node and the commands."""
    return OfficerFiles(root, digest_of=document_digest, in_force=_credentials, changed=changed)


def _credentials(files: CountyFiles) -> dict[str, SignedDocument]:
    found = load_officers(files.read_all(OFFICER_FILES))
    if isinstance(found, Fault):
        raise RequestError(found)
    return dict(found)
