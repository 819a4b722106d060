"""Keys change while counties run: by plan under load, and after a theft. Real nodes, a real hub, the very commands."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from services.demo.ceremony import Stage
from services.demo.sampling import sample
from services.demo.troupe import Troupe
from tests.commands import done, sihu
from tests.counties import World, report
from tests.interop.verifier import PROGRAM, node

SOURCE, NEIGHBOUR, THIRD = "522722", "451226", "451222"
SECONDS = 120
ROTATION_SECONDS = 20
_HEADERS = "SELECT header FROM envelopes WHERE wire_type NOT LIKE '%.receipt.%' ORDER BY position"
_OPENED = "SELECT json_extract(content, '$.reason') FROM envelopes WHERE wire_type LIKE '%.epoch_opened.%'"


async def command(world: World, code: str, *arguments: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run a command of one county that must succeed."""
    return await asyncio.to_thread(done, *arguments, "--dir", world.stage.county(code))


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read rows of a county's database, read-only."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def signers(world: World, code: str, source: str) -> list[str]:
    """Return the keys that signed the events of a county as another one holds them, in order of their places."""
    headers = (header for (header,) in rows(world.stage.county(code) / "sihu.db", _HEADERS))
    found = (json.loads(header) for header in headers)
    return [one["signers"][0] for one in found if one["source"] == source]


def quarantined(world: World, code: str) -> list[str]:
    """Return why messages were refused at a county."""
    return [str(code) for (code,) in rows(world.stage.county(code) / "sihu.db", "SELECT code FROM quarantine")]


@pytest.mark.timeout(400)
async def test_keys_rotate_under_load_and_nothing_is_lost(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """A missed event, a double, a fork or anything in quarantine: a node noticed the change too early or too late."""
    count = reduced(100, 1_000)
    world = await asyncio.to_thread(World.prepared, tmp_path)
    rotated = asyncio.Event()

    async def load_all_the_while() -> int:
        rounds = 0
        while not rotated.is_set():
            rounds += 1
            await asyncio.gather(*(world.load(part.code, count, seed=rounds) for part in world.cast))
        return rounds

    async with world.running():
        await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "before")
        load = asyncio.create_task(load_all_the_while())
        took = []
        for use in ("event", "receipt", "event", "receipt"):
            began = time.monotonic()
            changed = await command(world, SOURCE, "key", "rotate", "--use", use)
            took.append(time.monotonic() - began)
            assert changed["reason"] == "rotated"
        rotated.set()
        assert await load > 0
        await world.send(SOURCE, sample("rainstorm_updated", begin=SystemClock().now()), "after")
        await world.complete(SECONDS)
    result = world.recounted()
    report(f"4 rotations under load took {[round(one, 1) for one in took]} s, {result}")
    assert result.holds, result
    assert max(took) < ROTATION_SECONDS
    for code in (NEIGHBOUR, THIRD):
        assert quarantined(world, code) == []
        assert len(set(signers(world, code, SOURCE))) == 3, "the first key and two that followed"
    listed = await command(world, NEIGHBOUR, "key", "changes")
    assert [(one["county"], one["use"]) for one in listed["changes"]] == [
        (SOURCE, "event"),
        (SOURCE, "receipt"),
        (SOURCE, "event"),
        (SOURCE, "receipt"),
    ]


def copied(world: World, name: str) -> World:
    """Return a world in which the thief runs the county's directory as it was when he took it, on the same ports."""
    taken = World(Stage(world.stage.root / name), world.cast, world.ports, Troupe(world.stage.root / name / "logs"))
    shutil.copytree(world.stage.county(SOURCE), taken.stage.county(SOURCE))
    return taken


async def play_the_thief(thief: World, count: int, key: str, *, evidence: Path | None = None) -> list[str]:
    """Let the thief's node sign and send; return the ids of his events once they are at the hub.

    Args:
        thief: His world.
        count: How many events.
        key: Of idempotency.
        evidence: Where he writes evidence of the first one.
    """
    thief.accepted[SOURCE] = []
    await thief.start(SOURCE)
    bulletin = sample("work_bulletin", begin=SystemClock().now())
    sent = [await thief.send(SOURCE, bulletin, f"{key}-{number}") for number in range(count)]
    async with asyncio.timeout(SECONDS):
        while (await thief.gauges(SOURCE)).get("sihu_waiting", 1) > 0:
            await asyncio.sleep(0.1)
    if evidence is not None:
        await command(thief, SOURCE, "evidence", str(sent[0]["envelope_id"]), "-o", evidence)
    await thief.troupe.stop(SOURCE)
    return [str(one["envelope_id"]) for one in sent]


def held(world: World, code: str, ids: list[str]) -> int:
    """Count how many of these events a county has in its inbox."""
    found = rows(
        world.stage.county(code) / "sihu.db", "SELECT lower(hex(envelope_id)) FROM envelopes WHERE refused = 0"
    )
    return len({envelope_id for (envelope_id,) in found} & set(ids))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must become true."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.1)


@pytest.mark.timeout(400)
async def test_a_stolen_key_signs_nothing_that_counts_once_it_is_revoked(tmp_path: Path) -> None:
    """The thief has keys, passphrase, transport and database: what he signs is refused everywhere, the rest stays.

    What was signed before the theft, by the key in force then or by the one before it, is proof at both ends.
    """
    world = await asyncio.to_thread(World.prepared, tmp_path)
    alert = sample("rainstorm_issued", begin=SystemClock().now())
    async with world.running():
        first = await world.send(SOURCE, alert, "before-rotation")
        await command(world, SOURCE, "key", "rotate", "--use", "event")
        second = await world.send(SOURCE, sample("work_bulletin", begin=SystemClock().now()), "after-rotation")
        await world.load(SOURCE, 20, seed=1)
        await world.complete(SECONDS)
        proof = await proved(world, SOURCE, first, tmp_path / "before.json")
        assert (proof["keys"][0]["ended"], proof["as_of"]["documents"]) == ("rotated", 1)
        assert (await proved(world, SOURCE, second, tmp_path / "after.json"))["keys"][0]["ended"] is None
        await world.troupe.stop(SOURCE)
        thief = copied(world, "thief")
        before = await play_the_thief(thief, 3, "thief", evidence=tmp_path / "thief" / "forged.json")
        await until(lambda: all(held(world, code, before) == 3 for code in (NEIGHBOUR, THIRD)))

        revoked = await command(world, SOURCE, "key", "revoke", "-o", tmp_path / "revocation.json")
        assert revoked["reason"] == "revoked"
        await world.start(SOURCE)
        await world.load(SOURCE, 10, seed=2)
        await world.complete(SECONDS)
        await until(lambda: all(_revocation_told(world, code) for code in (NEIGHBOUR, THIRD)))
        for code in (NEIGHBOUR, THIRD):
            (text,) = _revocation_told(world, code)
            assert all(one[:8] in text for one in before), "what is trusted no longer is named"
        for code in (SOURCE, NEIGHBOUR):
            for one, ended in ((first, "rotated"), (second, "revoked")):
                proof = await proved(world, code, one, tmp_path / f"{code}-{ended}.json")
                assert proof["keys"][0]["ended"] == ended
        await forged(world, before[0], tmp_path)
        await world.troupe.stop(SOURCE)

        after = await play_the_thief(thief, 3, "again")
        await until(lambda: all("signature.key_revoked" in quarantined(world, code) for code in (NEIGHBOUR, THIRD)))
    assert [held(world, code, after) for code in (NEIGHBOUR, THIRD)] == [0, 0]
    result = world.recounted()
    report(f"a stolen key was revoked: {result}")
    assert (result.lost, result.duplicated, result.out_of_order) == (0, 0, 0)
    assert result.deliveries == result.arrived == result.stored
    for code in (NEIGHBOUR, THIRD):
        assert set(quarantined(world, code)) == {"signature.key_revoked"}
        reasons = rows(world.stage.county(code) / "sihu.db", _OPENED)
        assert ("revoked",) in reasons


async def proved(world: World, code: str, event: dict[str, Any], file: Path) -> dict[str, Any]:
    """Write evidence of an event at a county and let both verifiers judge it; return what they say."""
    written = await command(world, code, "evidence", str(event["envelope_id"]), "-o", file)
    words: list[str | Path] = [file, "--anchor", str(written["anchor"])]
    first = await asyncio.to_thread(done, "verify", *words)
    second = await asyncio.to_thread(second_verdict, words)
    for says in (first, second):
        assert (says["outcome"], says["envelope_id"]) == ("holds", event["envelope_id"])
    assert (first["keys"], first["as_of"]) == (second["keys"], second["as_of"])
    return dict(first)


def second_verdict(words: list[str | Path]) -> Any:  # noqa: ANN401 - any JSON value
    """Ask the second verifier as a person would."""
    said = subprocess.run([node(), PROGRAM, *words, "--json"], capture_output=True, text=True, check=False)
    return json.loads(said.stdout)


async def forged(world: World, envelope_id: str, folder: Path) -> None:
    """A thief's event that was taken before the revocation: nobody writes evidence of it, and who did is refused."""
    refused = await asyncio.to_thread(sihu, "evidence", envelope_id, "--dir", world.stage.county(NEIGHBOUR))
    assert (refused.code, "evidence.key_changed" in refused.err) == (2, True)
    file = folder / "thief" / "forged.json"
    paper = folder / "revocation.json"
    words: list[str | Path] = ["verify", file, "--anchor", await anchor(world)]
    assert (await asyncio.to_thread(sihu, *words)).code == 0, "the file leaves the revocation out"
    brought = await asyncio.to_thread(sihu, *words, "--papers", paper, "--json")
    assert (brought.code, brought.json["code"]) == (3, "signature.key_revoked")


async def anchor(world: World) -> str:
    """Return the digest that the counties read out to each other."""
    return str((await command(world, NEIGHBOUR, "registry", "show"))["digest"])


def _revocation_told(world: World, code: str) -> list[str]:
    database = world.stage.county(code) / "sihu.db"
    return [str(text) for (text,) in rows(database, "SELECT text FROM notices WHERE kind = 'key_revoked'")]
