"""What this node trusts and whom it lets in, read from files that may change while the node runs.

Three groups are watched apart, so that a damaged agreement never delays the revocation of a token:
the signed documents of trust, the access list, and the officers' credentials.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

from adapters.keys.access import TOKENS_FILE, read_access
from schemas.access import Access
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError

T = TypeVar("T")
P = TypeVar("P")
Files = Mapping[str, bytes]
"""Path below the county's directory, with ``/``, to the file's bytes."""

TRUST_FILES: Final = ("trust/pinned.json", "trust/registry-*.json", "trust/agreements/*.json", "trust/keys/*.json")
OFFICER_FILES: Final = ("officers/*.json",)
LOOK_AGAIN_SECONDS: Final = 1.0

_Stamp = tuple[tuple[str, int, int, int], ...]  # path, inode, size in bytes, time of change in ns


class WatchedFiles(Generic[T]):
    """A value built from files: looked for at most once a second, built again when a file changed."""

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str],
        build: Callable[[Files], T | Fault],
        *,
        monotonic: Callable[[], float],
        on_fault: Callable[[Fault], None] = lambda _: None,
    ) -> None:
        """Read nothing yet.

        Args:
            root: The county's directory.
            patterns: Globs below it.
            build: Turns the files into the value, or says what is wrong with them.
            monotonic: Seconds that never go back.
            on_fault: Told once for each bad state of the files; the last good value stays in force.
        """
        self._root, self._patterns, self._build = root, patterns, build
        self._monotonic, self._on_fault = monotonic, on_fault
        self._looked_at: float | None = None
        self._stamp: _Stamp | None = None
        self._value: T | None = None
        self.fault: Fault | None = None

    def refresh(self) -> None:
        """A file was changed by this process: look at once when the value is asked for next."""
        self._looked_at = None

    def current(self) -> T:
        """Return the value in force.

        Raises:
            RequestError: The files were never good since this process began.
        """
        now = self._monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._look()
        if self._value is None:
            raise RequestError(self.fault or Fault("directory.empty", str(self._root), "there is nothing here"))
        return self._value

    def _look(self) -> None:
        stamp = self._scan()
        if stamp == self._stamp:
            return
        built = self._built()
        if isinstance(built, Fault):
            if built != self.fault:
                self._on_fault(built)
            self.fault = built
        else:
            self.fault, self._value = None, built
        # Stamped only now: a file that changed while it was read has another stamp at the next look.
        self._stamp = stamp

    def _built(self) -> T | Fault:
        try:
            return self._build({name: (self._root / name).read_bytes() for name in self._names()})
        except RequestError as exc:
            return exc.fault
        except OSError as exc:
            return Fault("directory.unreadable", str(exc.filename), f"it cannot be read: {exc.strerror}")

    def _names(self) -> list[str]:
        found = (path for pattern in self._patterns for path in self._root.glob(pattern))
        # A name that begins with a dot is a file still being written.
        return sorted(path.relative_to(self._root).as_posix() for path in found if not path.name.startswith("."))

    def _scan(self) -> _Stamp:
        found = []
        for name in self._names():
            with contextlib.suppress(FileNotFoundError):  # taken away just now: the next look sees it gone
                state = (self._root / name).stat()
                found.append((name, state.st_ino, state.st_size, state.st_mtime_ns))
        return tuple(found)


def _access_by_digest(files: Files) -> Mapping[str, Access] | Fault:
    data = files.get(TOKENS_FILE)
    return {one.digest: one for one in read_access(data).tokens} if data is not None else {}


class Directory(Generic[T, P]):
    """Satisfies ``services.ports.PaperedDirectory`` when what is built is a ``Trust`` and its ``TrustPapers``."""

    def __init__(
        self,
        root: Path,
        *,
        build_trust: Callable[[Files], T | Fault],
        build_papers: Callable[[Files], P | Fault],
        build_officers: Callable[[Files], Mapping[str, SignedDocument] | Fault],
        monotonic: Callable[[], float],
        on_fault: Callable[[Fault], None] = lambda _: None,
    ) -> None:
        """Take the domain's rules; read nothing yet.

        Args:
            root: The county's directory.
            build_trust: Judges the documents of trust.
            build_papers: Returns those documents; asked for evidence alone, so its faults are told by the trust's.
            build_officers: Returns the credentials in force by officer id.
            monotonic: Seconds that never go back.
            on_fault: Told once for each bad state of a group of files.
        """
        self._trust = WatchedFiles(root, TRUST_FILES, build_trust, monotonic=monotonic, on_fault=on_fault)
        self._papers = WatchedFiles(root, TRUST_FILES, build_papers, monotonic=monotonic)
        self._officers = WatchedFiles(root, OFFICER_FILES, build_officers, monotonic=monotonic, on_fault=on_fault)
        self._access = WatchedFiles(root, (TOKENS_FILE,), _access_by_digest, monotonic=monotonic, on_fault=on_fault)

    def trust(self) -> T:
        """Return the view in force now.

        Raises:
            RequestError: No registry is trusted here, or its files are damaged.
        """
        return self._trust.current()

    def papers(self) -> P:
        """Return the documents of trust as they are kept.

        Raises:
            RequestError: No registry is trusted here, or its files are damaged.
        """
        return self._papers.current()

    def refresh_trust(self) -> None:
        """A document of trust was written by this process: let it count at once."""
        self._trust.refresh()

    def refresh_officers(self) -> None:
        """Credentials or tokens were written by this process: let them count at once."""
        self._officers.refresh()
        self._access.refresh()

    def access(self, token_digest: str) -> Access | None:
        """Return the token with this SHA-256 (hex), revoked or expired ones too, or None."""
        return self._access.current().get(token_digest)

    def credential(self, officer: str) -> SignedDocument | None:
        """Return an officer's certified credential, or None if there is none or it was revoked."""
        return self._officers.current().get(officer)

    def faults(self) -> tuple[Fault, ...]:
        """Return what is wrong with the files now; the last good views are in force meanwhile."""
        return tuple(group.fault for group in (self._trust, self._officers, self._access) if group.fault is not None)
