"""The only reader of time."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Satisfies ``services.ports.Clock`` by the machine's clocks."""

    def now(self) -> datetime:
        """Return aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
