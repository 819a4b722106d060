"""How a hub's servers are: asked at their monitoring ports, which listen on their own machine only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.jetstream.child import pid_in
from adapters.jetstream.monitor import ask
from schemas.errors import UnavailableError
from services.settings import read_hub_settings

__all__ = ["ServerState", "StreamState", "server_pid", "server_state", "stream_leader"]

_STREAMS: Final = "/jsz?accounts=true&streams=true&config=false"


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream, as one server sees it.

    Attributes:
        leader: The server that orders it; empty while none does.
        behind: Servers that have not caught up; only the leader knows, so it is empty on the other two.
        messages: How many it keeps.
    """

    name: str
    leader: str
    behind: tuple[str, ...]
    messages: int


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server of a hub.

    Attributes:
        name: Its own.
        healthy: It serves, and holds what it should.
        problem: What it says itself if it does not.
    """

    name: str
    version: str
    healthy: bool
    problem: str
    streams: tuple[StreamState, ...]

    @property
    def whole(self) -> bool:
        """True if this server holds everything and those that it leads do; on all three, one may be taken away."""
        return self.healthy and all(one.leader and not one.behind for one in self.streams)


async def server_state(home: Path) -> ServerState:
    """Ask the server of a hub's directory on this machine.

    Raises:
        RequestError: Its settings are not usable.
        UnavailableError: It does not answer.
    """
    port = read_hub_settings(home).monitor_port
    about, health, held = await ask(port, "/varz"), await ask(port, "/healthz"), await ask(port, _STREAMS)
    name = str(about.get("server_name"))
    return ServerState(
        name,
        str(about.get("version")),
        health.get("status") == "ok",
        str(health.get("error") or ""),
        tuple(sorted((_stream(detail, name) for detail in _details(held)), key=lambda one: one.name)),
    )


def server_pid(home: Path) -> int:
    """Return the pid of the nats-server of a hub's directory.

    Raises:
        UnavailableError: None runs.
    """
    return pid_in(home / "server")


async def stream_leader(homes: Sequence[Path], stream: str) -> Path:
    """Return the directory of the server that leads a stream.

    Args:
        homes: Directories of servers on this machine.
        stream: Its name.

    Raises:
        UnavailableError: None does now.
    """
    for home in homes:
        found = {one.name: one.leader for one in (await server_state(home)).streams}
        by_name = {_name_of(other): other for other in homes}
        if (leader := found.get(stream, "")) in by_name:
            return by_name[leader]
    raise UnavailableError(f"no server leads {stream}")


def _name_of(home: Path) -> str:
    cluster = read_hub_settings(home).cluster
    return cluster.server if cluster is not None else home.name


def _details(held: Mapping[str, Any]) -> list[dict[str, Any]]:
    accounts = held.get("account_details") or []
    return [stream for account in accounts for stream in account.get("stream_detail") or []]


def _stream(detail: Mapping[str, Any], server: str) -> StreamState:
    cluster = detail.get("cluster") or {}
    leader = str(cluster.get("leader") or "")
    others = (cluster.get("replicas") or []) if leader == server else []
    behind = tuple(one["name"] for one in others if not one.get("current") or one.get("offline"))
    return StreamState(detail["name"], leader, behind, detail["state"]["messages"])
