"""One request that is no INVITE, over UDP: sent again until it is answered or given up. No clock, no socket.

Source: RFC 3261 section 17.1.2, timers E and F.
"""

from typing import Final

T2_SECONDS: Final = 4.0
GIVEN_UP: Final = 408
"""What a caller is told when no answer came: as if the far side had said so."""
_FINAL: Final = 200
_TIMES: Final = 64


class Exchange:
    """One client transaction."""

    def __init__(self, request: bytes, branch: str, now: float, t1: float) -> None:
        """Have the request sent at once.

        Args:
            request: The whole message.
            branch: That its Via carries; answers carry it, too.
            now: Seconds of a clock that never goes back.
            t1: First pause before it is sent again, doubled up to 4 s.
        """
        self.branch = branch
        self.status = 0
        """Of the final answer, ``GIVEN_UP`` if none came; 0 while it is waited for."""
        self._request, self._pause = request, t1
        self._again_at, self._give_up_at = now + t1, now + _TIMES * t1
        self.outbox = [request]

    def receive(self, status: int) -> None:
        """Take an answer."""
        if status >= _FINAL:
            self.status = self.status or status
        else:
            self._pause = T2_SECONDS

    def tick(self, now: float) -> None:
        """Let time pass."""
        if self.status:
            return
        if now >= self._give_up_at:
            self.status = GIVEN_UP
        elif now >= self._again_at:
            self._pause = min(2 * self._pause, T2_SECONDS)
            self._again_at = now + self._pause
            self.outbox.append(self._request)
