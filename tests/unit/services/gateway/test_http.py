"""HTTP itself: every refusal is a problem document, health tells the truth, our own bugs end the process."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.store import MemoryStore
from schemas.access import Scope
from schemas.errors import InvariantError
from services.gateway.api.route import Door
from services.gateway.api.routes import ROUTES
from tests import papers
from tests.caller import calling
from tests.world import County, World, alert_draft, policy_draft

T = TypeVar("T")


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


async def test_an_unknown_address_is_a_problem(county: County) -> None:
    """A client that parses problems must never get a page of HTML."""
    async with calling(county) as caller:
        answers = [await caller.get(path) for path in ("/nowhere", "//", "//api", "/events/a/b/c", "/events/")]

    assert [one.status for one in answers] == [404] * 5
    assert all(one.is_problem for one in answers)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_another_method_is_told_the_right_ones(county: County, method: str) -> None:
    """405 without Allow leaves the caller guessing."""
    async with calling(county) as caller:
        answer = await caller.ask(method, "/events")

    assert answer.status == 405
    assert set(re.split(r",\s*", answer.headers["Allow"])) == {"GET", "POST"}
    assert answer.is_problem


async def test_every_answer_forbids_storing_and_sniffing(county: County) -> None:
    """A shared cache must not keep what one token was shown."""
    async with calling(county) as caller:
        for path in ("/events", "//healthz", "/nowhere"):
            headers = (await caller.get(path)).headers
            assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
            assert headers["Server"] == "sihu"  # no version of any library


async def test_a_body_in_chunks_is_bounded_too(county: County) -> None:
    """Without Content-Length the bound must hold while reading, or memory is the caller's to fill."""
    token = county.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b" " * 4096

    async with calling(county, token) as caller:
        answer = await caller.post("/events", data=chunks(), headers={"Content-Type": "application/json"})

    assert (answer.status, answer.body["code"], answer.body["field"]) == (413, "json.too_large", "body")


async def test_expect_continue_is_answered(county: County) -> None:
    """Curl asks before it sends a large body; a server that keeps silent costs a second each time."""
    token = county.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)
    async with calling(county, token) as caller:
        answer = await caller.post("/events", json=policy_draft(), expect100=True)

    assert answer.status == 202


@pytest.mark.parametrize("prefix", ["", "/"])
async def test_healthz_needs_no_token(county: County, prefix: str) -> None:
    """The supervisor asks it, at the root and below the API."""
    async with calling(county) as caller:
        answer = await caller.get(f"{prefix}/healthz")

    assert (answer.status, answer.body["status"]) == (200, "alive")


@pytest.mark.parametrize("prefix", ["", "/"])
async def test_readyz_names_what_is_missing(county: County, prefix: str) -> None:
    """The words "not ready" without a reason sends the operator through every log."""
    async with calling(county) as caller:
        ready = await caller.get(f"{prefix}/readyz")
        county.checks["hub"] = False
        missing = await caller.get(f"{prefix}/readyz")

    assert (ready.status, ready.body["checks"]) == (200, {"store": True, "hub": True})
    assert (missing.status, missing.body["code"], missing.body["field"]) == (503, "node.not_ready", "hub")
    assert missing.is_problem


async def test_metrics_show_what_the_store_counts() -> None:
    """The graph that pages somebody must move when a neighbour falls silent."""
    world = World()
    county = world[papers.HUANJIANG]
    await county.send(alert_draft())
    await county.take_waiting()  # lost on the way: nobody proves to have it
    await world.clock.move(90)
    token = county.let_in("prometheus", Scope.OPERATE)
    async with calling(county, token) as caller:
        await caller.get("/nowhere")
        answer = await caller.get("//metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    lines = answer.body.splitlines()
    assert "sihu_events_out_total 1.0" in lines
    assert "sihu_deliveries_total 2.0" in lines
    assert "sihu_stored_total 0.0" in lines
    assert 'sihu_lane_publications_total{lane="urgent"} 2.0' in lines
    assert 'sihu_lane_published_total{lane="urgent"} 2.0' in lines
    assert 'sihu_oldest_unstored_seconds{county="522722"} 90.0' in lines
    assert 'sihu_ready{check="hub"} 1.0' in lines
    assert 'sihu_gateway_refusals_total{code="http.not_found"} 1.0' in lines


async def test_metrics_have_one_name_each_of_prometheus_form() -> None:
    """A name without its unit or its ending is read for something else; one without help is read by nobody."""
    world = World()
    county = world[papers.HUANJIANG]
    token = county.let_in("prometheus", Scope.OPERATE)
    async with calling(county, token) as caller:
        families = list(text_string_to_metric_families((await caller.get("/metrics")).body))

    assert {one.name for one in families if not one.name.startswith("sihu_")} == set()
    assert [one.name for one in families if not one.documentation] == []
    for one in families:
        assert one.type in {"counter", "gauge", "histogram"}, one
        named = {sample.name for sample in one.samples}
        assert (one.type == "counter") is all(name.endswith(("_total", "_created")) for name in named) or not named


async def test_metrics_of_two_nodes_never_mix() -> None:
    """A test, the demo and a bench run several nodes in one process."""
    world = World()
    first, second = world[papers.HUANJIANG], world[papers.LIBO]
    token = second.let_in("prometheus", Scope.OPERATE)
    async with calling(first) as one, calling(second, token) as other:
        await one.get("/nowhere")
        text = (await other.get("/metrics")).body

    assert "http.not_found" not in text


class BrokenStore(MemoryStore):
    """A store whose chain does not hold together."""

    async def read(self, work: Callable[[MemorySnapshot], T]) -> T:
        """Find the fault."""
        await super().read(work)
        raise InvariantError("a link is missing at #7")


async def test_our_own_bug_ends_the_process(county: County) -> None:
    """A node that goes on with a broken chain would sign on top of it."""
    county.store = BrokenStore()
    token = county.let_in("desk", Scope.EVENTS_READ)
    async with calling(county, token) as caller:
        answer = await caller.get("/events")

    assert (answer.status, answer.body["code"]) == (500, "sihu.invariant")
    assert answer.is_problem
    assert "#7" not in str(answer.body)
    assert [str(one) for one in county.crashes] == ["a link is missing at #7"]


async def test_a_caller_that_hangs_up_crashes_nothing(county: County) -> None:
    """Whoever closes the connection in the middle of a body is no bug of ours."""
    token = county.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)
    async with calling(county, token) as caller:
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.port)
        writer.write(
            b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
        assert (await caller.get("/healthz")).status == 200

    assert county.crashes == []


async def test_logs_never_hold_a_payload_or_a_token(county: County) -> None:
    """A log is read by many, kept long and sent elsewhere."""
    token = county.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with calling(county, token) as caller:
            await caller.post("/events", json=policy_draft())
            await caller.post("/events", json=policy_draft(to=[papers.FUNING]))

    assert [one["event"] for one in logs] == ["gateway.submitted", "gateway.refused"]
    assert (logs[1]["code"], logs[1]["status"], logs[1]["access"]) == ("sharing.outside_agreement", 403, "hall")
    assert token not in str(logs)
    assert papers.policy_content()["title"] not in str(logs)


def test_only_health_and_the_documents_are_open() -> None:
    """A new address must not be open to everybody because somebody forgot its scope."""
    open_paths = {route.path for route in ROUTES if route.scope is Door.OPEN}

    assert open_paths == {
        "/healthz",
        "/readyz",
        "/api/v1/healthz",
        "/api/v1/readyz",
        "/api/v1/openapi.json",
        "/api/v1/asyncapi.json",
    }


class CountingStore(MemoryStore):
    """A store that counts how often it is read."""

    reads = 0

    async def read(self, work: Callable[[MemorySnapshot], T]) -> T:
        """Count and read."""
        self.reads += 1
        return await super().read(work)


async def test_no_open_address_reads_the_store(county: County) -> None:
    """Whoever may ask without a token must not be able to make the database work."""
    county.store = store = CountingStore()
    async with calling(county) as caller:
        for route in ROUTES:
            if route.scope is Door.OPEN:
                assert (await caller.get("/" + route.path)).status == 200

    assert store.reads == 0
