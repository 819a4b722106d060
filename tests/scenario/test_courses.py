"""Two real nodes: a person's case that is taken back, and a request that goes through a supplement and a transfer.

With the product's own commands, over a real hub; one node dies on the way (kill -9) and comes back.
"""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from adapters.clock import SystemClock
from schemas.base import InformationClass, format_time
from services.demo.cast import Part
from tests import coursework
from tests.captures import bytes_below
from tests.commands import done
from tests.counties import World, report

SOURCE, READER = "522722", "451226"
CAST: Final = (Part(READER, "环江毛南族自治县联络办", "0778-8820110"), Part(SOURCE, "荔波县联络办", "0854-3610110"))
SECONDS: Final = 60
LABOUR: Final = {"adcode": READER, "name": "环江县人力资源和社会保障局窗口"}


async def command(world: World, code: str, *words: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run a command of one county that must succeed."""
    return await asyncio.to_thread(done, *words, "--dir", world.stage.county(code))


async def until(what: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> float:
    """Wait until it is so; return how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)
    return loop.time() - began


async def asked(world: World, code: str, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Ask a county's node."""
    async with world.client(code) as client:
        return json.loads(await client.get(path))


def written(folder: Path, name: str, content: dict[str, Any]) -> Path:
    """Write the content of an event into a file, as an officer has it."""
    path = folder / name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def kept_of(home: Path) -> list[bytes]:
    """Return ciphertext, keys part and content key of the one personal event in a county's database."""
    found = []
    for path in home.rglob("*.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            found += database.execute(
                "SELECT e.content, e.keys, k.key FROM envelopes AS e JOIN content_keys AS k ON k.position = e.position"
                " WHERE e.wire_type = ?",
                (coursework.REFERRAL,),
            ).fetchall()
    (row,) = found
    return [bytes(part) for part in row]


async def taken_back(world: World, folder: Path) -> None:
    """Offer, take, open, withdraw; within a minute nothing of it is left at either county, and that is confirmed."""
    given_at = format_time(SystemClock().now() - timedelta(days=1))
    agreed = coursework.consent(given_at=given_at, expires_at="2099-01-01T00:00:00.000+08:00")
    offer = coursework.offer(consent=agreed)
    number = (await command(world, SOURCE, "referral", "offer", written(folder, "offer.json", offer)))["id"]

    async def is_there() -> bool:
        return bool((await asked(world, READER, "/referrals"))["referrals"])

    await until(is_there)
    await command(world, READER, "referral", "accept", number[:8])
    event = (await command(world, READER, "referral", "show", number))["offer_id"]
    assert (await command(world, READER, "show", event))["content"] is None, "without a reason nobody reads it"
    assert (await command(world, READER, "show", event, "--why", "handling"))["content"]["fields"]["name"]
    homes = [world.stage.county(code) for code in (SOURCE, READER)]
    secrets = [part for home in homes for part in kept_of(home)]
    before = bytes_below(*homes)
    assert all(one in before for one in secrets), "the search must be able to win"

    await command(world, SOURCE, "referral", "withdraw", number[:8])

    async def is_confirmed() -> bool:
        one = await asked(world, SOURCE, f"/referrals/{number}")
        return bool(one["erased_here"] and one["erased_there"])

    async def nothing_is_left() -> bool:
        left = await asyncio.to_thread(bytes_below, *homes, world.stage.root / "logs")
        texts = [one.encode() for one in (coursework.NAME, coursework.IDENTITY, coursework.MOBILE)]
        return not any(one in left for one in (*secrets, *texts))

    (folder / "offer.json").unlink()
    confirmed = await until(is_confirmed)
    gone = confirmed + await until(nothing_is_left, SECONDS - confirmed)
    report(f"withdrawn: confirmed after {confirmed:.1f} s, nothing left at both counties after {gone:.1f} s")
    for code in (SOURCE, READER):
        assert (await asked(world, code, f"/referrals/{number}"))["state"] == "withdrawn"


async def handled(world: World, folder: Path) -> None:
    """One office after the other is responsible, also while a node is dead; both ends agree after every step."""
    request = written(folder, "request.json", coursework.request())
    number = (await command(world, SOURCE, "service", "begin", request))["id"]
    line: list[str] = []

    async def agreed(step_no: int) -> dict[str, Any]:
        async def both() -> bool:
            rows = [await asked(world, code, "/services?open=false&limit=9") for code in (SOURCE, READER)]
            return all([one["step_no"] for one in found["services"]] == [step_no] for found in rows)

        await until(both)
        here, there = [await asked(world, code, f"/services/{number}") for code in (SOURCE, READER)]
        own: dict[str, Any] = {"ours": None, "moves": []}  # each county has its own
        assert here | own == there | own
        line.append(here["responsible"]["name"])
        return dict(here)

    async def step(code: str, *words: str) -> None:
        await command(world, code, "service", "step", number[:8], *words)

    await agreed(1)
    await world.troupe.kill(SOURCE)
    await step(READER, "receive")
    await world.start(SOURCE)
    await agreed(2)
    await step(READER, "ask", 'wanted:=["household"]', "answer_by=2099-01-01T00:00:00.000+08:00")
    await agreed(3)
    await step(SOURCE, "supplement", f'materials:=[{{"kind": "household", "sha256": "{"0e" * 32}"}}]')
    await agreed(4)
    await step(READER, "transfer", f"to_office:={json.dumps(LABOUR)}", "reason=not_competent")
    await world.troupe.kill(READER)  # it has given it away, and nobody has taken it
    await world.start(READER)
    await agreed(5)
    await step(READER, "receive")
    await step(READER, "decide", "decision=granted", "reason=conditions_met")
    await agreed(7)
    await step(SOURCE, "deliver", "way=desk")
    await step(SOURCE, "close", "outcome=completed")
    last = await agreed(9)
    assert (last["stage"], last["turn"], last["waiting"]) == ("closed", None, 0)
    hall, police, labour = coursework.HALL["name"], coursework.POLICE["name"], LABOUR["name"]
    assert line == [hall, police, police, police, police, labour, labour]


async def test_a_case_is_taken_back_and_a_request_is_handled(tmp_path: Path) -> None:
    """A person's data left anywhere, a request that is nobody's or two offices': red."""
    world = await asyncio.to_thread(World.prepared, tmp_path, CAST, class_ceiling=InformationClass.PERSONAL)
    async with world.running():
        await world.keyed(SECONDS)
        await taken_back(world, tmp_path)
        await handled(world, tmp_path)
