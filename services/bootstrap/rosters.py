"""The adapters of a roster: its files, and calendar files."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from adapters.calendar.files import CalendarFiles
from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.rosters.directory import RosterFiles
from schemas.errors import Fault
from schemas.rosters import RosterTexts
from services.domain.roster_files import RosterHistory, read_history
from services.rostering import Rostering
from services.settings import Settings

__all__ = ["ROSTER_FOLDER", "CalendarFiles", "node_rostering", "open_rosters", "roster_folder"]

log = structlog.get_logger()

ROSTER_FOLDER: Final = "roster.d"


def roster_folder(settings: Settings) -> Path:
    """Return the folder of records and kept plans: beside the database, for the node writes there itself."""
    return settings.at(settings.store.path).parent / ROSTER_FOLDER


def open_rosters(
    settings: Settings,
    *,
    monotonic: Callable[[], float],
    on_faults: Callable[[tuple[Fault, ...]], None] = lambda _: None,
    now: Callable[[], datetime] | None = None,
) -> RosterFiles[RosterHistory]:
    """Return the watched roster of a county; satisfies ``services.roster_ports.Rosters``. Nothing is read yet.

    Args:
        settings: Of the county.
        monotonic: Seconds that never go back.
        on_faults: Told about each bad state of the files.
        now: Aware UTC. A node gives it: each text of the plan is then kept for the past as soon as it is seen.
    """

    def build(texts: RosterTexts) -> RosterHistory | tuple[Fault, ...]:
        return read_history(texts, settings.county)

    return RosterFiles(
        settings.directory, roster_folder(settings), build, monotonic=monotonic, on_faults=on_faults, now=now
    )


def node_rostering(settings: Settings, clock: SystemClock) -> Rostering:
    """Return what a node reads and changes its roster by, whether there is one yet or not."""
    return Rostering(
        open_rosters(settings, monotonic=clock.monotonic, on_faults=_warn, now=clock.now),
        SystemIds(),
    )


def _warn(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        log.warning("directory.refused", code=fault.code, field=fault.field, mend=fault.mend)
