"""A neighbour has not stored, or not acknowledged, ours in time: our own duty officer is paged to call it.

Source: docs/alerting/README.md, section "At the source".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.control import ReceiptStage
from schemas.records import Delivery

_BETWEEN = "/"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is missing, of which event, from whom."""

    envelope_id: str
    county: str
    stage: ReceiptStage

    @property
    def key(self) -> str:
        """Key of the escalation that tells of it."""
        return _BETWEEN.join((self.envelope_id, self.county, self.stage.value))


def silence_in(key: str) -> Silence | None:
    """Read a key back; None if it is another escalation's."""
    parts = key.split(_BETWEEN)
    return Silence(parts[0], parts[1], ReceiptStage(parts[2])) if len(parts) == 3 else None  # noqa: PLR2004


def is_over(silence: Silence, deliveries: Iterable[Delivery]) -> bool:
    """Tell whether what was missing has come; who is no recipient any more is waited for no longer."""
    one = next((delivery for delivery in deliveries if delivery.recipient == silence.county), None)
    if one is None or one.acknowledged_at is not None:
        return True
    if silence.stage is not ReceiptStage.STORED:
        return False
    return one.stored_at is not None or one.refused_code is not None
