"""The console of a node: its files and templates read, its sessions opened, mounted beside the API."""

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from services.console.app import mounting
from services.console.rendering import Renderer
from services.console.statics import Statics
from services.console.visitor import Entrance
from services.gateway.app import Mount


def console_mount(county: str, entrance: Entrance, now: Callable[[], datetime], origin: str = "") -> Mount:
    """Return what adds the console to the API's application.

    Args:
        county: Ourselves.
        entrance: Knows sessions.
        now: Reads the time.
        origin: Scheme, host and port that browsers see; empty for the Host they name.
    """
    folder = files("services.console") / "static"
    statics = Statics({one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()})
    return mounting(entrance, Renderer(county=county, now=now, static=statics.address), statics, origin)
