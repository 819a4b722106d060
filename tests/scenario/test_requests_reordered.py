"""Three real nodes and a hub that hands over a later step of a request before an earlier one (跨省通办).

Within one county's line the receiver puts the steps in order again; between two counties' lines nobody does, and the
later step lies there until the one before it has come. At every moment that was looked at one office is responsible,
its own county knows that, and nobody else may act in its place.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.jetstream.connection import HubConnection
from schemas.base import InformationClass
from schemas.errors import NotFoundError
from schemas.subjects import Lane, stream_of
from services.demo.cast import AGREEMENT_ID, Part
from tests import coursework
from tests.commands import done
from tests.counties import World, report
from tests.operators import hand_over, registrar_at

SOURCE, READER, THIRD = "522722", "451226", "451221"
CAST: Final = (
    Part(THIRD, "南丹县联络办", "0778-7210110"),
    Part(READER, "环江毛南族自治县联络办", "0778-8820110"),
    Part(SOURCE, "荔波县联络办", "0854-3610110"),
)
SECONDS: Final = 60
BEACON_SECONDS: Final = 2
LIVE: Final = {"adcode": THIRD, "name": "南丹县公安局户政窗口"}
ASKED: Final = "governance.service_supplement_asked.v1"
_Views = tuple[dict[str, Any] | None, ...]


@dataclass
class Request:
    """One request as three nodes tell it, looked at all the time."""

    world: World
    registrar: HubConnection
    number: str
    looks: int = 0
    waiting: int = 0
    """Most steps that lay at 荔波 without the one before them, at one look."""
    responsible: list[str] = field(default_factory=list)

    async def step(self, code: str, *words: str) -> None:
        """Let a county take the next step."""
        home = self.world.stage.county(code)
        await asyncio.to_thread(done, "service", "step", self.number[:8], *words, "--dir", home)

    async def _told(self) -> _Views:
        return tuple([await self._told_by(part.code) for part in CAST])

    async def _told_by(self, code: str) -> dict[str, Any] | None:
        with suppress(NotFoundError):
            async with self.world.client(code) as client:
                found: dict[str, Any] = json.loads(await client.get(f"/services/{self.number}"))
            return found
        return None

    async def look(self) -> dict[str, dict[str, Any] | None]:
        """Look at all three at one moment and judge: views only grow, so what two rounds tell alike was so between."""
        before = await self._told()
        while (now := await self._told()) != before:
            before = now
        told = dict(zip((part.code for part in CAST), now, strict=True))
        self._judge({code: one for code, one in told.items() if one is not None})
        return told

    def _judge(self, told: dict[str, dict[str, Any]]) -> None:
        newest = max(told.values(), key=lambda one: int(one["step_no"]))
        office = newest["responsible"]
        knows = told.get(office["adcode"])
        assert knows is not None, "nobody's: the responsible county has never heard of it"
        assert knows["responsible"] == office, "nobody's: its county takes another office for responsible"
        acting = [code for code, one in told.items() if one["turn"] == one["responsible"] and one["ours"]]
        assert len(acting) <= 1, f"two offices act: {acting}"
        assert set(acting) <= {office["adcode"]}
        self.looks += 1
        self.waiting = max(self.waiting, int(told[SOURCE]["waiting"]))
        if self.responsible[-1:] != [office["name"]]:
            self.responsible.append(office["name"])

    async def until(self, code: str, true: Callable[[dict[str, Any]], bool]) -> None:
        """Look until something is true of it at one county."""
        async with asyncio.timeout(SECONDS):
            while not ((told := (await self.look())[code]) is not None and true(told)):
                self.world.troupe.check()
                await asyncio.sleep(0.05)

    async def stays(self, code: str, true: Callable[[dict[str, Any]], bool], seconds: float) -> None:
        """Look for a while: it is true of it at one county all the time."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while loop.time() < ends:
            told = (await self.look())[code]
            assert told is not None
            assert true(told), told
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def kept_back(self, *, source: str, but: str | None = None) -> AsyncIterator[None]:
        """Let the hub hand 荔波 nothing of a county but one type, and nobody's repairs: others hold it, too."""
        places = (SOURCE, f"_{AGREEMENT_ID}")
        others = [part.code for part in CAST if part.code not in {source, SOURCE}]
        kept = [f"hub.in.{other}.{Lane.NORMAL}.{place}.>" for other in others for place in places]
        kept += [f"hub.in.{source}.{Lane.NORMAL}.{place}.{but}" for place in places] if but else []
        streams = sorted({stream_of(code, Lane.NORMAL) for code in (source, *others)})
        before = {stream: await hand_over(self.registrar, stream, SOURCE, kept) for stream in streams}
        yield
        for stream, subjects in before.items():
            await hand_over(self.registrar, stream, SOURCE, subjects)


@pytest.mark.timeout(300)
async def test_a_later_step_that_overtakes_makes_a_request_nobodys_or_two_offices(tmp_path: Path) -> None:
    """Asked for papers before taken; taken by the third county before given to it: red if two or none may act."""
    world = await asyncio.to_thread(World.prepared, tmp_path, CAST, class_ceiling=InformationClass.PERSONAL)
    for part in CAST:
        with (world.stage.county(part.code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write(f"[bus]\nbeacon_seconds = {BEACON_SECONDS}\n")
    async with world.running(), registrar_at(world.stage.hub) as registrar:
        await world.keyed(SECONDS)
        draft = tmp_path / "request.json"
        draft.write_text(json.dumps(coursework.request(), ensure_ascii=False), encoding="utf-8")
        home = world.stage.county(SOURCE)
        begun = await asyncio.to_thread(done, "service", "begin", draft, "--dir", home)
        request = Request(world, registrar, begun["id"])
        await request.until(READER, bool)
        await _asked_before_taken(request)
        await _taken_before_given(request)
        await request.step(SOURCE, "deliver", "way=desk")
        await request.step(SOURCE, "close", "outcome=completed")
        for part in CAST:
            await request.until(part.code, lambda told: told["stage"] == "closed" and told["waiting"] == 0)
    report(f"{request.looks} looks at three nodes, at most {request.waiting} steps waiting at 荔波")
    assert request.waiting == 2, "the transfer was overtaken by two steps behind it"
    assert request.responsible == [coursework.HALL["name"], coursework.POLICE["name"], LIVE["name"]]


async def _asked_before_taken(request: Request) -> None:
    """One county's line: the third step comes, the second does not; the receiver waits, and asks for it."""
    async with request.kept_back(source=READER, but=ASKED):
        await request.step(READER, "receive")
        await request.step(READER, "ask", 'wanted:=["household"]', "answer_by=2099-01-01T00:00:00.000+08:00")
        await request.until(READER, lambda told: told["step_no"] == 3)
        log = request.world.stage.root / "logs" / f"{SOURCE}.log"
        async with asyncio.timeout(SECONDS):
            while "receiver.gap_waited" not in log.read_text(encoding="utf-8"):
                await request.look()
        await request.stays(SOURCE, lambda told: told["step_no"] == 1, BEACON_SECONDS)
    await request.until(SOURCE, lambda told: told["step_no"] == 3)
    await request.step(SOURCE, "supplement", f'materials:=[{{"kind": "household", "sha256": "{"0e" * 32}"}}]')
    await request.until(READER, lambda told: told["step_no"] == 4)


async def _taken_before_given(request: Request) -> None:
    """Two counties' lines: 南丹 takes and decides what 荔波 does not know to have been given to it."""
    async with request.kept_back(source=READER):
        await request.step(READER, "transfer", f"to_office:={json.dumps(LIVE)}", "reason=not_competent")
        await request.until(THIRD, lambda told: told["step_no"] == 5)
        await request.step(THIRD, "receive")
        await request.until(SOURCE, lambda told: told["waiting"] == 1)
        await request.step(THIRD, "decide", "decision=granted", "reason=conditions_met")
        await request.until(SOURCE, lambda told: told["waiting"] == 2)
        await request.stays(SOURCE, lambda told: told["step_no"] == 4, BEACON_SECONDS)
    await request.until(SOURCE, lambda told: told["step_no"] == 7 and told["waiting"] == 0)
