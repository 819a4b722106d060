"""What a new event begins with on the compose page: what the node knows already, so that nobody types it at night.

Everything can be changed before it is sent; nothing here is a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from schemas.base import BEIJING, format_time
from schemas.information.alerts import AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.bulletins import PolicyBulletinPublished

_ALERTS: Final = frozenset({AlertIssued.wire_type, AlertUpdated.wire_type, AlertCancelled.wire_type})
_IN_FORCE: Final = timedelta(hours=6)
_NO_UNIT: Final = "00000000"
"""Behind the county's six digits where the issuing office has no code of its own."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes.

    Attributes:
        county: Six digits.
        office: Our liaison or duty office, as the registry names it.
        phone: Its duty telephone.
        role: The officer's role at the desk, e.g. 值班员甲; never a person's name.
        office_code: 14 digits of the issuing office; empty if it has none.
    """

    county: str
    office: str
    phone: str
    role: str
    office_code: str = ""


def defaults_of(wire_type: str, desk: Desk, now: datetime) -> Mapping[str, JsonValue]:
    """Return the content that a new event of a type begins with; empty for most types.

    Args:
        wire_type: Of the catalogue.
        desk: Who writes.
        now: Aware UTC.
    """
    if wire_type in _ALERTS:
        return _alert(wire_type, desk, now.replace(microsecond=0))
    if wire_type == PolicyBulletinPublished.wire_type:
        return {"issuer": desk.office, "issued_on": f"{now.astimezone(BEIJING):%Y-%m-%d}", "openness": "open"}
    return {}


def _alert(wire_type: str, desk: Desk, now: datetime) -> Mapping[str, JsonValue]:
    first = wire_type == AlertIssued.wire_type
    code = desk.office_code or desk.county + _NO_UNIT
    return {
        "alert_id": f"{code}_{now.astimezone(BEIJING):%Y%m%d%H%M%S}_0",
        "report_stage": "first" if first else "followup",
        "report_no": 1 if first else 2,
        "urgency": "expected",
        "severity": "severe",
        "certainty": "likely",
        "effective": format_time(now),
        "expires": format_time(now + _IN_FORCE),
        "areas": [{"adcodes": [desk.county], "desc": ""}],
        "duty_contact": {"office": desk.office, "phone": desk.phone},
        "approved_by_role": desk.role,
        "approved_at": format_time(now),
    }
