"""What the codes of a CMPP gateway mean for us: results of a submit, states of a report, why it does not let us in.

Source: 中国移动通信互联网短信网关接口协议 V2.0 and V3.0.0; the tables stand in docs/alerting/cmpp.md
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from adapters.sms.cmpp_bodies import Version
from schemas.pages import ReportState, Retry

FLOW_CONTROL: Final = 8
_LAST_OF_2_0: Final = 8
_OTHER: Final = "other error of the gateway"
CHINA: Final = timezone(timedelta(hours=8))
"""Every time in CMPP is the gateway's wall clock."""

_RESULTS: Final = {
    1: (Retry.PERMANENT, "structure of the packet"),
    2: (Retry.PERMANENT, "command word"),
    3: (Retry.TEMPORARY, "sequence number repeated"),
    4: (Retry.PERMANENT, "length of the packet"),
    5: (Retry.PERMANENT, "fee code"),
    6: (Retry.PERMANENT, "text too long"),
    7: (Retry.PERMANENT, "service id"),
    8: (Retry.THROTTLED, "flow control"),
    9: (Retry.PERMANENT, "gateway does not serve the number that pays"),
    10: (Retry.PERMANENT, "Src_Id: service number or extension"),
    11: (Retry.PERMANENT, "Msg_src: our enterprise code"),
    12: (Retry.PERMANENT, "Fee_terminal_Id: number that pays"),
    13: (Retry.PERMANENT, "Dest_terminal_Id: recipient's number"),
}

_STATUSES: Final = {
    1: "structure of CMPP_CONNECT",
    2: "unknown source address (enterprise code), or we come from an address that is not agreed",
    3: "wrong enterprise code or shared secret, or our clock is wrong",
    4: "gateway speaks an older version only",
}

_STATES: Final = {
    "DELIVRD": ReportState.DELIVERED,
    "ACCEPTD": ReportState.ACCEPTED,
    "ENROUTE": ReportState.ACCEPTED,
    "UNKNOWN": ReportState.UNKNOWN,
    "": ReportState.UNKNOWN,
}


def retry_of(result: int, version: Version) -> tuple[Retry, str]:
    """Return what a result other than 0 means, and in words.

    2.0 defines 1 to 8 and calls everything from 9 on another error; 3.0 defines 1 to 13.
    """
    if version is Version.V2 and result > _LAST_OF_2_0:
        return Retry.TEMPORARY, _OTHER
    return _RESULTS.get(result, (Retry.TEMPORARY, _OTHER))


def refusal_of(status: int) -> str:
    """Return in words why CMPP_CONNECT was refused."""
    return _STATUSES.get(status, _OTHER)


def state_of(stat: str) -> ReportState:
    """Return what ``Stat`` of a report says.

    Only DELIVRD is a success; every code that is not one of the few open ones is the end of a message that did not
    arrive (UNDELIV, EXPIRED, MA:0001, and what carriers invent).
    """
    return _STATES.get(stat.strip().upper(), ReportState.FAILED)


def time_of(digits: str, now: datetime) -> datetime | None:
    """Return YYMMDDHHMM of the gateway's clock as aware UTC; None if it is no time or more than a day ahead."""
    if len(digits) != len("YYMMDDHHMM") or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        local = datetime.strptime(f"20{digits}", "%Y%m%d%H%M").replace(tzinfo=CHINA)
    except ValueError:
        return None
    moment = local.astimezone(UTC)
    return moment if moment <= now + timedelta(days=1) else None


def connect_timestamp(now: datetime) -> int:
    """Return MMDDHHMMSS by the gateway's clock, as a number."""
    return int(now.astimezone(CHINA).strftime("%m%d%H%M%S"))
