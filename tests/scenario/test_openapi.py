"""``openapi.json`` is what it says: OpenAPI 3.1, and thousands of generated requests get only documented answers.

schemathesis calls a real server on a loopback port. Positive acceptance is the one check left out: a body may fit
every schema and still name a county outside the agreement, which 403 says.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from structlog.testing import capture_logs

from schemas.access import Scope
from services.gateway.api.openapi import codes_of, openapi_document
from services.gateway.api.routes import ROUTES
from services.gateway.app import serving
from services.gateway.problems import status_of
from tests import papers
from tests.caller import calling
from tests.cap_node import cap_at
from tests.rosters import in_memory, room
from tests.world import OFFICER, County, World, alert_draft, policy_draft

SEED = "20260304"
STATED = 2000
"""Requests that the specification asks for; reached in every run, ``--full`` only digs deeper."""
DEPTH, FULL_DEPTH = 2, 100
"""Most generated examples an address, beside those that cover each constraint of the document."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
# A body too large to be parsed is refused before it is judged; live asks for WebSocket before all else.
SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 426, 428]

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 415, 422, 428]
"""
FIXED_ID = """
[[operations]]
include-name = "{method} /api/v1/events/{{id}}{rest}"
parameters = {{ "path.id" = "{envelope_id}" }}
"""


@pytest.fixture
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(openapi_document(ROUTES, "0.0.0"))
    return made


async def test_the_served_document_fits_the_specification() -> None:
    """A generator of clients must be able to read what a node serves."""
    async with calling(World()[papers.HUANJIANG]) as caller:
        answer = await caller.get("/openapi.json")

    assert answer.body["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(answer.body).iter_errors()) == []


def test_the_document_and_the_table_name_the_same_addresses(document: dict[str, Any]) -> None:
    """An address that only one of them knows is either undocumented or a promise that nobody keeps."""
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    assert documented == {(route.method, route.path) for route in ROUTES}
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_every_refusal_of_the_table_is_documented(document: dict[str, Any]) -> None:
    """A status that the table can give and the document hides surprises every generated client."""
    for route in ROUTES:
        responses = document["paths"][route.path][route.method.lower()]["responses"]
        good = {str(status) for status in (route.status, *route.also)}
        assert set(responses) == {*good, *(str(status_of(code)) for code in codes_of(route))}


def test_each_type_is_described_with_its_own_content(document: dict[str, Any]) -> None:
    """A system that sends alerts must see from the document alone what an alert holds."""
    drafts = document["components"]["schemas"]["EventDraft"]
    assert set(drafts["discriminator"]["mapping"]) >= {papers.ALERT, papers.POLICY, papers.WORK}
    name = drafts["discriminator"]["mapping"][papers.ALERT].rpartition("/")[2]
    assert document["components"]["schemas"][name]["properties"]["content"] == {
        "$ref": "#/components/schemas/AlertIssued"
    }


@pytest.mark.timeout(1200)
async def test_generated_requests_get_only_documented_answers(tmp_path: Path, *, full: bool) -> None:
    """No 5xx, no undocumented status, content type, header or body; bad tokens and bad data are always refused."""
    county, received = await _county_with_events()
    token = county.let_in("fuzz", *Scope, officer=OFFICER)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS + _fixed(received), encoding="utf-8")
    with capture_logs():  # thousands of refusals
        async with cap_at(county, tmp_path / "cap"), serving(county.gateway(), host="127.0.0.1", port=0) as port:
            code, output = await _schemathesis(port, token, tmp_path, depth=FULL_DEPTH if full else DEPTH)
            answered = await _answered(port, token)

    assert code == 0, output[-4000:]
    assert county.crashes == []
    assert answered >= STATED, f"only {answered} requests"


async def _county_with_events() -> tuple[County, str]:
    world = World()
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await county.send(policy_draft())
    await world.carry()
    county.roster = room(in_memory())
    return county, posted.envelope_id


def _fixed(envelope_id: str) -> str:
    # Random ids are never found: two of the three addresses of an event are called with one that is there.
    places = (("GET", "/receipts"), ("POST", "/acknowledgement"))
    return "".join(FIXED_ID.format(method=method, rest=rest, envelope_id=envelope_id) for method, rest in places)


async def _schemathesis(port: int, token: str, directory: Path, *, depth: int) -> tuple[int, str]:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(directory / "schemathesis.toml"), "run"),
        f"http://127.0.0.1:{port}/api/v1/openapi.json",
        *("--header", f"Authorization: Bearer {token}"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(depth)),
        *("--seed", SEED, "--generation-database", "none", "--suppress-health-check", "all"),
        *("--request-timeout", "30", "--warnings", "off", "--no-color"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")


async def _answered(port: int, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as r,
    ):
        text = await r.text()
    return sum(int(float(one)) for one in re.findall(r"^sihu_gateway_answers_total\{.*\} (\S+)$", text, re.MULTILINE))
