"""A hub's operator who swallows messages, and a source with two faces: named and healed within two beacon intervals.

Real processes and a real nats-server; beacons every two seconds instead of every minute. What is measured are the
times of the nodes, from the acceptance of an event to the notice or to the arrival; what this test takes to ask is not
in them. A machine that does other things, too, delays the nodes: so long as they were ready and got no processor the
bound moves, and not a moment longer.
"""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles
from adapters.keys.county_files import CountyFiles, read_secret
from adapters.memory.clock import ManualClock
from schemas.carriage import Publication
from schemas.subjects import SIGNAL_STREAM, Lane, hub_streams, stream_of
from services.bootstrap.node import credentials_of
from services.demo.cast import AGREEMENT_ID, Part
from services.demo.sampling import sample
from services.settings import read_settings
from tests.commands import done, sihu
from tests.counties import World, report
from tests.desk import opened
from tests.desks import DiskCounty
from tests.interop.verifier import PROGRAM, node
from tests.operators import hand_over
from tests.waiting import starved_seconds

BEACON_SECONDS: Final = 2.0
TWO_INTERVALS: Final = 2 * BEACON_SECONDS
SECONDS: Final = 60
"""Until this test gives up waiting; it measures by the nodes' own times."""
UNTRUSTED: Final = 3
SOURCE, VICTIM, OTHER = "522722", "451226", "451222"
CAST: Final = (
    Part(OTHER, "天峨县联络办", "0778-7820110", behind_leaf=True),
    Part(VICTIM, "环江毛南族自治县联络办", "0778-8820110"),
    Part(SOURCE, "荔波县联络办", "0854-3610110"),
)


def prepared(root: Path) -> World:
    """Three counties whose beacons come every two seconds."""
    world = World.prepared(root, CAST)
    for part in CAST:
        with (world.stage.county(part.code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write(f"[bus]\nbeacon_seconds = {BEACON_SECONDS}\n")
    return world


class Operator:
    """The hub's operator, who reads routing and decides what is handed to whom."""

    def __init__(self, world: World, registrar: HubConnection) -> None:
        """Borrow the registrar's connection."""
        self._world, self._registrar = world, registrar

    async def swallow(self, *lanes: Lane, source: str, victim: str) -> None:
        """Hand the victim nothing more of the stream of ``source``, except its repairs."""
        for stream in {stream_of(source, lane) for lane in lanes}:
            kept = [f"hub.in.*.{Lane.REPAIR}.{place}.>" for place in (victim, f"_{AGREEMENT_ID}")]
            await hand_over(self._registrar, stream, victim, kept)

    async def swallow_everything(self, *, source: str, victim: str) -> None:
        """Hand the victim nothing more that ``source`` publishes, its signals and repairs among it."""
        others = [part.code for part in CAST if part.code not in {source, victim}]
        for stream in hub_streams():
            places = (victim,) if stream == SIGNAL_STREAM else (victim, f"_{AGREEMENT_ID}")
            kept = [f"hub.in.{other}.*.{place}.>" for other in others for place in places]
            await hand_over(self._registrar, stream, victim, kept)


@asynccontextmanager
async def operating(world: World) -> AsyncIterator[Operator]:
    """Log in as the registrar."""
    hub = world.stage.hub
    tls = TlsFiles(hub / "ca" / "ca.pem", hub / "tls" / "hub.pem", hub / "tls" / "hub.key")
    credentials = Credentials((f"tls://127.0.0.1:{world.ports.hub}",), read_secret(hub / "registrar.nkey"), tls)
    async with HubConnection(credentials, who="registrar").running() as registrar:
        await registrar.contact(timeout_seconds=20)
        yield Operator(world, registrar)


async def notices(world: World, code: str, kind: str) -> list[dict[str, Any]]:
    """What a county's officer was told of one kind, newest first; also what is over."""
    async with world.client(code) as client:
        found = json.loads(await client.get("/notices", {"limit": "100", "open": "false"}))["notices"]
    return [one for one in found if one["kind"] == kind]


async def events_in(world: World, code: str) -> int:
    """How many events a county holds."""
    return int((await world.gauges(code)).get("sihu_events_in", 0))


async def until(what: Callable[[], Awaitable[object]], seconds: float) -> float:
    """Wait until ``what()`` is true; return how long it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)
    return time.monotonic() - began


class Bound:
    """Two beacon intervals from now on, as the processes of this world can keep them."""

    def __init__(self, world: World, *codes: str) -> None:
        """Begin."""
        self._pids = [*(world.troupe.pid(code) for code in codes), *map(world.server_pid, ("hub", f"leaf-{OTHER}"))]
        self._starved = starved_seconds(self._pids)

    def holds(self, seconds: float) -> bool:
        """Tell whether it was kept."""
        return seconds <= TWO_INTERVALS + starved_seconds(self._pids) - self._starved


def at(text: str) -> datetime:
    """Read a time of the API or of a log."""
    return datetime.fromisoformat(text)


async def recorded_at(world: World, code: str, envelope_id: str) -> datetime:
    """When a county recorded an event: accepted it, or took it in."""
    async with world.client(code) as client:
        return at(json.loads(await client.get(f"/events/{envelope_id}"))["recorded_at"])


async def beacons_flow(world: World, *codes: str) -> None:
    """Wait until everybody has heard everybody."""

    async def heard() -> bool:
        for code in codes:
            async with world.client(code) as client:
                text = (await client.get("/metrics")).decode()
            if text.count("sihu_beacon_age_seconds{") < len(codes) - 1:
                return False
        return True

    await until(heard, 30)


@pytest.mark.timeout(180)
async def test_a_hub_that_swallows_what_it_acknowledged_is_found_out(tmp_path: Path) -> None:
    """The hub keeps the messages and never hands them to one county: first the tail of a chain, then its middle."""
    world = await asyncio.to_thread(prepared, tmp_path)
    bulletin, alert = (sample(name, begin=SystemClock().now()) for name in ("work_bulletin", "rainstorm_issued"))
    async with world.running(), operating(world) as operator:
        await world.send(SOURCE, bulletin, "one")
        await world.keyed(SECONDS)
        await beacons_flow(world, SOURCE, VICTIM, OTHER)
        await operator.swallow(Lane.NORMAL, source=SOURCE, victim=VICTIM)

        bound = Bound(world, SOURCE, VICTIM, OTHER)
        swallowed = await world.send(SOURCE, bulletin, "swallowed-tail")
        await until(lambda: _holds(world, 2), SECONDS)
        notice = (await notices(world, VICTIM, "missing"))[0]
        named, healed = await _named_and_healed(world, notice, swallowed)
        assert bound.holds(named)
        assert bound.holds(healed)
        assert notice["county"] == SOURCE
        assert "荔波" in notice["text"]
        assert f"{swallowed['channel'][:8]} 的第 {swallowed['seq']} 条" in notice["text"]
        await until(lambda: _resolved(world, "missing"), SECONDS)

        bound = Bound(world, SOURCE, VICTIM, OTHER)
        hidden = await world.send(SOURCE, bulletin, "swallowed-middle")
        await world.send(SOURCE, alert, "overtakes")
        await until(lambda: _holds(world, 4), SECONDS)
        _, middle = await _named_and_healed(world, notice, hidden)
        assert bound.holds(middle)
        await world.complete(30)
        report(f"tail named after {named:.2f} s, healed after {healed:.2f} s; middle healed after {middle:.2f} s")
        assert await notices(world, OTHER, "missing") == []
    count = world.recounted()
    assert count.holds, count
    assert count.events == 4


async def _named_and_healed(world: World, notice: dict[str, Any], event: dict[str, Any]) -> tuple[float, float]:
    """Return after how many seconds the notice was told, and the event taken in."""
    accepted = await recorded_at(world, SOURCE, event["envelope_id"])
    taken = await recorded_at(world, VICTIM, event["envelope_id"])
    return (at(notice["told_at"]) - accepted).total_seconds(), (taken - accepted).total_seconds()


async def _holds(world: World, count: int) -> bool:
    return await events_in(world, VICTIM) == count


async def _resolved(world: World, kind: str) -> bool:
    return all(one["resolved_at"] for one in await notices(world, VICTIM, kind))


@pytest.mark.timeout(180)
async def test_a_hub_that_swallows_beacons_too_is_found_out_by_a_witness(tmp_path: Path) -> None:
    """One county is to know nothing of another any more: a third one tells it, and hands over what it lacks."""
    world = await asyncio.to_thread(prepared, tmp_path)
    bulletin = sample("work_bulletin", begin=SystemClock().now())
    async with world.running(), operating(world) as operator:
        await world.send(SOURCE, bulletin, "one")
        await world.keyed(SECONDS)
        await beacons_flow(world, SOURCE, VICTIM, OTHER)
        await operator.swallow_everything(source=SOURCE, victim=VICTIM)

        bound = Bound(world, SOURCE, VICTIM, OTHER)
        swallowed = await world.send(SOURCE, bulletin, "swallowed")
        await until(lambda: _holds(world, 2), SECONDS)
        notice = (await notices(world, VICTIM, "missing"))[0]
        named, healed = await _named_and_healed(world, notice, swallowed)
        assert bound.holds(named)
        assert bound.holds(healed - named)
        assert (notice["county"], notice["text"][:5]) == (SOURCE, "据天峨信标")
        assert f"{swallowed['channel'][:8]} 的第 {swallowed['seq']} 条" in notice["text"]
        await until(lambda: notices(world, VICTIM, "silent"), SECONDS)
        accepted = await recorded_at(world, SOURCE, swallowed["envelope_id"])
        silent = (at((await notices(world, VICTIM, "silent"))[0]["told_at"]) - accepted).total_seconds()
        assert bound.holds(silent - TWO_INTERVALS)
        assert {one["county"] for one in await notices(world, VICTIM, "silent")} == {SOURCE}
        await world.complete(30)
        report(f"named by a witness after {named:.2f} s, healed after {healed:.2f} s, silence after {silent:.2f} s")
    assert world.recounted().holds


@pytest.mark.timeout(180)
async def test_a_source_with_two_faces_is_named(tmp_path: Path) -> None:
    """It signs two events for one place and hands each to one member; neither sees anything wrong alone."""
    world = await asyncio.to_thread(prepared, tmp_path)
    stories = await _two_stories(world)
    async with world.running():
        await world.troupe.stop(SOURCE)
        await beacons_flow(world, VICTIM, OTHER)
        bound = Bound(world, VICTIM, OTHER)
        await _publish(world, stories)
        await until(lambda: _both(world, events_in, 2), SECONDS)
        await until(lambda: _both_forked(world), SECONDS)
        apart = max([await recorded_at(world, code, (await _newest(world, code))) for code in (VICTIM, OTHER)])
        named = [at((await _forked(world, code))["told_at"]) for code in (VICTIM, OTHER)]
        assert all(bound.holds((one - apart).total_seconds()) for one in named)
        report(f"two faces named after {[round((one - apart).total_seconds(), 2) for one in named]} s")
        for code in (VICTIM, OTHER):
            assert {one["county"] for one in await notices(world, code, "forked")} == {SOURCE}
            text, header = (await _forked(world, code))["text"], opened(stories[0][2].message).header
            assert "荔波" in text
            assert f"通道 {header.channel[:8]} 第 {header.seq} 条" in text
        await until(lambda: _both_proved(world), SECONDS)
        assert all(bound.holds((one - apart).total_seconds()) for one in _proved_at(world))
        for code in (VICTIM, OTHER):
            await asyncio.to_thread(_verified_alone, world, code, tmp_path / f"{code}.json")


async def _two_stories(world: World) -> list[list[Publication]]:
    home = world.stage.county(SOURCE)
    clock, bulletin = ManualClock(SystemClock().now()), sample("policy_bulletin", begin=SystemClock().now())  # in clear
    stories = []
    for face in ("甲", "乙"):
        desk = DiskCounty(home, clock=clock)
        draft = {"type": bulletin.wire_type, "agreement": AGREEMENT_ID}
        await desk.send(draft | {"content": bulletin.content})
        content = bulletin.content | {"title": f"第二份通告之{face}"}
        await desk.send(draft | {"content": content})
        stories.append(await desk.take_waiting())
    return stories


async def _publish(world: World, stories: list[list[Publication]]) -> None:
    """Hand the opening and the first event to both, the second event to each in its own version."""
    settings = read_settings(world.stage.county(SOURCE))
    secret = (world.stage.county(SOURCE) / "passphrase").read_text(encoding="utf-8").strip()
    opening, first, second = stories[0]
    parting = [
        (story[2].subject.replace(f"_{AGREEMENT_ID}", code), story[2].message)
        for story, code in zip(stories, (VICTIM, OTHER), strict=True)
    ]
    assert second.message != stories[1][2].message
    credentials = credentials_of(settings, CountyFiles(settings.directory), secret)
    async with HubConnection(credentials, who=SOURCE).running() as hub:
        await hub.contact(timeout_seconds=20)
        appender = JetStreamAppender(hub, SOURCE)
        for lane, sent in (
            (Lane.URGENT, [(opening.subject, opening.message)]),
            (Lane.NORMAL, [(first.subject, first.message), *parting]),
        ):
            held = await appender.last_held(
                lane
            )  # until it was stopped the source's own node sent, too: its office key
            made = [Publication(held + 1 + number, *one) for number, one in enumerate(sent)]
            assert await appender.append(lane, made) == held + len(made)


async def _both(world: World, ask: Callable[[World, str], Awaitable[int]], value: int) -> bool:
    return [await ask(world, code) for code in (VICTIM, OTHER)] == [value, value]


async def _both_forked(world: World) -> bool:
    return all([await notices(world, code, "forked") for code in (VICTIM, OTHER)])


async def _newest(world: World, code: str) -> str:
    """Return the event that a county took in last."""
    async with world.client(code) as client:
        found = json.loads(await client.get("/events", {"direction": "in", "newest": "true", "limit": "1"}))
    return str(found["events"][0]["envelope_id"])


async def _forked(world: World, code: str) -> dict[str, Any]:
    """Return the first notice about the two stories."""
    return min(await notices(world, code, "forked"), key=lambda one: int(one["number"]))


def _proved_at(world: World) -> list[datetime]:
    """When each came to hold the proof: the log says so."""
    found = []
    for code in (VICTIM, OTHER):
        lines = (world.stage.root / "logs" / f"{code}.log").read_text(encoding="utf-8").splitlines()
        proved = [line for line in lines if "completeness.fork_proved" in line or "chain.forked" in line]
        found += [at(json.loads(line)["timestamp"]) for line in proved[:1]]
    return found


async def _both_proved(world: World) -> bool:
    """Each holds the proof."""
    return len(_proved_at(world)) == len((VICTIM, OTHER))


def _verified_alone(world: World, code: str, file: Path) -> None:
    """The proof is one file, and both verifiers need nothing else but the digest of the registry."""
    home = world.stage.county(code)
    (kept,) = done("forks", "--dir", home)["forks"]
    done("forks", kept["channel"][:8], "-o", file, "--dir", home)
    anchor = done("registry", "show", "--dir", home)["digest"]
    first = sihu("verify", file, "--anchor", anchor, "--json")
    words = [node(), str(PROGRAM), str(file), "--anchor", anchor, "--json"]
    second = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert (first.code, second.returncode) == (0, 0), (first.out, second.stdout)
    for found in (first.json, json.loads(second.stdout)):
        assert (found["outcome"], found["source"], found["channel"]) == ("holds", SOURCE, kept["channel"])
        assert (sorted(found["ids"]), found["seq"]) == (sorted(kept["ids"]), 2)
    assert sihu("verify", file, "--anchor", "0" * 64).code == UNTRUSTED
