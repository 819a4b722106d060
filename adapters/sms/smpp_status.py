"""What the ``command_status`` of SMPP 3.4 says: its name, and what a refusal with it means for a page.

Source: Short Message Peer to Peer Protocol Specification v3.4, issue 1.2, section 5.1.3; docs/alerting/smpp.md
"""

from enum import IntEnum
from typing import Final

from schemas.pages import Retry


class Status(IntEnum):
    """Codes of section 5.1.3, by the names that every carrier's handbook uses."""

    ESME_ROK = 0x00
    ESME_RINVMSGLEN = 0x01
    ESME_RINVCMDLEN = 0x02
    ESME_RINVCMDID = 0x03
    ESME_RINVBNDSTS = 0x04
    ESME_RALYBND = 0x05
    ESME_RINVPRTFLG = 0x06
    ESME_RINVREGDLVFLG = 0x07
    ESME_RSYSERR = 0x08
    ESME_RINVSRCADR = 0x0A
    ESME_RINVDSTADR = 0x0B
    ESME_RINVMSGID = 0x0C
    ESME_RBINDFAIL = 0x0D
    ESME_RINVPASWD = 0x0E
    ESME_RINVSYSID = 0x0F
    ESME_RCANCELFAIL = 0x11
    ESME_RREPLACEFAIL = 0x13
    ESME_RMSGQFUL = 0x14
    ESME_RINVSERTYP = 0x15
    ESME_RINVNUMDESTS = 0x33
    ESME_RINVDLNAME = 0x34
    ESME_RINVDESTFLAG = 0x40
    ESME_RINVSUBREP = 0x42
    ESME_RINVESMCLASS = 0x43
    ESME_RCNTSUBDL = 0x44
    ESME_RSUBMITFAIL = 0x45
    ESME_RINVSRCTON = 0x48
    ESME_RINVSRCNPI = 0x49
    ESME_RINVDSTTON = 0x50
    ESME_RINVDSTNPI = 0x51
    ESME_RINVSYSTYP = 0x53
    ESME_RINVREPFLAG = 0x54
    ESME_RINVNUMMSGS = 0x55
    ESME_RTHROTTLED = 0x58
    ESME_RINVSCHED = 0x61
    ESME_RINVEXPIRY = 0x62
    ESME_RINVDFTMSGID = 0x63
    ESME_RX_T_APPN = 0x64
    ESME_RX_P_APPN = 0x65
    ESME_RX_R_APPN = 0x66
    ESME_RQUERYFAIL = 0x67
    ESME_RINVOPTPARSTREAM = 0xC0
    ESME_ROPTPARNOTALLWD = 0xC1
    ESME_RINVPARLEN = 0xC2
    ESME_RMISSINGOPTPARAM = 0xC3
    ESME_RINVOPTPARAMVAL = 0xC4
    ESME_RDELIVERYFAILURE = 0xFE
    ESME_RUNKNOWNERR = 0xFF


_TEMPORARY: Final = frozenset(
    {
        Status.ESME_RINVBNDSTS,
        Status.ESME_RALYBND,
        Status.ESME_RSYSERR,
        Status.ESME_RBINDFAIL,
        Status.ESME_RINVPASWD,
        Status.ESME_RINVSYSID,
        Status.ESME_RINVSYSTYP,
        Status.ESME_RMSGQFUL,
        Status.ESME_RSUBMITFAIL,
        Status.ESME_RX_T_APPN,
        Status.ESME_RDELIVERYFAILURE,
        Status.ESME_RUNKNOWNERR,
    }
)
LONG_REFUSALS: Final = frozenset(
    {Status.ESME_RBINDFAIL, Status.ESME_RINVPASWD, Status.ESME_RINVSYSID, Status.ESME_RINVSYSTYP}
)
"""Answers to a bind that no second try mends: a person must look, and many tries get a county locked out."""


def status_name(status: int) -> str:
    """Return the name of a status, or its number as ``0x00000417``."""
    return Status(status).name if status in _KNOWN else f"{status:#010x}"


def retry_of(status: int) -> Retry:
    """Return what a refused submit means for the page.

    What is wrong with the page or with its number stays wrong. What is wrong with the link, with the far side, or is
    known to the carrier alone may go through later; after three tries the next provider has the page anyway.
    """
    if status == Status.ESME_RTHROTTLED:
        return Retry.THROTTLED
    if status in _TEMPORARY or status not in _KNOWN:
        return Retry.TEMPORARY
    return Retry.PERMANENT


_KNOWN: Final = frozenset(Status)
