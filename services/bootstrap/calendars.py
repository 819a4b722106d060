"""The calendar that people subscribe to: its writer and the table of festivals."""

from collections.abc import Iterable

from adapters.calendar.festivals import NAME, festival_bytes
from schemas.calendars import FeedEntry
from schemas.errors import RequestError
from schemas.festivals import FESTIVALS_MAX_BYTES, FestivalFile
from services.domain.toml_files import read_toml
from services.gateway.gateway import CalendarFeed
from services.settings import Settings


def open_calendar(settings: Settings) -> CalendarFeed:
    """Return the table in force and what spells entries.

    Raises:
        RequestError: The county's own table does not fit, with every fault.
    """
    return CalendarFeed(read_festivals(festival_bytes(settings.directory / NAME)), _spell)


def read_festivals(data: bytes) -> FestivalFile:
    """Read a table of festivals.

    Raises:
        RequestError: It does not fit, with every fault.
    """
    found = read_toml(FestivalFile, data, name=NAME, prefix="festivals", max_bytes=FESTIVALS_MAX_BYTES)
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


def _spell(entries: Iterable[FeedEntry], name: str) -> bytes:
    from adapters.calendar.feed import write_feed  # noqa: PLC0415 - a node that nobody asks for it need not carry it

    return write_feed(entries, name=name)
