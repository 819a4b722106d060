"""荔波's alert reaches 环江's duty officer by SMS over a real SMPP link, and the reply becomes 荔波's receipt.

Whole counties as processes, their hub, and an SMSC that others wrote (the npm package ``smpp``).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from services.demo.cast import AGREEMENT_ID
from services.demo.ceremony import free_ports
from services.demo.sampling import sample
from tests.counties import World
from tests.kannel import kannel as kannel_box
from tests.night import code_in
from tests.people import CREW, SERVICE_NUMBER, add_people, add_providers, kannel, pushes_to, smpp
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, npm_smsc

HUANJIANG: Final = "451226"
LIBO: Final = "522722"
A, B = CREW[0].phone, CREW[1].phone


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three counties; 环江 has a roster."""
    made = World.prepared(tmp_path)
    add_people(made.stage.county(HUANJIANG), HUANJIANG)
    return made


@asynccontextmanager
async def night(world: World) -> AsyncIterator[Smsc]:
    """Start hub, counties and the SMSC; 环江's node is bound to it."""
    async with npm_smsc() as smsc:
        add_providers(world.stage.county(HUANJIANG), smpp(smsc.port, SYSTEM_ID, PASSWORD))
        async with world.running():
            await smsc.event("bound")
            await smsc.tell("faults", receipts="text")
            yield smsc


async def alerted(world: World, level: int) -> str:
    """Let 荔波 send a follow-up of a level; return its id."""
    one = sample("rainstorm_issued", begin=SystemClock().now())
    content = one.content | {"report_stage": "followup", "report_no": 2, "warning_level": level}
    for scale in ("event_grade", "response_level"):
        content.pop(scale, None)
    async with world.client(LIBO) as client:
        draft = {"type": one.wire_type, "agreement": AGREEMENT_ID, "content": content}
        answer = json.loads(await client.post("/events", json.dumps(draft, ensure_ascii=False).encode()))
    return str(answer["envelope_id"])


async def sms_to(smsc: Smsc, phone: str) -> dict[str, Any]:
    """Wait for the next SMS to a telephone."""
    return await smsc.event("submitted", destination=phone)


async def replies(smsc: Smsc, phone: str, text: str, token: int, extension: str = "") -> None:
    """Let a telephone answer, and wait until the node has confirmed it."""
    fields = {"source_addr": phone, "destination_addr": SERVICE_NUMBER + extension}
    await smsc.tell("deliver", text=text, fields=fields, token=token)
    assert (await smsc.event("answered", token=token))["status"] == 0


async def delivery_at_source(world: World, alert: str) -> dict[str, Any]:
    """Return what 荔波's delivery board shows of 环江."""
    async with world.client(LIBO) as client:
        detail = json.loads(await client.get(f"/events/{alert}"))
    return next(one for one in detail["deliveries"] if one["recipient"] == HUANJIANG)


async def escalation(world: World, alert: str) -> dict[str, Any]:
    """Return 环江's timeline of an alert."""
    async with world.client(HUANJIANG) as client:
        found: dict[str, Any] = json.loads(await client.get(f"/escalations/{alert}"))
    return found


async def until_acknowledged(world: World, alert: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (known := await delivery_at_source(world, alert))["acknowledged_at"] is None:
            await asyncio.sleep(0.05)
    return known


async def sms_pages(world: World, alert: str) -> list[dict[str, Any]]:
    """Return the SMS that 环江's officers were sent of an alert."""
    return [one for one in (await escalation(world, alert))["pages"] if one["medium"] == "sms"]


@pytest.mark.timeout(240)
async def test_an_alert_goes_to_a_telephone_and_its_answer_comes_back(world: World) -> None:
    """Level 2: one SMS, `NN 收到`, the paging stops, and 荔波's board shows who, when and by which means."""
    async with night(world) as smsc:
        alert = await alerted(world, 2)
        first = await sms_to(smsc, A)
        assert first["text"].startswith("【环江应急】")
        code = code_in(first["text"])
        assert first["source"] == SERVICE_NUMBER + code

        await replies(smsc, A, f"{code} 收到", 1)

        known = await until_acknowledged(world, alert)
        assert (known["acknowledged_by"], known["answer"], known["means"]) == ("值班员甲", "received", "sms_number")
        async with world.client(LIBO) as client:
            receipts = json.loads(await client.get(f"/events/{alert}/receipts"))["receipts"]
        human = [one for one in receipts if one["stage"] == "acknowledged"]
        assert [(one["officer"], one["means"]) for one in human] == [("值班员甲", "sms_number")]
        assert known["receipt_id"] == human[0]["envelope_id"]
        assert code in (await sms_to(smsc, A))["text"]
        found = await escalation(world, alert)
        assert found["escalation"]["state"] == "acknowledged"
        assert [one["state"] for one in found["pages"] if one["medium"] == "sms"] == ["delivered"]


@pytest.mark.timeout(240)
async def test_the_same_through_kannel(world: World, tmp_path: Path) -> None:
    """HTTP to Debian's Kannel, SMPP from there to the SMSC, and both ways back by Kannel's own requests to us."""
    home = world.stage.county(HUANJIANG)
    (port,) = await free_ports(1)
    folder = tmp_path / "kannel"
    folder.mkdir()
    async with npm_smsc() as smsc:
        answers = pushes_to(port, "box", "reply")
        async with kannel_box(folder, smsc_port=smsc.port, inbound_url=answers) as box:
            add_providers(home, kannel(box), inbound_port=port)
            async with world.running():
                await smsc.event("bound")
                await smsc.tell("faults", receipts="text")
                alert = await alerted(world, 2)
                first = await sms_to(smsc, A)
                code = code_in(first["text"])
                await replies(smsc, A, f"{code} 收到", 1)
                known = await until_acknowledged(world, alert)
                assert (known["acknowledged_by"], known["answer"]) == ("值班员甲", "received")
                async with asyncio.timeout(20):
                    while "delivered" not in {one["state"] for one in await sms_pages(world, alert)}:
                        await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_level_1_is_ended_by_a_second_officer(world: World) -> None:
    """The first 收到 stops that officer's pages and nothing else; a bare 收到 to the extension counts."""
    async with night(world) as smsc:
        alert = await alerted(world, 1)
        texts = {phone: await sms_to(smsc, phone) for phone in (A, B)}
        await asyncio.sleep(6)  # nobody reads and answers faster
        await replies(smsc, A, "收到", 1, extension=code_in(texts[A]["text"]))
        back = await sms_to(smsc, A)
        assert "1级还须" in back["text"]
        assert (await escalation(world, alert))["escalation"]["state"] == "open"
        assert (await delivery_at_source(world, alert))["acknowledged_at"] is None

        await replies(smsc, B, f"{code_in(texts[B]['text'])}收到", 2)

        known = await until_acknowledged(world, alert)
        assert known["acknowledged_by"] == "值班员乙"
        assert (await escalation(world, alert))["escalation"]["state"] == "acknowledged"
