"""The console of a node: its files and templates read, its sessions opened, mounted beside the API."""

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from services.console.app import mounting
from services.console.door import Door
from services.console.rendering import Renderer
from services.console.statics import Statics
from services.console.visitor import Entrance
from services.gateway.app import Mount


def console_mount(
    county: str,
    door: Door,
    now: Callable[[], datetime],
    origin: str = "",
    *,
    entrance: Entrance | None = None,
    forwarded: bool = False,
) -> Mount:
    """Return what adds the console to the API's application.

    Args:
        county: Ourselves.
        door: Lets people in.
        now: Reads the time.
        origin: Scheme, host and port that browsers see; empty for the Host they name.
        entrance: Knows sessions in the door's place.
        forwarded: A proxy on this machine tells the addresses of browsers.
    """
    folder = files("services.console") / "static"
    statics = Statics({one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()})
    renderer = Renderer(county=county, now=now, static=statics.address)
    return mounting(entrance or door.entering, door, renderer, statics, origin, forwarded=forwarded)
