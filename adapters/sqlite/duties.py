"""Who is on duty next door, and what partners were told. A few rows a day: written at once."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import Row, micros, moment
from schemas.control import OnDuty
from schemas.duties import NeighbourDuty, ToldDuty
from schemas.pages import Tier

_NEIGHBOURS: Final = "SELECT county, office, people, valid_until, told_at, channel, epoch, seq FROM neighbour_duties"
_TOLD: Final = """
    SELECT partner, envelope_id, people, valid_until, told_at, lately FROM told_duties ORDER BY partner"""
_KEEP: Final = """
    INSERT OR REPLACE INTO neighbour_duties (county, office, people, valid_until, told_at, channel, epoch, seq)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_FORGET: Final = """
    UPDATE neighbour_duties SET office = '', people = '[]'
    WHERE valid_until <= ? AND (office <> '' OR people <> '[]') RETURNING county"""
_FORGET_TOLD: Final = """
    UPDATE told_duties SET people = '[]' WHERE valid_until <= ? AND people <> '[]' RETURNING partner"""
_NOTE_TOLD: Final = """
    INSERT OR REPLACE INTO told_duties (partner, envelope_id, people, valid_until, told_at, lately)
    VALUES (?, ?, ?, ?, ?, ?)"""


class SqliteDutiesShown:
    """Satisfies ``services.duty_ports.DutiesShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def neighbour(self, county: str) -> NeighbourDuty | None:
        """Return the newest word of a partner, or None; it may have run out."""
        return next(iter(_neighbours(self._ask(f"{_NEIGHBOURS} WHERE county = ?", (county,)))), None)

    def neighbours(self) -> list[NeighbourDuty]:
        """Return the newest word of every partner that ever gave one, by county."""
        return _neighbours(self._ask(f"{_NEIGHBOURS} ORDER BY county", ()))

    def told(self) -> list[ToldDuty]:
        """Return what each partner was last told, by county."""
        return [
            ToldDuty(
                partner,
                envelope_id.hex(),
                _people(people),
                moment(until),
                moment(at),
                tuple(moment(one) for one in json.loads(lately)),
            )
            for partner, envelope_id, people, until, at, lately in self._ask(_TOLD, ())
        ]


class SqliteDuties(SqliteDutiesShown):
    """Satisfies ``services.duty_ports.Duties``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def keep(self, row: NeighbourDuty) -> None:
        """Keep a partner's word in place of the one before."""
        said = row.county, row.office, _spelt(row.people), micros(row.valid_until), micros(row.told_at)
        self._batch.run(_KEEP, (*said, bytes.fromhex(row.channel), row.epoch, row.seq))

    def forget(self, now: datetime) -> int:
        """Forget whom words named that have run out, partners' and our own; their place stays. Return how many."""
        gone = [row for words in (_FORGET, _FORGET_TOLD) for row in self._batch.run(words, (micros(now),)).fetchall()]
        self._batch.scrub = self._batch.scrub or bool(gone)  # what was overwritten leaves the log, too
        return len(gone)

    def note_told(self, row: ToldDuty) -> None:
        """Keep what a partner was told in place of what it was told before."""
        lately = json.dumps([micros(one) for one in row.lately])
        until_and_at = micros(row.valid_until), micros(row.told_at)
        self._batch.run(
            _NOTE_TOLD, (row.partner, bytes.fromhex(row.envelope_id), _spelt(row.people), *until_and_at, lately)
        )


def _neighbours(rows: Iterable[Row]) -> list[NeighbourDuty]:
    return [
        NeighbourDuty(county, office, _people(people), moment(until), moment(at), channel.hex(), epoch, seq)
        for county, office, people, until, at, channel, epoch, seq in rows
    ]


def _spelt(people: tuple[OnDuty, ...]) -> str:
    return json.dumps([[one.tier.value, one.display] for one in people], ensure_ascii=False)


def _people(text: str) -> tuple[OnDuty, ...]:
    return tuple(OnDuty.model_validate({"tier": Tier(tier), "display": display}) for tier, display in json.loads(text))
