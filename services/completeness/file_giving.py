"""Give a member the chunks it lacks, to it alone; and know whose file is on its way from an event that is lost."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from schemas.control import ChunksRequested, WantedFile
from schemas.envelope import Envelope, Header
from schemas.files import FileReport, FileState, KeptFile
from services.domain.chunks import asked_of, count_of
from services.ports import Clock, Transaction

log = structlog.get_logger()

_SENDINGS_MAX: Final = 1000
_BYTES_AN_HOUR: Final = 512 * 1024 * 1024
"""Given again to one member; eight files of the greatest size."""
_HOUR_SECONDS: Final = 3600.0
_FRESH: Final = timedelta(minutes=5)


def is_arriving(tx: Transaction, envelope: Envelope, recipient: str, now: datetime) -> bool:
    """Tell whether a recipient has said lately that it has this event, and that its file is on the way."""
    if envelope.header.content.chunks is None:
        return False
    reports = tx.files.reports(envelope.envelope_id)
    return any(one.county == recipient and now - one.said_at < _FRESH for one in reports)


class FileGiver:
    """Let the chunks that a member asks for be published, within bounds."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock by which bounds are counted."""
        self._clock = clock
        self._given: dict[str, tuple[float, int]] = {}
        """By asker: since when, how many bytes."""

    def answer(self, tx: Transaction, asker: str, asked: ChunksRequested, now: datetime) -> int:
        """Keep what ``asker`` says of its files, and let what it lacks be published to it; return how many chunks."""
        count = 0
        for wanted in asked.wanted:
            event, kept = tx.event(wanted.id), tx.files.file_of(wanted.id)
            if event is None or kept is None or not _is_for(event.envelope.header, asker):
                continue  # not here, or not for them: silence tells nobody which
            tx.files.report(wanted.id, FileReport(asker, min(wanted.held, kept.chunks.count), now))
            if wanted.missing and kept.state is FileState.WHOLE and not _is_under_way(tx, wanted.id, asker):
                count += self._give(tx, asker, wanted, kept)
        return count

    def _give(self, tx: Transaction, asker: str, wanted: WantedFile, kept: KeptFile) -> int:
        todo = asked_of(wanted.missing, kept.chunks.count)
        count, moment = count_of(todo), self._clock.monotonic()
        since, given = self._given.get(asker, (moment, 0))
        if moment - since >= _HOUR_SECONDS:
            since, given = moment, 0
        given += count * kept.chunks.chunk_size
        if not count or given > _BYTES_AN_HOUR:
            log.warning("completeness.chunks_deferred", county=asker, envelope_id=wanted.id)
            return 0
        self._given[asker] = since, given
        tx.files.send(wanted.id, asker, todo)
        log.info("completeness.chunks_given", county=asker, envelope_id=wanted.id, count=count)
        return count


def _is_for(header: Header, asker: str) -> bool:
    return asker in header.to or asker == header.source


def _is_under_way(tx: Transaction, envelope_id: str, asker: str) -> bool:
    """Tell whether chunks of this file are still to be published where the asker hears them."""
    sendings = (one for one in tx.files.sendings(_SENDINGS_MAX) if one.envelope_id == envelope_id)
    return any(one.destination == asker or one.destination.startswith("_") for one in sendings)
