"""A county does not answer: the source's own duty officer is told by SMS to telephone, and the call is on record.

Whole counties as processes, their hub, and an SMSC that others wrote (the npm package ``smpp``).
"""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from services.demo.sampling import sample
from tests.commands import done
from tests.counties import World, report
from tests.people import CREW, add_people, add_providers, smpp
from tests.smsc import PASSWORD, SYSTEM_ID, npm_smsc

SOURCE, NEIGHBOUR = "522722", "451226"
PHONE: Final = "0778-8820110"
OFFICE: Final = "环江县应急局"
STORED_SECONDS: Final = 5
IN_TIME: Final = STORED_SECONDS + 5.0


@pytest.mark.timeout(240)
async def test_a_dead_neighbour_is_only_a_line_on_a_board(tmp_path: Path) -> None:
    """Its node is down: the officer here has the telephone number by SMS in time, and what was said is signed."""
    world = await asyncio.to_thread(lambda: World.prepared(tmp_path, stored_seconds=STORED_SECONDS))
    home = world.stage.county(SOURCE)
    await asyncio.to_thread(add_people, home, SOURCE)
    async with npm_smsc() as smsc:
        add_providers(home, smpp(smsc.port, SYSTEM_ID, PASSWORD), signature="荔波应急")
        async with world.running():
            await smsc.event("bound")
            await world.troupe.kill(NEIGHBOUR)
            began = asyncio.get_running_loop().time()
            red = sample("rainstorm_issued", begin=SystemClock().now())
            red = replace(red, content=red.content | {"report_stage": "followup", "report_no": 2, "warning_level": 1})
            sent = await world.send(SOURCE, red, "alert")
            told = await smsc.event("submitted", timeout_seconds=30, destination=CREW[0].phone)
            took = asyncio.get_running_loop().time() - began
            report(f"told after {took:.1f} s of a neighbour that is due after {STORED_SECONDS}: {told['text']}")
            assert PHONE in told["text"]
            assert took <= IN_TIME

            alert = sent["envelope_id"]
            who = ("--county", NEIGHBOUR, "--office", OFFICE, "--officer", "duty-a", "--dir", str(home))
            await asyncio.to_thread(done, "called", alert, *who)
            await world.start(NEIGHBOUR)
            async with asyncio.timeout(60):
                while not (calls := await _calls(world, alert)):
                    await asyncio.sleep(0.1)
            said = [(one["source"], one["told"], one["office"], one["outcome"], one["officer"]) for one in calls]
            assert said == [(SOURCE, NEIGHBOUR, OFFICE, "told", "值班员甲")]


async def _calls(world: World, alert: str) -> list[dict[str, Any]]:
    """The calls about an alert that the neighbour's node shows once it is back."""
    async with world.client(NEIGHBOUR) as client:
        page = json.loads(await client.get("/events", {"direction": "in", "limit": "20"}))
        if all(one["envelope_id"] != alert for one in page["events"]):
            return []
        found: list[dict[str, Any]] = json.loads(await client.get(f"/events/{alert}"))["calls"]
        return found
