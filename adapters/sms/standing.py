"""How a provider stands: what ``health`` says, kept from one call to the next."""

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
        problem = trouble.problem if trouble is not None else ""
        silent = trouble is not None and trouble.silent
        self._health = self._health.noted(problem, self._clock.now(), heard=not silent)

    def assumed(self) -> None:
        """Take a provider for ready that offers no question: only a page shows how it is."""
        self._health = self._health.noted("", self._clock.now(), heard=False)

    def stopped(self) -> None:
        """Say that it does not run any more."""
        self._health = self._health.noted("not running", self._clock.now(), heard=False)
