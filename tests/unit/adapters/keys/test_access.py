"""The file of tokens: concurrent changes are all kept, and a damaged file is never written over."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from adapters.keys.access import TOKENS_FILE, AccessFile, new_token
from schemas.access import Access, Scope
from schemas.errors import RequestError
from tests import papers


def access(number: int) -> Access:
    """Return a token's record."""
    return Access(
        name=f"token-{number}",
        digest=f"{number:064x}",
        scopes=(Scope.EVENTS_READ,),
        issued_at=papers.LONG_AGO,
        expires_at=papers.FAR_AHEAD,
    )


def issue_some(root: Path, first: int) -> None:
    """Issue five tokens, one change each."""
    for number in range(first, first + 5):
        AccessFile(root).change(lambda tokens, number=number: (*tokens, access(number)))  # type: ignore[misc]


def test_changes_by_several_processes_are_all_kept(tmp_path: Path) -> None:
    """Two officers who issue or revoke at once must not undo each other."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(issue_some, tmp_path, first) for first in (0, 100)]:
            done.result()
    names = {one.name for one in AccessFile(tmp_path).read()}
    assert names == {f"token-{number}" for first in (0, 100) for number in range(first, first + 5)}


def test_a_damaged_list_is_not_written_over(tmp_path: Path) -> None:
    """What can be mended by hand must not be lost to the next command."""
    (tmp_path / TOKENS_FILE).write_bytes(b"{")
    with pytest.raises(RequestError) as caught:
        AccessFile(tmp_path).change(lambda tokens: (*tokens, access(1)))
    assert caught.value.fault.code == "access.malformed"
    assert (tmp_path / TOKENS_FILE).read_bytes() == b"{"


def test_a_refused_change_changes_nothing(tmp_path: Path) -> None:
    """An edit that finds a reason not to must leave the file as it was, byte for byte."""
    AccessFile(tmp_path).change(lambda tokens: (*tokens, access(1)))
    before = (tmp_path / TOKENS_FILE).read_bytes()

    def refuse(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
        raise LookupError(len(tokens))

    with pytest.raises(LookupError):
        AccessFile(tmp_path).change(refuse)
    assert (tmp_path / TOKENS_FILE).read_bytes() == before


def test_tokens_are_long_and_never_the_same() -> None:
    """A token that can be guessed is an open door; the prefix lets scanners find one that strayed."""
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(one.startswith("sihu_") and len(one) == 48 for one in tokens)


def test_a_change_is_told_at_once(tmp_path: Path) -> None:
    """Else a token that was just revoked counts for a second more."""
    told: list[int] = []
    file = AccessFile(tmp_path, changed=lambda: told.append(len(file.read())))
    file.change(lambda tokens: (*tokens, access(1)))
    assert told == [1]
    assert file.fresh() != file.fresh()
