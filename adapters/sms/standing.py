"""How a provider stands: what ``health`` says, kept from one call to the next."""

from datetime import datetime

from adapters.sms.calling import Clock
from adapters.sms.rulings import Trouble
from schemas.pages import Health


class Standing:
    """The health of one provider by what it last answered."""

    def __init__(self, clock: Clock) -> None:
        """Start as not running."""
        self._clock = clock
        self._health = Health(ready=False, since=clock.now(), problem="not running")

    def health(self) -> Health:
        """Return how it stands."""
        return self._health

    def judged(self, trouble: Trouble | None) -> None:
        """Note how a call ended: well, or with trouble that may be the page's own."""
        now = self._clock.now()
        problem = trouble.problem if trouble is not None else ""
        silent = trouble is not None and trouble.silent
        self._set(now, problem, self._health.last_heard_at if silent else now)

    def assumed(self) -> None:
        """Take a provider for ready that offers no question: only a page shows how it is."""
        self._set(self._clock.now(), "", self._health.last_heard_at)

    def stopped(self) -> None:
        """Say that it does not run any more."""
        self._set(self._clock.now(), "not running", self._health.last_heard_at)

    def _set(self, now: datetime, problem: str, heard_at: datetime | None) -> None:
        ready = not problem
        since = self._health.since if ready == self._health.ready else now
        self._health = Health(ready=ready, since=since, problem=problem, last_heard_at=heard_at)
