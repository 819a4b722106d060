"""Decision records are numbered and complete, and what they promise exists: docs/decisions/0001-record-decisions.md."""

import re
from pathlib import Path

import pytest

from tests.architecture.tracked import ROOT, name_of, python_files

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HEADINGS = ["Context", "Options", "Decision", "Consequences", "Enforced by"]


def test_the_numbers_have_neither_gap_nor_double() -> None:
    """Two records with one number: half of the references point to the wrong one."""
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_complete(record: Path) -> None:
    """A decision without its options cannot be judged later; one without a test is a wish."""
    text = record.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert re.search(r"^Status: ", text, re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_what_enforces_a_decision_exists(record: Path) -> None:
    """A test that was renamed leaves its decision unguarded."""
    enforced = record.read_text(encoding="utf-8").partition("## Enforced by")[2]
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)`", enforced)
    assert named, "name at least one test"
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_record_that_the_code_names_exists() -> None:
    """A docstring that sends the reader to a record nobody wrote."""
    pattern = re.compile(r"docs/decisions/(\d{4}-[\w-]+\.md)")
    stems = {path.name for path in RECORDS}
    missing = {
        f"{name_of(path)}: {name}"
        for path in python_files()
        for name in pattern.findall(path.read_text(encoding="utf-8"))
        if name not in stems
    }
    assert missing == set()
