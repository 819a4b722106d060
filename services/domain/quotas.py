"""How much a county may send under an agreement within an hour: the same figures and rules at both ends.

An hour is one of the source's own clock, as the header claims it. So the order in which events come, and how late,
changes no verdict, and a recipient, who sees a part of what its source counts, never refuses what an honest source let
through: a backlog of a day is a day's events, not one hour's. Who claims other hours than those in which he wrote gets
no more than what the agreement allows over all its hours.

Source: docs/protocol.md, section "Agreements".
"""

from datetime import datetime
from typing import Final

from schemas.agreements import Agreement, Quota
from schemas.errors import Fault
from schemas.records import QuotaUse
from schemas.subjects import Lane
from services.domain.delivery import lane_of
from services.domain.sharing import CONTROL_PREFIX

_HOUR_SECONDS: Final = 3600


def quota_of(agreement: Agreement, source: str) -> Quota | None:
    """Return the row that limits a party, or None if nothing does."""
    own = next((row for row in agreement.quotas if row.county == source), None)
    return own or next((row for row in agreement.quotas if row.county is None), None)


def is_counted(wire_type: str, priority: int) -> bool:
    """Tell whether an event uses up a quota: an alert is never blocked, and control records carry no content."""
    return not wire_type.startswith(CONTROL_PREFIX) and lane_of(priority) is not Lane.URGENT


def hour_of(claimed: datetime) -> int:
    """Return the hour since 1970 in which a claimed time lies."""
    return int(claimed.timestamp()) // _HOUR_SECONDS


def seconds_left(now: datetime) -> int:
    """Return after how many seconds the next hour has begun, 1 to 3,600."""
    return _HOUR_SECONDS - int(now.timestamp()) % _HOUR_SECONDS


def judge_quota(quota: Quota, agreement_id: str, used: QuotaUse, size: int) -> Fault | None:
    """Decide whether one more event fits into its hour; None means that it does.

    Args:
        quota: The row that limits its source.
        agreement_id: Named in the refusal.
        used: What its source has used of that hour already.
        size: Bytes of its content.
    """
    if used.events >= quota.events_per_hour:
        mend = (
            f"{agreement_id} carries {quota.events_per_hour} events an hour from one county; send it in the next hour"
        )
        return Fault("sharing.quota", "agreement", mend)
    if quota.bytes_per_hour is not None and used.size + size > quota.bytes_per_hour:
        mend = f"{agreement_id} carries {quota.bytes_per_hour} bytes an hour from one county; send it in the next hour"
        return Fault("sharing.quota", "agreement", mend)
    return None
