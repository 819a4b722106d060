"""Whoever runs the hub takes everything down, on the wire, as a listener and from the disk, and reads nothing of it.

And after an erasure nobody else reads it either: not even with every file of both counties, and their passphrases.
"""

import asyncio
import base64
import gzip
import json
import subprocess
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from schemas.envelope import Envelope
from services.demo.cast import Part
from services.demo.ceremony import set_hub_url
from services.demo.sampling import Sample, sample
from services.domain.encryption import parse_keys
from services.domain.signals import SIGNAL_TYPES
from tests.attackers import Loot, loot, opened_by, opened_each
from tests.captures import Ear, Tap, bytes_below, found_in, layers_of, listening
from tests.commands import done, sihu
from tests.counties import World, report
from tests.desk import opened
from tests.interop.verifier import PROGRAM, node

SOURCE, READER, OTHER = "522722", "451226", "451222"
CAST: Final = (
    Part(OTHER, "天峨县联络办", "0778-7820110", behind_leaf=True),
    Part(READER, "环江毛南族自治县联络办", "0778-8820110"),
    Part(SOURCE, "荔波县联络办", "0854-3610110"),
)
SECRET: Final = "樟江上游联合巡查路线暂不公布"  # noqa: S105 - what the search must not find
OPEN: Final = "方便毗邻县务工人员随迁子女就近入学"
SECONDS: Final = 60
BEACON_SECONDS: Final = 2.0


def prepared(root: Path) -> World:
    """Three counties, one behind a leaf of its own; beacons every two seconds."""
    world = World.prepared(root, CAST)
    for part in CAST:
        with (world.stage.county(part.code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write(f"[bus]\nbeacon_seconds = {BEACON_SECONDS}\n")
    return world


async def until(what: Callable[[], Awaitable[object]], seconds: float = SECONDS) -> None:
    """Wait until ``what()`` is true."""
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.2)


async def command(world: World, code: str, *words: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run a command of one county that must succeed."""
    return await asyncio.to_thread(done, *words, "--dir", world.stage.county(code))


async def shown(world: World, code: str, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Ask a county's node."""
    async with world.client(code) as client:
        return json.loads(await client.get(path))


def office_keys(world: World, code: str) -> set[str]:
    """Return the ids of the office keys whose private halves lie in a county's directory."""
    folder = world.stage.county(code)
    return {path.stem.removeprefix("office-") for path in folder.rglob("office-*.key")}


def secret_bulletin() -> Sample:
    """Return an internal bulletin whose every text holds what nobody may read."""
    bulletin = sample("work_bulletin", begin=SystemClock().now())
    content = bulletin.content | {"title": SECRET, "body": f"一、{SECRET}。\n二、{SECRET}。", "topics": [SECRET[:12]]}
    return Sample(bulletin.wire_type, SOURCE, content)


def spoils_of(world: World, *codes: str) -> list[Loot]:
    """Take every file of these counties, and what their processes wrote, with the passphrases."""
    found = []
    for code in codes:
        home = world.stage.county(code)
        found.append(loot(home, (home / "passphrase").read_text(encoding="utf-8").strip()))
    found.append(loot(world.stage.root / "logs", "a passphrase of nobody"))
    return found


async def captured(ear: Ear, envelope_id: str) -> Envelope:
    """Return an event as the hub's operator heard it: he hears it beside its receiver, a little later perhaps."""
    async with asyncio.timeout(SECONDS):
        while True:
            assert ear.lost == [], "the operator's own line was cut, so what came since was not heard"
            for one in await asyncio.to_thread(heard, ear, SOURCE):
                if one.envelope_id == envelope_id:
                    return one
            await asyncio.sleep(0.05)


def heard(ear: Ear, county: str) -> list[Envelope]:
    """Return everything of a county that the hub's operator heard: events, receipts, signals."""
    bodies = [body for subject, body in tuple(ear.messages) if subject.startswith(f"hub.in.{county}.")]
    return [opened(body[body.index(b'{"v":1,') :]) for body in bodies if b'{"v":1,' in body]


def signals_heard(ear: Ear, reader: str) -> list[Envelope]:
    """Return what the source signalled to one county."""
    return [one for one in heard(ear, SOURCE) if one.header.type in SIGNAL_TYPES and one.header.to == (reader,)]


@pytest.mark.timeout(400)
async def test_the_hub_reads_nothing_and_after_an_erasure_nobody_does(tmp_path: Path) -> None:
    """One plaintext in any spelling in what the hub can see, or one key left behind, and this is red."""
    world = await asyncio.to_thread(prepared, tmp_path)
    async with AsyncExitStack() as stack:
        taps = {code: await stack.enter_async_context(Tap(world.ports.hub).opened()) for code in (SOURCE, READER)}
        for code, tap in taps.items():
            set_hub_url(world.stage, code, tap.port)
        await stack.enter_async_context(world.running())
        ear = await stack.enter_async_context(listening(world))
        await world.keyed(SECONDS)

        taken_before = await asyncio.to_thread(spoils_of, world, READER)
        event = str((await world.send(SOURCE, secret_bulletin(), "secret", [READER]))["envelope_id"])
        await world.send(SOURCE, sample("policy_bulletin", begin=SystemClock().now()), "open", [READER])
        await world.complete(SECONDS)
        assert (await shown(world, READER, f"/events/{event}"))["content"]["title"] == SECRET
        caught = await captured(ear, event)
        await asyncio.to_thread(
            lambda: nothing_is_read(bytes_below(world.stage.hub), ear, taps, len(caught.to_wire())),
        )
        await asyncio.to_thread(only_its_readers_open, caught, world)
        await signals_show_no_head(caught, ear, world)

        evidence = tmp_path / "before.json"
        await command(world, SOURCE, "evidence", event, "-o", evidence)
        await erased_for_good(world, event)
        later = await world.send(SOURCE, secret_bulletin(), "later", [READER])
        await world.complete(SECONDS)

        # The keys of before do not open what came under the new ones; what is left now does not open what was erased.
        under_new_keys = await captured(ear, later["envelope_id"])
        for spoils in taken_before:
            assert await asyncio.to_thread(opened_by, under_new_keys, spoils) is None
        for spoils in await asyncio.to_thread(spoils_of, world, SOURCE, READER):
            assert await asyncio.to_thread(opened_by, caught, spoils) is None
        await verified(world, event, evidence, tmp_path / "after.json")
    assert world.recounted().holds


def nothing_is_read(disk: bytes, ear: Ear, taps: dict[str, Tap], size: int) -> None:
    """What the hub has never shows the secret; the public event it shows, so the search does look."""
    for capture in (disk, ear.taken):
        assert found_in(capture, SECRET) == []
        assert "utf-8" in found_in(capture, OPEN)
    for tap in taps.values():
        assert tap.taken.startswith(b"INFO {"), "the tap hears the line before TLS begins"
        assert len(tap.taken) > size, "the event went over it"
        assert found_in(tap.taken, SECRET) == found_in(tap.taken, OPEN) == []
    report(f"{len(disk):,} bytes on the hub's disk, {len(ear.taken):,} heard by its operator, the secret in none")


def only_its_readers_open(caught: Envelope, world: World) -> None:
    """Neither the hub nor another member with all its files; the same attack succeeds with a reader's files."""
    entries = parse_keys(caught.keys_bytes, caught.header)
    assert isinstance(entries, dict)
    short_lived = office_keys(world, READER) | office_keys(world, SOURCE)
    assert {entry.kid for entry in entries.values()} <= short_lived
    for spoils in (loot(world.stage.hub, "a passphrase of nobody"), *spoils_of(world, OTHER)):
        assert opened_by(caught, spoils) is None
    for code in (READER, SOURCE):
        whole, _ = spoils_of(world, code)
        for part in (Loot(whole.keys, ()), Loot(frozenset(), whole.raw)):  # by its key file; by its database
            assert SECRET in (opened_by(caught, part) or ""), "the attack must be able to win"


async def signals_show_no_head(caught: Envelope, ear: Ear, world: World) -> None:
    """No beacon tells the hub which channels there are; its recipient's files alone open it, and there they stand."""
    (reader, _), *others = await asyncio.to_thread(
        lambda: [spoils_of(world, code) for code in (READER, OTHER, SOURCE)],
    )

    said: dict[str, str] = {}

    def told() -> bool:
        fresh = [one for one in signals_heard(ear, READER) if one.envelope_id not in said]
        for one, opened_text in zip(fresh, opened_each(fresh, reader), strict=True):
            said[one.envelope_id] = opened_text or ""
        return any(caught.header.channel in one for one in said.values())

    await until(lambda: asyncio.to_thread(told))
    await asyncio.to_thread(no_head_is_shown, caught, ear, world, [whole for whole, _ in others])


def no_head_is_shown(caught: Envelope, ear: Ear, world: World, others: Sequence[Loot]) -> None:
    """Nobody but the recipient opens a signal, and no name of a channel or a link stands in one; takes a while."""
    signals = signals_heard(ear, READER)
    assert {one.header.content.encoding for one in signals} == {"hpke"}
    for spoils in (loot(world.stage.hub, "a passphrase of nobody"), *others):
        assert {*opened_each(signals, spoils)} == {None}
    everybodys = [one for code in (SOURCE, READER, OTHER) for one in heard(ear, code)]
    carried = b"\n".join(one.content for one in everybodys if one.header.type in SIGNAL_TYPES)
    links = [one for one in everybodys if one.header.type not in SIGNAL_TYPES]
    names = {name for one in links for name in (one.header.channel, one.envelope_id)}
    assert caught.envelope_id in names
    layers = layers_of(carried)
    assert [name for name in sorted(names) if found_in(layers, name) or bytes.fromhex(name) in carried] == []
    for capture in (bytes_below(world.stage.hub), ear.taken):
        assert [field for field in (b'"heads"', b'"receipts_seen"', b'"all_heads"') if field in capture] == []
    report(f"{len(names)} channels and links, {len(carried):,} bytes of signals, and none of them in it")


async def erased_for_good(world: World, event: str) -> None:
    """Erase, and wait until both have said so and the keys that opened it have gone.

    By itself a county makes a new key within a day; here its officers do it at once.
    """
    both = (SOURCE, READER)
    then = {code: office_keys(world, code) for code in both}
    await command(world, SOURCE, "erase", event, "--reason", "withdrawn")

    async def erased_at_both() -> bool:
        rows = (await shown(world, SOURCE, f"/events/{event}"))["erasures"]
        return {row["county"] for row in rows} == set(both)

    async def keys_gone() -> bool:
        return not any(office_keys(world, code) & then[code] for code in both)

    await until(erased_at_both)
    for code in both:
        await command(world, code, "key", "rotate-office")
    await until(keys_gone, 150)


async def verified(world: World, envelope_id: str, before: Path, after: Path) -> None:
    """The evidence of before and of after hold, by both verifiers, and so does what the node shows."""
    await command(world, READER, "evidence", envelope_id, "-o", after)
    anchor = (await command(world, READER, "registry", "show"))["digest"]
    for file in (before, after):
        judged = await asyncio.to_thread(sihu, "verify", file, "--anchor", anchor, "--json")
        assert (judged.code, judged.json["outcome"]) == (0, "holds")
        assert await asyncio.to_thread(second_verifier, file, anchor) == 0
    for code in (SOURCE, READER):
        detail = await shown(world, code, f"/events/{envelope_id}")
        assert (detail["content"], detail["verification"]["holds"]) == (None, True)
        assert not detail["verification"]["chain_frozen"]


def second_verifier(file: Path, anchor: str) -> int:
    """Return how the program in the other language ends."""
    words = [node(), str(PROGRAM), str(file), "--anchor", anchor]
    return subprocess.run(words, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_the_search_finds_every_spelling(before: bytes) -> None:
    """A search that cannot find anything proves nothing."""
    text, data = SECRET, before + SECRET.encode() + b" and more"
    for name, capture in {
        "utf-8": data,
        "utf-16-le": before + SECRET.encode("utf-16-le"),
        "utf-16-be": SECRET.encode("utf-16-be"),
        "gb18030": SECRET.encode("gb18030"),
        "json escapes": json.dumps(before.decode() + SECRET).encode(),
        "json escapes, other case": json.dumps(SECRET).upper().replace("\\U", "\\u").encode(),
        "hex of utf-8": data.hex().encode(),
        "base64 of utf-8": base64.b64encode(data),
        "base64url of utf-8": base64.urlsafe_b64encode(data),
        "base64 of utf-16-le": base64.b64encode(before + SECRET.encode("utf-16-le")),
    }.items():
        assert any(found.startswith(name) for found in found_in(b"\x00noise" + capture + b"\xff", text)), name
    for packed in (zlib.compress(data), gzip.compress(data), gzip.compress(data)[:-9]):
        assert any(found.startswith("compressed") for found in found_in(b"noise" + packed + b"more", text))
    assert found_in(data[: len(before) + 20], text) == [], "half of it is not it"
