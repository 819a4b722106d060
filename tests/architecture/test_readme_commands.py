"""Every ``run.py`` command a document shows exists; the first screen of each README holds the two that matter."""

import re
from pathlib import Path

import pytest

import run
from tests.architecture.tracked import ROOT, name_of, tracked

DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
FIRST_SCREEN_LINES = 40


def commands_in(text: str) -> set[str]:
    """Return the word that follows ``run.py`` wherever a document shows a command; placeholders stay out."""
    return set(re.findall(r"python3 run\.py ([a-z][\w-]*)", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_the_commands_a_document_shows_exist(document: Path) -> None:
    """A newcomer copies the line, gets an error, and leaves."""
    assert commands_in(document.read_text(encoding="utf-8")) <= run.COMMANDS.keys()


@pytest.mark.parametrize("readme", READMES, ids=name_of)
def test_the_first_screen_holds_the_two_commands(readme: Path) -> None:
    """Whoever opens the project must see at once how to watch it work and how to check that it does."""
    first_screen = "\n".join(readme.read_text(encoding="utf-8").splitlines()[:FIRST_SCREEN_LINES])
    assert {"demo", "test"} <= commands_in(first_screen)
