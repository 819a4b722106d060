"""The play: a morning on the border, with one link cut and one county killed while it goes on."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from schemas.counties import name_of
from schemas.subjects import Lane, stream_of
from services.bootstrap.hub_state import server_pid, stream_leader
from services.demo.ceremony import Say, Stage
from services.demo.crew import TOLD
from services.demo.desks import Desk
from services.demo.link import Link
from services.demo.pair import RELEASED_AT, pair_at
from services.demo.sampling import Sample, sample
from services.demo.telling import Telling
from services.demo.troupe import Troupe

CUT: Final = "522728"
"""罗甸: its link to the hub is cut and healed."""
KILLED: Final = "451221"
"""南丹: its process is killed and restarted."""
_COMPLETE_SECONDS: Final = 30.0
_BULLETINS_EACH: Final = 3
_LOOK_SECONDS: Final = 0.05


@dataclass(slots=True)
class Morning:
    """What it takes to play, and what was sent."""

    stage: Stage
    desks: Mapping[str, Desk]
    troupe: Troupe
    links: Sequence[Link]
    """From ``CUT`` to each of the hub's servers."""
    telling: Telling
    say: Say
    begin: datetime
    sent: list[dict[str, Any]] = field(default_factory=list)
    disturbed: set[str] = field(default_factory=set)
    """Envelope ids that were under way while a link was cut or a county dead."""

    async def play(self) -> None:
        """Play all scenes, then wait until every receipt is back."""
        alert = await self._released("rainstorm_issued")
        if not await self.telling.answered(alert["envelope_id"], self.desks["522722"]):
            await self._answer(TOLD, alert, "received")
        await self._send(TOLD, "policy_bulletin")
        await self._ordinary_business()
        await self._with_a_link_cut()
        if len(self.stage.servers) > 1:
            await self._with_a_server_killed()
        await self._with_a_county_killed()
        update = self.sent[-1]
        await self._answer(TOLD, update, "handling")
        cancelled = await self._send("522722", "rainstorm_cancelled")
        await self._complete()
        await asyncio.gather(*(self._answer(code, cancelled, "received") for code in (TOLD, "451222")))
        await self._complete()

    async def detail(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``GET events/{id}`` of a sent event, asked at its source."""
        found: dict[str, Any] = await self.desks[sent["source"]].get(f"/events/{sent['envelope_id']}")
        return found

    async def _ordinary_business(self) -> None:
        self.say("各县互发工作动态 every county sends bulletins")
        for number in range(1, _BULLETINS_EACH + 1):
            await asyncio.gather(*(self._bulletin(code, number) for code in self.desks))
        await self._complete()

    async def _with_a_link_cut(self) -> None:
        self.say(f"✂ {name_of(CUT)}至枢纽的链路中断 link cut")
        for link in self.links:
            link.cut()
        self.disturbed.add((await self._send("451222", "reservoir_release"))["envelope_id"])
        self.disturbed.add((await self._send(CUT, "population_flow"))["envelope_id"])
        await asyncio.sleep(1.0)
        for link in self.links:
            link.heal()
        self.say(f"✓ {name_of(CUT)}的链路恢复 link healed")
        await self._complete()

    async def _with_a_server_killed(self) -> None:
        """Kill the server that leads the stream of the next events; the other two choose a new leader and go on."""
        home = await stream_leader(self.stage.servers, stream_of(KILLED, Lane.NORMAL))
        self.say(f"✗ 枢纽服务器 {home.name}（流的主副本）被强行终止 the stream's leader killed (kill -9)")
        os.kill(server_pid(home), signal.SIGKILL)
        for code in (KILLED, CUT):
            self.disturbed.add((await self._bulletin(code, _BULLETINS_EACH + 2))["envelope_id"])
        await self._complete()
        self.say("✓ 另两台服务器选出新的主副本，事件继续 the other two went on")

    async def _with_a_county_killed(self) -> None:
        self.say(f"✗ {name_of(KILLED)}节点被强行终止 node killed (kill -9)")
        await self.troupe.kill(KILLED)
        self.disturbed.add((await self._bulletin(TOLD, _BULLETINS_EACH + 1))["envelope_id"])
        update = await self._send("522722", "rainstorm_updated")
        self.disturbed.add(update["envelope_id"])
        await self.troupe.start(KILLED, "node", "--dir", str(self.stage.county(KILLED)))
        self.say(f"✓ {name_of(KILLED)}节点重新启动 node back")
        await self._complete()

    async def _bulletin(self, code: str, number: int) -> dict[str, Any]:
        one = sample("work_bulletin", begin=self.begin)
        titled = {**one.content, "title": f"{name_of(code)}边界联防工作动态（今日第{number}期）"}
        return await self._sent(code, replace(one, content=titled))

    async def _send(self, code: str, name: str) -> dict[str, Any]:
        sent = await self._sent(code, sample(name, begin=self.begin))
        self.say(f"→ {name_of(code)}发出：{sent['headline']}")
        return sent

    async def _released(self, name: str) -> dict[str, Any]:
        desk = self.desks[RELEASED_AT]
        sent = await desk.release(sample(name, begin=self.begin), pair_at(self.stage))
        self.sent.append(sent)
        self.say(f"✎ {name_of(RELEASED_AT)}值班员甲拟稿，审核员甲审核签发 drafted by one officer, released by another")
        self.say(f"→ {name_of(RELEASED_AT)}发出：{sent['headline']}")
        return sent

    async def _sent(self, code: str, one: Sample) -> dict[str, Any]:
        sent = await self.desks[code].send(one)
        self.sent.append(sent)
        return sent

    async def _answer(self, code: str, event: Mapping[str, Any], answer: str) -> None:
        await self._arrived(code, event["envelope_id"])
        await self.desks[code].acknowledge(event["envelope_id"], answer)

    async def _arrived(self, code: str, envelope_id: str) -> None:
        async with asyncio.timeout(_COMPLETE_SECONDS):
            while not await self._has(code, envelope_id):  # noqa: ASYNC110 - asks another process
                await asyncio.sleep(_LOOK_SECONDS)

    async def _has(self, code: str, envelope_id: str) -> bool:
        page = await self.desks[code].get("/events", direction="in", newest="true", limit="200")
        return any(event["envelope_id"] == envelope_id for event in page["events"])

    async def _complete(self) -> None:
        """Wait until every recipient's signed *stored* receipt for everything sent so far is back at its source."""
        async with asyncio.timeout(_COMPLETE_SECONDS):
            for event in self.sent:
                while await self._unstored(event):  # noqa: ASYNC110 - asks another process
                    await asyncio.sleep(_LOOK_SECONDS)

    async def _unstored(self, event: Mapping[str, Any]) -> int:
        detail = await self.detail(event)
        return sum(1 for delivery in detail["deliveries"] if delivery["stored_at"] is None)
