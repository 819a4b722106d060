"""How much of each stream there is: by the server that leads it, and by one server's own copy."""

import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.monitor import ask
from adapters.jetstream.refusals import parsed
from schemas.hub_copies import StreamCopy
from schemas.subjects import streams

_STREAMS: Final = "/jsz?accounts=true&streams=true&config=false"


async def own_copies(monitor_port: int, server: str) -> dict[str, StreamCopy]:
    """Ask one server for its copies of all streams, the one of signals among them.

    Args:
        monitor_port: On this machine.
        server: Its name.

    Raises:
        UnavailableError: It does not answer.
    """
    held = await ask(monitor_port, _STREAMS)
    accounts: Any = held.get("account_details") or []
    details = [stream for account in accounts for stream in account.get("stream_detail") or []]
    return {one["name"]: _copy(one["name"], one, server) for one in details}


async def leading_copies(hub: HubConnection) -> dict[str, StreamCopy]:
    """Ask the leader of each event stream.

    Args:
        hub: The registrar's.

    Raises:
        UnavailableError: One of them cannot be asked now.
    """
    found: dict[str, StreamCopy] = {}
    for stream in streams():
        request = f"{OWNER_PREFIX}.STREAM.INFO.{stream}"
        info = parsed(await hub.request(request, json.dumps({}).encode()))
        found[stream] = _copy(stream, info, str((info.get("cluster") or {}).get("leader") or ""))
    return found


def _copy(name: str, info: Mapping[str, Any], server: str) -> StreamCopy:
    cluster, state = info.get("cluster") or {}, info["state"]
    leader = str(cluster.get("leader") or "")
    replicas = cluster.get("replicas") or []
    others = replicas if leader == server else []
    behind = tuple(one["name"] for one in others if not one.get("current") or one.get("offline"))
    holders = tuple(sorted({server, *(one["name"] for one in replicas)}))
    return StreamCopy(name, leader, behind, state["messages"], state["first_seq"], state["last_seq"], holders)
