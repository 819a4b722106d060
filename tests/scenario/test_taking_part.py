"""A party suspends its part of an agreement, then leaves: the others go on, and what was said before stays proof."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from schemas.errors import RequestError
from services.demo.cast import AGREEMENT_ID
from services.demo.sampling import sample
from tests.commands import done
from tests.counties import World
from tests.scenario.test_key_changes import NEIGHBOUR, SECONDS, SOURCE, THIRD, command, proved, rows, until

_AUDIENCES = "SELECT header FROM envelopes WHERE wire_type LIKE '%.work_bulletin_published.%' ORDER BY position"


async def send(world: World, code: str, key: str, to: list[str] | None = None) -> dict[str, Any]:
    """Send a bulletin, to everybody who takes part unless it is said to whom."""
    return await world.send(code, sample("work_bulletin", begin=SystemClock().now()), key, to)


async def refused(world: World, code: str, key: str, to: list[str] | None = None) -> str:
    """Send what must be refused; return why."""
    with pytest.raises(RequestError) as caught:
        await send(world, code, key, to)
    return caught.value.fault.code


def audiences(world: World, code: str) -> list[list[str]]:
    """Return to whom the bulletins went that a county holds."""
    found = rows(world.stage.county(code) / "sihu.db", _AUDIENCES)
    return [list(json.loads(header)["to"]) for (header,) in found]


def documents(world: World, code: str) -> int:
    """Count the changes of keys and suspensions that a county keeps."""
    return len(list((world.stage.county(code) / "trust" / "keys").glob("*.json")))


async def without_third(world: World, folder: Path) -> None:
    """Make, sign and trust the version of the registry that the third county is not in."""
    draft, final = folder / "registry-2.draft.json", folder / "registry-2.json"
    words = ["registry", "propose", "--remove", THIRD, "--threshold", "2"]
    await command(world, SOURCE, *words, str(world.stage.county(SOURCE) / "card.json"), "-o", draft)
    copies = []
    for code in (SOURCE, NEIGHBOUR):
        copies.append(folder / f"registry-2-{code}.json")
        copies[-1].write_bytes(draft.read_bytes())
        await command(world, code, "registry", "sign", copies[-1])
    assembled = await asyncio.to_thread(_assembled, draft, copies, final)
    for code in (SOURCE, NEIGHBOUR):
        await command(world, code, "registry", "trust", assembled, "--file", final)


def _assembled(draft: Path, copies: list[Path], final: Path) -> str:
    return str(done("registry", "assemble", draft, *copies, "-o", final)["digest"])


@pytest.mark.timeout(300)
async def test_a_party_suspends_its_part_and_leaves(tmp_path: Path) -> None:
    """One party's quarrel, or its going, must not cut the others off from each other."""
    world = await asyncio.to_thread(World.prepared, tmp_path)
    async with world.running():
        before = await send(world, SOURCE, "before")
        await world.complete(SECONDS)
        told = await command(world, THIRD, "agreement", "suspend", AGREEMENT_ID, "-o", tmp_path / "suspension.json")
        assert told["positions"] > 0
        await until(lambda: all(documents(world, code) == 1 for code in (SOURCE, NEIGHBOUR)))
        await asyncio.sleep(1.5)  # a node looks at its files once a second
        assert await refused(world, SOURCE, "to-who-suspended", [THIRD]) == "sharing.suspended"
        assert await refused(world, THIRD, "by-who-suspended", [SOURCE]) == "sharing.suspended"
        await send(world, SOURCE, "among-the-others")
        await until(lambda: len(audiences(world, NEIGHBOUR)) == 2)
        assert audiences(world, NEIGHBOUR) == [[THIRD, NEIGHBOUR], [NEIGHBOUR]]
        proof = await proved(world, NEIGHBOUR, before, tmp_path / "before.json")
        assert proof["as_of"]["documents"] == 1

        await without_third(world, tmp_path)
        await asyncio.sleep(1.5)
        assert await refused(world, SOURCE, "to-who-left", [THIRD]) == "sharing.not_member"
        after = await send(world, SOURCE, "after-leaving")
        await until(lambda: len(audiences(world, NEIGHBOUR)) == 3)
        proof = await proved(world, NEIGHBOUR, after, tmp_path / "after.json")
        assert proof["as_of"]["registry"] == 2
        await proved(world, SOURCE, before, tmp_path / "still.json")
    assert audiences(world, THIRD) == [[THIRD, NEIGHBOUR]]
