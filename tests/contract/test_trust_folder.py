"""One suite for every folder of trust: what passes is kept and counts, what does not changes nothing."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adapters.memory.trust import MemoryTrustFolder
from schemas.errors import Fault
from services.bootstrap.cli import open_trust_folder
from services.domain.agreement_adopting import Adoption, judge_adoption
from services.domain.documents import read_file
from services.domain.trust_files import agreement_file, load_trust
from services.signing_ports import TrustFolder
from tests import papers
from tests.papers import AGREEMENT, HUANJIANG
from tests.world import full_files

VERSION_2 = agreement_file(AGREEMENT, 2)


@pytest.fixture
def told() -> list[str]:
    """Who was told of a change."""
    return []


@pytest.fixture(params=["memory", "disk"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, told: list[str]) -> TrustFolder:
    """A folder with a registry and two agreements."""

    def changed() -> None:
        told.append("changed")

    if request.param == "memory":
        return MemoryTrustFolder(full_files(), changed)
    for name, data in full_files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return open_trust_folder(tmp_path, changed)


def judge(files: Mapping[str, bytes]) -> Adoption | Fault:
    """The rule of the domain, for version 2."""
    return judge_adoption([papers.signed_agreement(version=2)], files, HUANJIANG)


def test_what_passes_is_kept_whole_and_told(folder: TrustFolder, told: list[str]) -> None:
    """Read back, it is the document; and what is trusted has it."""
    before = folder.read()
    done = folder.put(judge)
    assert isinstance(done, Adoption)
    files = folder.read()
    assert read_file(files[VERSION_2]) == done.document
    assert {name: files[name] for name in before} == before
    assert told == ["changed"]
    loaded = load_trust(files)
    assert not isinstance(loaded, Fault)
    assert loaded.trust.agreements[AGREEMENT].agreement.version == 2


def test_what_does_not_pass_changes_nothing(folder: TrustFolder, told: list[str]) -> None:
    """Not a byte, and nobody is told."""
    before = folder.read()
    found = folder.put(lambda _: Fault("agreement.unsigned", "signatures", "the signature of 522722 is missing"))
    assert isinstance(found, Fault)
    assert (folder.read(), told) == (before, [])


def test_a_bug_of_the_rule_changes_nothing(folder: TrustFolder, told: list[str]) -> None:
    """The lock is free again, and the next one passes."""

    def broken(_: Mapping[str, bytes]) -> Adoption | Fault:
        raise ZeroDivisionError

    before = folder.read()
    with pytest.raises(ZeroDivisionError):
        folder.put(broken)
    assert (folder.read(), told) == (before, [])
    assert isinstance(folder.put(judge), Adoption)


def test_two_who_adopt_another_text_at_once(tmp_path: Path) -> None:
    """A page and a command at the same moment: each judges by the files as they stand, and one of them is refused."""
    for name, data in full_files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    barrier, found = threading.Barrier(2), list[Adoption | Fault]()

    def adopt(title: str) -> Callable[[], None]:
        document = papers.signed_agreement(version=2, title=title)

        def work() -> None:
            barrier.wait()
            folder = open_trust_folder(tmp_path)
            found.append(folder.put(lambda files: judge_adoption([document], files, HUANJIANG)))

        return work

    threads = [threading.Thread(target=adopt(title)) for title in ("甲文本", "乙文本")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    faults = [one for one in found if isinstance(one, Fault)]
    (kept,) = [one for one in found if isinstance(one, Adoption)]
    assert [one.code for one in faults] == ["agreement.version_taken"]
    assert read_file((tmp_path / VERSION_2).read_bytes()) == kept.document
    assert not [one for one in tmp_path.rglob("*") if one.name.startswith(".")]
