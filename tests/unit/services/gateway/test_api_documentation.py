"""docs/api.md says what the code does: every code with its status, every address, examples that are accepted."""

import ast
import json
import re
from itertools import chain
from pathlib import Path

import pytest

from schemas.access import Scope
from schemas.errors import UnavailableError
from schemas.faults import faults_of
from services.gateway.api.route import BASE
from services.gateway.api.routes import ROUTES
from services.gateway.live import LiveEnd
from services.gateway.problems import FAMILIES, STATUSES, status_of
from tests import papers
from tests.caller import calling
from tests.world import World

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
JUDGES = (
    "mediation",
    "mediation_door",
    "mediation_next",
    "mediation_rules",
    "mediation_terms",
    "calls",
    "releasing",
    "release_records",
    "encoding",
    "drafting",
    "histories",
    "sharing",
    "quotas",
    "guards",
    "governance",
    "agreement_adopting",
    "agreement_copies",
    "agreement_drafts",
    "documents",
    "succession",
    "acts",
    "campaigns",
    "offers",
    "projects",
    "threads",
    "evidence_writing",
    "evidence_choosing",
    "roster_files",
    "duty_calendars",
    "recurrence",
    "cap_answers",
    "cap_lines",
    "cap_reading",
    "cap_rules",
    "cap_taking",
    "cap_telling",
    "referrals",
    "service_requests",
    "course_drafts",
    "flow_making",
    "flow_tables",
    "plans",
    "briefs",
    "search_text",
    "release_signing",
)
"""Rules of the domain whose faults a caller can meet."""
ELSEWHERE = {
    *(
        "content.wrong_form",
        "content.unknown_field",
        "encryption.content_not_opened",
        "file.digest",
    ),
    *("call.audience", "call.other_officer", "release.other_officer", "release.unknown_event", "release.repeated"),
    *("cap.answer", "cap.no_answer", "cap.key", "cap.file", "cap.signers"),
    *("cap.feed", "cap.link", "cap.redirect", "cap.own", "cap.nothing_ended"),
    *("cap.to_complete", "cap.other_sender", "cap.unsent", "cap.unsure", "cap.no_number"),
}
"""Of the same families: met by commands or a receiver, told as an ending, of feeds alone, or why something is held."""
OF_CALENDARS = {
    *("ics.unreadable", "ics.unsupported", "ics.unknown_zone", "ics.length"),
    *("ics.several_officers", "ics.unknown_officer"),
}
"""Told of one event of a calendar file, by a name that stands in no call of its own."""
ENDINGS = ("request", "content", "acknowledgement", "query", "path")


def codes_in(path: Path) -> set[str]:
    """Return the codes of the faults that a module makes."""
    calls = (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call) and node.args)
    firsts = (call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Fault")
    return {first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)}


def codes_of_the_code() -> set[str]:
    """Return every code that a caller of the API can meet, but those of models."""
    modules = chain(
        (ROOT / "services" / "gateway").rglob("*.py"),
        (ROOT / "services" / "cap_intake").rglob("*.py"),
        (ROOT / "adapters" / "cap").rglob("*.py"),
        (ROOT / "services" / "domain" / f"{name}.py" for name in JUDGES),
        [ROOT / "schemas" / "catalogue.py"],
        (ROOT / "services" / f"{name}.py" for name in ("acknowledging", "casework", "file_work")),
        [ROOT / "services" / "rostering.py", ROOT / "adapters" / "rosters" / "directory.py"],
        [ROOT / "adapters" / "calendar" / "reading.py", ROOT / "adapters" / "spreadsheet" / "reading.py"],
    )
    found = {UnavailableError.code, *OF_CALENDARS}.union(*(codes_in(module) for module in modules))
    return {code for code in found if code.partition(".")[0] in FAMILIES} - ELSEWHERE


def documented() -> dict[str, int]:
    """Return the codes of the table and their statuses."""
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_0-9]+)` \| (\d{3}) \|", TEXT, re.MULTILINE)
    return {code: int(status) for code, status in rows}


def test_every_code_is_documented() -> None:
    """A code that nobody can look up sends an officer to the telephone."""
    assert set(documented()) == codes_of_the_code()


def test_every_status_is_the_true_one() -> None:
    """A client that retries on 503 and not on 422 relies on it."""
    assert {code: status_of(code) for code in documented()} == documented()


def test_no_status_is_kept_for_a_code_that_is_gone() -> None:
    """A left-over row would look like a promise."""
    assert set(STATUSES) <= set(documented())


def test_every_ending_is_documented() -> None:
    """The endings come from one table of the shared language; a new one must be explained here."""
    module = ROOT / Path(faults_of.__code__.co_filename).relative_to(ROOT)
    table = re.findall(r'^    (?:"\w+"|_RULE): \("(\w+)", ', module.read_text(encoding="utf-8"), re.MULTILINE)
    rows = set(re.findall(r"^\| `([a-z_]+)` \| [^|]*\|$", TEXT.partition("| ending |")[2], re.MULTILINE))

    assert rows == {*table, "invalid"}
    assert {status_of(f"{where}.x") for where in ENDINGS[:3]} == {422}
    assert {status_of(f"{where}.x") for where in ENDINGS[3:]} == {400}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_address_is_documented(route) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """An address that only the machine-readable document has is not found by people."""
    short = route.path.removeprefix(BASE).removeprefix("/")
    assert f"{route.path}" in TEXT or re.search(rf"`/?{re.escape(short)}", TEXT)


def test_every_close_code_is_documented() -> None:
    """A client decides by the code whether to come back."""
    assert all(f"| {end.value} |" in TEXT for end in LiveEnd)


async def test_the_example_is_accepted() -> None:
    """An example that is refused is worse than none."""
    example = next(block for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
    county = World()[papers.LIBO]
    async with calling(county, county.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)) as caller:
        answer = await caller.post("/events", json=json.loads(example))

    assert answer.status == 202
    assert all(f'"{name}"' in TEXT for name in answer.body)
