"""What happens to a county when its neighbour or the hub is away, and what it weighs."""

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from tests.bench.floor_trials import HUB_SHARE, REST_SECONDS
from tests.bench.nodes import NODE, Nodes, one_way
from tests.bench.processes import pss_mib
from tests.bench.samples import Sample

_LOOK_SECONDS: Final = 0.02
_ALERT_LOOKS: Final = 500


async def node_comes_back(one: Nodes, count: int) -> Sample:
    """Catch up after a plain stop, after a kill, and after the hub was killed; an alert overtakes the backlog."""
    stopped = await _backlog(one, count, kill=False)
    killed = await _backlog(one, count, kill=True)
    hub = await _hub_back(one, max(1, count // HUB_SHARE))
    values = {
        "stopped_seconds": stopped.seconds,
        "hub_back_seconds": hub.seconds,
        "alert_ms": max(stopped.values["alert_ms"], killed.values["alert_ms"]),
    }
    return replace(killed, faults=stopped.faults + killed.faults + hub.faults, values=values)


async def _backlog(one: Nodes, count: int, *, kill: bool) -> Sample:
    marks, totals, owed = one.marks(), await one.totals(count + 1), await one.owed(count + 1)
    neighbour = one.recipients[0]
    await (neighbour.kill() if kill else neighbour.stop())
    sent = await one.submit(one.numbers(count))
    one.counties[1] = await one.start(NODE, 1, folder=str(one.database(1).parent))
    before = one.cpu()
    started, alert, alert_ms = await _alert_during(one)
    ended = await one.arrived(totals)
    await one.receipted(owed)
    spent = one.cpu() - before
    sample = one.sample(sent["sent"], marks, started, ended, spent, alerts=[alert["envelope_id"]])
    return replace(sample, values={"alert_ms": alert_ms})


async def _alert_during(one: Nodes) -> tuple[int, dict[str, Any], float]:
    """Send an alert while the neighbour works its backlog off; return when that began, the alert, and its way."""
    began = (await one.recipients[0].ask("watch"))["opened_ns"]
    alert = await one.source.ask("alert")
    way: dict[str, list[float]] = {}
    for _ in range(_ALERT_LOOKS):
        seen = (await one.recipients[0].ask("seen"))["seen"]
        if way := one_way({alert["envelope_id"]: alert["made_ns"]}, [seen]):
            break
        await asyncio.sleep(_LOOK_SECONDS)
    await one.recipients[0].ask("watched")
    return began, alert, way[alert["envelope_id"]][0] if way else float("nan")


async def _hub_back(one: Nodes, count: int) -> Sample:
    """The source accepts while its hub is dead; from the hub's return until the neighbour has everything."""
    marks, totals, owed = one.marks(), await one.totals(count), await one.owed(count)
    await one.hub.kill()
    sent = await one.submit(one.numbers(count))
    await one.hub.start()
    started = time.monotonic_ns()
    ended = await one.arrived(totals)
    await one.receipted(owed)
    return one.sample(sent["sent"], marks, started, ended, 0.0)


async def node_memory(one: Nodes, count: int) -> Sample:
    """Weigh a node at rest, and after it has taken ``count`` events in."""
    await asyncio.sleep(REST_SECONDS)
    idle = pss_mib(one.recipients[0].pid)
    sample = await one.link(count)
    full, source = pss_mib(one.recipients[0].pid), pss_mib(one.source.pid)
    return replace(sample, values={"idle_mib": idle, "full_mib": full, "source_mib": source})
