"""The way out for signals: one request each, which the hub's stream of signals answers once it keeps it."""

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import parsed


class JetStreamSignaller:
    """Satisfies ``services.ports.Signaller``. No lane, no expected sequence: of signals only the newest counts."""

    def __init__(self, hub: HubConnection, *, timeout_seconds: float = 5.0) -> None:
        """Borrow the county's connection."""
        self._hub, self._timeout_seconds = hub, timeout_seconds

    async def signal(self, subject: str, message: bytes) -> None:
        """Hand one signal to the hub.

        Raises:
            UnavailableError: No contact, no answer in time, or the hub refuses; one of an older version has no stream.
        """
        parsed(await self._hub.request(subject, message, timeout_seconds=self._timeout_seconds))
