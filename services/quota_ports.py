"""What the services need of a store to count quotas; part of ``services.ports``, which see."""

from typing import Protocol

from schemas.records import QuotaUse


class Quotas(Protocol):
    """What counties have sent under agreements, by hours of their own clocks."""

    def used(self, source: str, agreement_id: str, hour: int) -> QuotaUse:
        """Return what was counted; ``hour`` is the hour since 1970. Cheap."""

    def use(self, source: str, agreement_id: str, hour: int, size: int) -> None:
        """Count one event with ``size`` bytes of content."""
