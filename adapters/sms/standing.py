"""How a provider stands: what ``health`` says, kept from one call to the next."""

from datetime import datetime

from adapters.sms.calling import Clock
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

    def heard(self) -> None:
        """The far side answered and takes pages."""
        now = self._clock.now()
        self._set(now, "", now)

    def failed(self, problem: str, *, heard: bool = False) -> None:
        """Note what is wrong: one line without secrets or numbers.

        Args:
            problem: Empty means that all is well.
            heard: The far side itself said so; else it is silent.
        """
        now = self._clock.now()
        self._set(now, problem, now if heard else self._health.last_heard_at)

    def _set(self, now: datetime, problem: str, heard_at: datetime | None) -> None:
        ready = not problem
        since = self._health.since if ready == self._health.ready else now
        self._health = Health(ready=ready, since=since, problem=problem, last_heard_at=heard_at)
