"""W9: 2,000 SMS over SMPP, window 32, to an SMSC that others wrote; the floor is a bare loop without an outbox.

Kannel stands beside it where Debian's package is installed. Jasmin is in no lock of this project: what it did
earlier is a note.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.county_folder import make_folders
from tests.bench.figures import Better, Target
from tests.bench.harness import Plan, Side, Workload, say
from tests.bench.hub import hub
from tests.bench.members import SOURCE, county_codes
from tests.bench.processes import Actor, actor, spawn
from tests.bench.sms_trials import BareTexts, Carrier, KannelTexts, NodeTexts, Numbers
from tests.bench.texts import OFFICERS, WINDOW, officer_of, phone_of
from tests.kannel import kannel, kannel_programs
from tests.people import Person, add_providers, roster_text, smpp
from tests.smsc import PASSWORD, PROGRAM, SYSTEM_ID, Smsc, npm_smsc

JASMIN: Final = "measured earlier, not in this run: Jasmin 957–1,046/s, p50 28 ms, 185–199 MiB with its broker"
JASMIN_RATE: Final = 957
JASMIN_P50_MS: Final = 28
JASMIN_MIB: Final = 185


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open the SMSC, a node bound to it, a bare client, and Kannel if it is there."""
    async with AsyncExitStack() as stack:
        smsc = await stack.enter_async_context(npm_smsc())
        await smsc.tell("faults", quiet=True)
        carrier, numbers = Carrier(smsc), Numbers(plan.plant)
        bind = {"port": smsc.port, "system_id": SYSTEM_ID, "password": PASSWORD}
        bare = await stack.enter_async_context(actor("tests.bench.sms_floor", folder / "floor.log", **bind))
        await smsc.event("bound")
        home, node = await _node(stack, folder / "sihu", smsc.port)
        await smsc.event("bound")
        sides: dict[str, Side] = {
            "floor": BareTexts(carrier, numbers, bare).run,
            "sihu": NodeTexts(carrier, numbers, node, home / "sihu.db").run,
        }
        if kannel_programs():
            sides["kannel"] = await _kannel(stack, folder, smsc, carrier, numbers)
        else:
            say("W9: Kannel is not installed (Debian's kannel): left out")
        yield sides


async def _kannel(stack: AsyncExitStack, folder: Path, smsc: Smsc, carrier: Carrier, numbers: Numbers) -> Side:
    own = folder / "kannel"
    own.mkdir()
    nobody = "http://127.0.0.1:9/mo"
    box = await stack.enter_async_context(kannel(own, smsc_port=smsc.port, inbound_url=nobody, window=WINDOW))
    opening = {"url": box.sendsms, "username": box.username, "password": box.password}
    client = await stack.enter_async_context(actor("tests.bench.kannel_client", folder / "client.log", **opening))
    return KannelTexts(carrier, numbers, client, box.pids).run


async def _node(stack: AsyncExitStack, folder: Path, smsc_port: int) -> tuple[Path, Actor]:
    codes = county_codes(2)
    server = await stack.enter_async_context(hub(folder / "hub", codes))
    home = make_folders(folder, codes, url=server.url)[SOURCE]
    crew = (
        Person(officer_of(number), f"值班员{number}", "primary", phone_of(number), ("sms",))
        for number in range(OFFICERS)
    )
    (home / "roster.toml").write_text(roster_text(SOURCE, crew), encoding="utf-8")
    add_providers(home, smpp(smsc_port, SYSTEM_ID, PASSWORD, window=WINDOW))
    node = await spawn("tests.bench.sms_node", folder / "node.log")
    stack.push_async_callback(node.stop)
    await node.ask("carrier", port=smsc_port)
    await node.ask("open", folder=str(home))
    return home, node


def _lacks() -> str:
    if shutil.which("node") is None:
        return "there is no `node` on this machine: install Debian's nodejs"
    there = (PROGRAM.parent / "node_modules" / "smpp").is_dir()
    return "" if there else "there is no npm package `smpp`: npm ci --prefix tests/interop"


W9 = Workload(
    "W9",
    "SMS over SMPP, window 32, durable outbox",
    2_000,
    1_000,
    opened,
    targets=(
        Target("rate", JASMIN_RATE),
        Target("p50_ms", JASMIN_P50_MS, Better.LOWER),
        Target("mib", JASMIN_MIB / 2, Better.LOWER),
    ),
    note=JASMIN,
    lacks=_lacks,
)
