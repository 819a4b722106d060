"""The watched directory: changes are seen within a second, and bad files never take what is good away."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.keys.access import TOKENS_FILE, AccessFile
from adapters.keys.directory import Directory
from schemas.access import Access, Scope
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError
from services.domain.documents import document_digest
from services.domain.trust_files import load_officers
from tests import papers


class Harness:
    """A directory whose trust is the sorted names of its files, with a clock that a test moves."""

    def __init__(self, root: Path) -> None:
        """Start with one agreement file."""
        self.root, self.now, self.builds = root, 0.0, 0
        self.told: list[Fault] = []
        self.write("trust/agreements/a@1.json", b"good")
        self.directory: Directory[list[str], list[str]] = Directory(
            root,
            build_trust=self.build,
            build_papers=self.build,
            build_officers=load_officers,
            monotonic=lambda: self.now,
            on_fault=self.told.append,
        )

    def write(self, name: str, data: bytes) -> None:
        """Write a file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def build(self, files: Mapping[str, bytes]) -> list[str] | Fault:
        """Take the names; a file that says bad is refused."""
        self.builds += 1
        bad = next((name for name, data in files.items() if data == b"bad"), None)
        return sorted(files) if bad is None else Fault("trust.malformed", bad, "it is bad")

    def later(self, seconds: float = 1.0) -> list[str]:
        """Let time pass and return the trust then."""
        self.now += seconds
        return self.directory.trust()


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    """Return a directory with one good file."""
    return Harness(tmp_path)


def access(name: str) -> Access:
    """Return a token's record."""
    digest = name.encode().hex().ljust(64, "0")
    return Access(
        name=name,
        digest=digest,
        scopes=(Scope.EVENTS_READ,),
        issued_at=papers.LONG_AGO,
        expires_at=papers.FAR_AHEAD,
    )


def test_a_new_file_is_seen_after_a_second_without_a_restart(harness: Harness) -> None:
    """An agreement adopted while the node runs must permit; within the second the files are not looked at again."""
    assert harness.directory.trust() == ["trust/agreements/a@1.json"]
    harness.write("trust/agreements/b@1.json", b"good")
    assert harness.later(0.5) == ["trust/agreements/a@1.json"]
    assert harness.later(0.5) == ["trust/agreements/a@1.json", "trust/agreements/b@1.json"]


def test_nothing_is_judged_again_while_nothing_changes(harness: Harness) -> None:
    """Signatures are verified when files change, not with every event."""
    for _ in range(10):
        harness.later()
    assert harness.builds == 1


def test_a_bad_file_leaves_the_last_good_view_and_is_told_once(harness: Harness) -> None:
    """A half-copied file must neither stop the node nor flood its log; when it is mended the new view counts."""
    good = harness.directory.trust()
    harness.write("trust/pinned.json", b"bad")
    assert [harness.later(), harness.later()] == [good, good]
    assert [fault.field for fault in harness.told] == ["trust/pinned.json"]
    assert harness.directory.faults() == tuple(harness.told)
    harness.write("trust/pinned.json", b"mended")
    assert harness.later() == ["trust/agreements/a@1.json", "trust/pinned.json"]
    assert harness.directory.faults() == ()


def test_files_that_were_never_good_are_refused(tmp_path: Path) -> None:
    """A node that trusts nothing must not run as if it did."""
    harness = Harness(tmp_path)
    harness.write("trust/pinned.json", b"bad")
    for _ in range(2):
        with pytest.raises(RequestError) as caught:
            harness.later()
        assert caught.value.fault.code == "trust.malformed"


def test_a_file_still_being_written_is_not_read(harness: Harness) -> None:
    """The temporary name of a whole write begins with a dot."""
    harness.write("trust/agreements/.b@1.json.7.new", b"bad")
    assert harness.later() == ["trust/agreements/a@1.json"]


def test_a_file_taken_away_is_gone(harness: Harness) -> None:
    """An agreement withdrawn by its file must not be permitted for ever."""
    harness.later()
    (harness.root / "trust/agreements/a@1.json").unlink()
    assert harness.later() == []


def test_a_bad_agreement_does_not_delay_a_revocation(harness: Harness) -> None:
    """Groups of files are watched apart: a stolen token must die even while an agreement is damaged."""
    file = AccessFile(harness.root)
    file.change(lambda tokens: (*tokens, access("desk")))
    held = harness.directory.access(access("desk").digest)
    assert held is not None
    assert held.revoked_at is None
    harness.later()
    harness.write("trust/pinned.json", b"bad")
    file.change(lambda tokens: tuple(one.model_copy(update={"revoked_at": papers.NOW}) for one in tokens))
    harness.later()
    revoked = harness.directory.access(access("desk").digest)
    assert revoked is not None
    assert revoked.revoked_at == papers.NOW


def test_no_token_file_lets_nobody_in(harness: Harness) -> None:
    """A node without tokens is closed, not broken."""
    assert harness.directory.access("00" * 32) is None


def test_a_damaged_token_file_keeps_the_tokens_of_before(harness: Harness) -> None:
    """A slip in an editor must not lock the duty desk out, and must not let anybody else in."""
    AccessFile(harness.root).change(lambda tokens: (*tokens, access("desk")))
    assert harness.directory.access(access("desk").digest) is not None
    harness.write(TOKENS_FILE, b'{"tokens": [{}]}')
    harness.later()
    assert harness.directory.access(access("desk").digest) is not None
    assert harness.directory.access("00" * 32) is None
    assert harness.directory.faults()[0].code == "access.malformed"


def test_a_credential_is_found_and_its_revocation_too(harness: Harness) -> None:
    """An officer who left must not answer in the county's name from the next second on."""
    document = papers.credential(papers.LIBO)
    harness.write("officers/duty-a.json", document.model_dump_json().encode())
    found = harness.directory.credential("duty-a")
    assert isinstance(found, SignedDocument)
    assert harness.directory.credential("duty-b") is None
    digest = document_digest(document)
    harness.write("officers/revoked.json", f'{{"{digest}": "2026-03-04T08:00:00.000+08:00"}}'.encode())
    harness.later()
    assert harness.directory.credential("duty-a") is None


def test_the_papers_follow_the_files(harness: Harness) -> None:
    """Evidence that brings along yesterday's agreement proves nothing about today's event."""
    assert harness.directory.papers() == ["trust/agreements/a@1.json"]
    harness.write("trust/agreements/b@1.json", b"good")
    harness.now += 1
    assert harness.directory.papers() == ["trust/agreements/a@1.json", "trust/agreements/b@1.json"]
