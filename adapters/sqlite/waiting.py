"""What waits for something or somebody: held links, quarantine, watches and notices behind one port."""

from collections.abc import Iterable
from datetime import datetime

from adapters.sqlite.held import HeldLinks
from adapters.sqlite.notices import Notices
from adapters.sqlite.quarantine import Quarantine
from adapters.sqlite.watches import Watches
from schemas.notices import Notice, NoticeKind
from schemas.records import HeldBack, Quarantined, Watch


class SqliteWaiting:
    """Satisfies ``services.ports.Waiting``."""

    def __init__(self, held: HeldLinks, quarantine: Quarantine, watches: Watches, notices: Notices) -> None:
        """Join the four books."""
        self._held, self._quarantine, self._watches, self._notices = held, quarantine, watches, notices

    def hold(self, held: HeldBack) -> bool:
        """Keep a link until those before it come; False if the bound per channel is reached."""
        return self._held.hold(held)

    def take_held(self, channel: str, epoch: str, seq: int) -> HeldBack | None:
        """Remove and return the oldest held link at ``seq``, or None."""
        return self._held.take_held(channel, epoch, seq)

    def held_epochs(self, limit: int) -> list[HeldBack]:
        """Return held links that wait for no link before them but for an epoch or a registry, oldest first."""
        return self._held.held_epochs(limit)

    def quarantine(self, refused: Quarantined) -> None:
        """Keep refused bytes by digest; journal a digest once."""
        self._quarantine.quarantine(refused)

    def refused(self, source: str, code: str, limit: int) -> list[Quarantined]:
        """Return what was quarantined of a source for one reason and still has its bytes, oldest first."""
        return self._quarantine.refused(source, code, limit)

    def readmit(self, digest: str) -> None:
        """Take out of quarantine what turned out to be good."""
        self._quarantine.readmit(digest)

    def watch(self, watches: Iterable[Watch]) -> None:
        """Remember deadlines."""
        self._watches.watch(watches)

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """Return and remove the watches whose deadline has passed and whose stage is still missing."""
        return self._watches.due(now, limit)

    def tell(self, kind: NoticeKind, about: str, county: str, text: str, at: datetime) -> int:
        """Tell the own duty officer once per cause; return the notice's number."""
        return self._notices.tell(kind, about, county, text, at)

    def resolve(self, kind: NoticeKind, about: str, county: str, at: datetime) -> None:
        """The cause is gone."""
        self._notices.resolve(kind, about, county, at)

    def notice(self, number: int) -> Notice | None:
        """Return one notice, open or not, or None."""
        return self._notices.notice(number)

    def close(self, number: int, by: str, at: datetime) -> None:
        """A person has dealt with an open notice."""
        self._notices.close(number, by, at)
