"""How a hub's servers are: asked at their monitoring ports, which listen on their own machine only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.jetstream.child import pid_in
from adapters.jetstream.copies import own_copies
from adapters.jetstream.monitor import ask
from schemas.errors import UnavailableError
from schemas.hub_copies import StreamCopy
from schemas.subjects import streams
from services.settings import read_hub_settings

__all__ = ["ServerState", "StreamCopy", "server_pid", "server_state", "stream_leader"]


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
    streams: tuple[StreamCopy, ...]

    @property
    def whole(self) -> bool:
        """True if this server holds everything and those that it leads do; on all three, one may be taken away."""
        return self.healthy and not self.damaged and all(one.leader and not one.behind for one in self.streams)

    @property
    def damaged(self) -> tuple[StreamCopy, ...]:
        """The copies in which messages are missing; the stream of signals forgets by itself."""
        return tuple(one for one in self.streams if one.missing and one.name in streams())


async def server_state(home: Path) -> ServerState:
    """Ask the server of a hub's directory on this machine.

    Raises:
        RequestError: Its settings are not usable.
        UnavailableError: It does not answer.
    """
    port = read_hub_settings(home).monitor_port
    about, health = await ask(port, "/varz"), await ask(port, "/healthz")
    name = str(about.get("server_name"))
    held = await own_copies(port, name)
    return ServerState(
        name,
        str(about.get("version")),
        health.get("status") == "ok",
        str(health.get("error") or ""),
        tuple(held[stream] for stream in sorted(held)),
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
