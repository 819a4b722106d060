"""What the manuals show is what the product has: commands, options, units, log lines, links."""

import re
from pathlib import Path

import pytest

import adapters.logging
from tests.architecture.commands import judge_command, judge_mention, mentioned_in, shown_in
from tests.architecture.tracked import ROOT, name_of, tracked

DOCUMENTS = [path for path in tracked() if path.suffix == ".md" and path.name != "CHANGELOG.md"]
RUNBOOKS = sorted((ROOT / "deploy" / "runbooks").glob("*.md"))
OPERATING = [ROOT / "docs" / "operator" / "running.md", *RUNBOOKS]
LOG_EVENT = re.compile(
    r"`((?:gateway|relay|receiver|notifier|completeness|directory|hub)\.[a-z]+_[a-z_]+|receiver\.[a-z]+ed|relay\.[a-z]+ed)`"
)
ROOMS_OF_FAULTS = ("hub.unreachable",)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_that_a_document_shows_is_one(document: Path) -> None:
    """In the night of the failure somebody types what stands there, letter by letter."""
    text = document.read_text(encoding="utf-8")
    assert [fault for command in shown_in(text) if (fault := judge_command(command))] == []
    assert [fault for command in mentioned_in(text) if (fault := judge_mention(command))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    """The page that is missing is the one that was needed."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if "decisions" not in name_of(path)], ids=name_of)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    """A proof whose test was renamed proves nothing."""
    named = re.findall(r"`((?:tests|deploy|services|adapters|schemas)/[\w./@-]*[\w/])`", document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", OPERATING, ids=name_of)
def test_every_unit_that_a_manual_names_is_there(document: Path) -> None:
    """`systemctl` says that a unit was not found, and the reader does not know whom to believe."""
    named = re.findall(r"\b(sihu(?:-[a-z]+)?(?:@\w*)?\.(?:service|timer))\b", document.read_text(encoding="utf-8"))
    assert named or "quarantine" in document.name
    files = {re.sub(r"@\w*\.", "@.", name) for name in named}
    assert [name for name in files if not (ROOT / "deploy" / "systemd" / name).exists()] == []


@pytest.mark.parametrize("document", OPERATING, ids=name_of)
def test_every_log_line_that_a_manual_names_is_written(document: Path) -> None:
    """Whoever searches the journal for a line that was renamed finds nothing and takes it for calm."""
    written = set(re.findall(r"[a-z]+\.[a-z_]+", adapters.logging.__doc__ or ""))
    named = set(LOG_EVENT.findall(document.read_text(encoding="utf-8")))
    assert named - written - set(ROOMS_OF_FAULTS) == set()


def test_every_log_line_that_needs_a_person_is_in_the_manual() -> None:
    """A line at level error that nobody explains is one that nobody acts on."""
    errors = (adapters.logging.__doc__ or "").partition("error (a person must look):")[2]
    manual = OPERATING[0].read_text(encoding="utf-8")
    assert [name for name in re.findall(r"[a-z]+\.[a-z_]+", errors) if f"`{name}`" not in manual] == []


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=name_of)
def test_a_runbook_says_what_one_sees_does_and_then_sees(runbook: Path) -> None:
    """Without the first nobody knows that it is the right one, without the last nobody knows when to stop."""
    headings = re.findall(r"^## (.+)$", runbook.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["What you see", "What to do", "How you know that it worked"]


def test_the_runbooks_that_were_promised_are_there() -> None:
    """And each is named in the manual's table."""
    manual = OPERATING[0].read_text(encoding="utf-8")
    names = {path.stem for path in RUNBOOKS}
    assert names == {
        "leaf-offline",
        "hub-lost",
        "hub-server",
        "quarantine",
        "restore",
        "disk-full",
        "certificate-expiry",
        "keys",
    }
    assert [name for name in names if f"deploy/runbooks/{name}.md" not in manual] == []


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("sihu backup county.tar --dir x", False),
        ("sihu backup county.tar --folder x", True),
        ("sihu backup", True),
        ("sihu backups county.tar", True),
        ("sihu hub renew --dir x", False),
        ("sihu hub renewal --dir x", True),
        ("sihu send alert.json --type alert_issued --status practice", True),
        ("sihu --version", False),
    ],
)
def test_a_wrong_command_would_be_noticed(command: str, fault: bool) -> None:  # noqa: FBT001 - the expected verdict
    """A check that lets everything pass looks like manuals without a mistake."""
    assert bool(judge_command(command)) is fault


@pytest.mark.parametrize("document", OPERATING, ids=name_of)
def test_every_code_that_a_manual_names_is_given(document: Path) -> None:
    """An operator compares the code on the screen with the one in the table."""
    code = re.compile(
        r"`((?:backup|chain|content|disk|event|guard|receipt|restore|sharing|signature|store|wire)\.[a-z_]+)`"
    )
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("services", "adapters", "schemas")
        for path in (ROOT / room).rglob("*.py")
    )
    named = set(code.findall(document.read_text(encoding="utf-8")))
    assert {name for name in named if f'"{name}"' not in source} == set()
