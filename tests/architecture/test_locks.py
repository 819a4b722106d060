"""The locks are hashed, universal, complete, and name no host. See docs/decisions/0003-install-from-hashed-locks.md."""

import re
import tomllib
from importlib.metadata import distributions, requires

import pytest
from packaging.requirements import Requirement

from tests.architecture.tracked import ROOT

RUNTIME = "requirements.lock.txt"
DEV = "requirements-dev.lock.txt"
BUILD = "requirements-build.lock.txt"
LOCKS = (BUILD, RUNTIME, DEV)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INSTALLED = {each.name.lower().replace("_", "-") for each in distributions()}
PINNED = re.compile(
    r"^([a-z0-9._-]+)(?:\[[^]]+\])?==(\S+)[^\n\\]*((?:\\\n +--hash=sha256:[0-9a-f]{64} ?)*)", re.MULTILINE
)


def text_of(lock: str) -> str:
    """Return the whole lock."""
    return (ROOT / lock).read_text(encoding="utf-8")


def versions_of(lock: str) -> dict[str, str]:
    """Return name -> pinned version."""
    return {match[1]: match[2] for match in PINNED.finditer(text_of(lock))}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_carries_a_hash(lock: str) -> None:
    """A pin without a hash installs whatever the mirror of the day hands out."""
    without = [match[1] for match in PINNED.finditer(text_of(lock)) if "--hash=" not in match[0]]
    assert without == []
    assert versions_of(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(lock: str) -> None:
    """Where packages come from is for the office's own pip settings to say."""
    assert re.findall(r"://|--(?:extra-)?index|--find-links|@ |/tmp", text_of(lock)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_serves_every_machine(lock: str) -> None:
    """A lock resolved for one processor would leave the other offices without a package."""
    assert re.findall(r"^[^#\n]*;.*(?:platform_machine|python_version)[^\n]*", text_of(lock), re.MULTILINE) == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (RUNTIME, PROJECT["project"]["dependencies"]),
        (DEV, PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]),
        (BUILD, PROJECT["dependency-groups"]["build"] + PROJECT["build-system"]["requires"]),
    ],
)
def test_a_lock_fits_the_project(lock: str, wanted: list[str]) -> None:
    """A dependency that was added without `python3 run.py lock` fails on every machine but its author's."""
    versions = versions_of(lock)
    unmet = [line for line in wanted if not fits(Requirement(line), versions)]
    assert unmet == []


def fits(wanted: Requirement, versions: dict[str, str]) -> bool:
    """Tell whether the pinned version is one that is wanted."""
    version = versions.get(wanted.name.lower())
    return version is not None and wanted.specifier.contains(version)


def test_what_is_tested_is_what_is_shipped() -> None:
    """The tests' environment holds every package of the product in the very version that is shipped."""
    dev = versions_of(DEV)
    assert {name: dev.get(name) for name in versions_of(RUNTIME)} == versions_of(RUNTIME)


def test_an_extra_is_part_of_its_pin() -> None:
    """Pip before 23.3 takes the newest `coverage[toml]` beside a pinned `coverage`, and refuses what has no hash."""
    wanted = [Requirement(line) for name in versions_of(DEV) if name in INSTALLED for line in requires(name) or ()]
    with_extras = {
        f"{each.name.lower()}[{','.join(sorted(each.extras))}]"
        for each in wanted
        if each.extras
        and each.name.lower() in INSTALLED
        and (each.marker is None or each.marker.evaluate({"extra": ""}))
    }
    assert "coverage[toml]" in with_extras  # pytest-cov's: without it this test would look at nothing
    assert [each for each in sorted(with_extras) if f"\n{each}==" not in text_of(DEV)] == []
