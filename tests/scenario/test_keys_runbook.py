"""The runbook of keys, word for word, on six running counties: within two minutes, and no event is lost meanwhile."""

import asyncio
import re
import shlex
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from services.demo.cast import CAST
from tests.architecture.tracked import ROOT
from tests.counties import World, report

RUNBOOK: Final = ROOT / "deploy" / "runbooks" / "keys.md"
COUNTY: Final = "522728"
"""Whom the runbook takes as its example."""
NEIGHBOUR: Final = "451226"
TWO_MINUTES: Final = 120.0
SECONDS: Final = 180
_BREATH_SECONDS: Final = 0.5
_PROMPT: Final = re.compile(r"^\$ (.*)$", re.MULTILINE)
_SIHU: Final = ("sudo", "-u", "sihu", "/opt/sihu/bin/sihu")
_SERVICE: Final = f"sihu@{COUNTY}.service"


def commands_under(title: str) -> list[list[str]]:
    """Return the commands of the first block under a title of the runbook, in words."""
    text = RUNBOOK.read_text(encoding="utf-8")
    block = text.split(f"### {title}\n", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    found = [shlex.split(line) for line in _PROMPT.findall(block)]
    assert found, f"the runbook has no commands under {title!r} any more"
    return found


class Operator:
    """Follows a runbook: its words, with the places of this test instead of those of a county's machine."""

    def __init__(self, world: World, places: Mapping[str, Path]) -> None:
        """Take the running counties; ``places`` are what stands for each path in the runbook."""
        self._world, self._places = world, places
        self.words_done: list[str] = []

    async def follow(self, commands: list[list[str]]) -> float:
        """Carry the commands out one after the other, each to its end; return how many seconds it took."""
        began = time.monotonic()
        for words in commands:
            await self._carry_out(words)
            self.words_done.append(" ".join(words))
        return time.monotonic() - began

    async def _carry_out(self, words: list[str]) -> None:
        if words == ["sudo", "systemctl", "stop", _SERVICE]:
            await self._world.troupe.stop(COUNTY)
        elif words == ["sudo", "systemctl", "start", _SERVICE]:
            await self._world.start(COUNTY)
        else:
            assert tuple(words[: len(_SIHU)]) == _SIHU, words
            await self._sihu([self._placed(word) for word in words[len(_SIHU) :]])

    def _placed(self, word: str) -> str:
        if not word.startswith("/"):
            return word
        place = next((mine for theirs, mine in self._places.items() if word == theirs), None)
        assert place is not None, f"the runbook names {word}, and this test has no place for it"
        return str(place)

    async def _sihu(self, words: list[str]) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, (words, said.decode())


def signers(world: World, code: str) -> set[str]:
    """Return the keys by which events of the county were signed, as another one holds them."""
    query = "SELECT json_extract(header, '$.signers[0]') FROM envelopes WHERE json_extract(header, '$.source') = ?"
    database = world.stage.county(code) / "sihu.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        more = " AND wire_type NOT LIKE '%.receipt.%'"
        return {kid for (kid,) in connection.execute(query + more, (COUNTY,))}


def quarantined(world: World, code: str) -> list[str]:
    """Return why messages were refused at a county."""
    database = world.stage.county(code) / "sihu.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [str(code) for (code,) in connection.execute("SELECT code FROM quarantine")]


async def loading(world: World, count: int, ended: asyncio.Event) -> int:
    """Let every county send all the while; return how many rounds."""
    rounds = 0
    while not ended.is_set():
        rounds += 1
        await asyncio.gather(*(world.load(part.code, count, seed=rounds) for part in world.cast))
        await asyncio.sleep(_BREATH_SECONDS)  # else what the runbook is timed by is how much this machine bears
    return rounds


@pytest.mark.timeout(500)
async def test_keys_are_rotated_by_the_runbook_while_six_counties_send(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """A runbook that takes longer, or during which an event is lost, is not followed on a bad day."""
    world = await asyncio.to_thread(World.prepared, tmp_path, CAST)
    places = {
        f"/etc/sihu/{COUNTY}": world.stage.county(COUNTY),
        "/var/backups/sihu/after-rotation.tar": tmp_path / "after-rotation.tar",
    }
    async with world.running():
        await world.keyed(SECONDS)
        ended = asyncio.Event()
        load = asyncio.create_task(loading(world, reduced(20, 200), ended))
        await asyncio.sleep(1)  # events flow before, too
        took = await Operator(world, places).follow(commands_under("As planned"))
        ended.set()
        rounds = await load
        await world.load(COUNTY, 5, seed=10_000)
        await world.complete(SECONDS)
    result = world.recounted()
    report(f"rotation by the runbook took {took:.1f} s, {rounds} rounds of load meanwhile, {result}")
    assert took <= TWO_MINUTES
    assert result.holds, result
    for part in world.cast:
        assert quarantined(world, part.code) == []
        assert len(signers(world, part.code)) == 2, "the key of before and the one that followed"
    assert places["/var/backups/sihu/after-rotation.tar"].exists()


@pytest.mark.timeout(500)
async def test_a_stolen_key_is_revoked_by_the_runbook_and_no_event_is_lost(tmp_path: Path) -> None:
    """The neighbours go on sending while the county's node is stopped; it gets all of it, and sends by the new keys."""
    world = await asyncio.to_thread(World.prepared, tmp_path, CAST)
    home, stick = world.stage.county(COUNTY), tmp_path / "stick"
    stick.mkdir()
    shutil.move(home / "keys" / "recovery.pem", stick / "recovery.pem")
    places = {
        f"/etc/sihu/{COUNTY}": home,
        "/media/stick/recovery.pem": stick / "recovery.pem",
        "/tmp/revocation-event.json": tmp_path / "revocation-event.json",  # noqa: S108 - the runbook's words
        "/tmp/revocation-receipt.json": tmp_path / "revocation-receipt.json",  # noqa: S108
    }
    others = [part.code for part in CAST if part.code != COUNTY]
    async with world.running():
        await world.keyed(SECONDS)
        await world.load(COUNTY, 20, seed=1)
        await world.complete(SECONDS)
        load = asyncio.create_task(asyncio.wait([asyncio.create_task(world.load(one, 20, seed=2)) for one in others]))
        took = await Operator(world, places).follow(commands_under("Stolen, or feared to be"))
        await load
        await world.load(COUNTY, 20, seed=3)
        await world.complete(SECONDS)
    result = world.recounted()
    report(f"revocation by the runbook took {took:.1f} s, {result}")
    assert took <= TWO_MINUTES
    assert result.holds, result
    assert len(signers(world, NEIGHBOUR)) == 2
    assert {code for part in CAST for code in quarantined(world, part.code)} == set()
