"""What a CMPP gateway (ISMG) and a service provider (SP) tell each other, as values.

Field names are the specification's own in lower case, so that a trace and a contract read alike. Contents and telephone
numbers never show in a ``repr``.

Source: 中国移动通信互联网短信网关接口协议 V2.0 (2002-04) and V3.0.0; docs/alerting/cmpp.md
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar


class Version(IntEnum):
    """Which of the two forms; the value is the octet on the wire."""

    V2 = 0x20
    V3 = 0x30


@dataclass(frozen=True, slots=True)
class Connect:
    """We ask to be let in; ``timestamp`` is MMDDHHMMSS as a number."""

    command: ClassVar[int] = 0x0000_0001

    source_addr: str
    authenticator: bytes = field(repr=False)
    version: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class ConnectResp:
    """The gateway lets us in (status 0) or not; ``form`` is what its length shows, ``version`` what it says."""

    command: ClassVar[int] = 0x8000_0001

    status: int
    authenticator: bytes = field(repr=False)
    version: int
    form: Version


@dataclass(frozen=True, slots=True)
class Terminate:
    """Either side ends the connection."""

    command: ClassVar[int] = 0x0000_0002


@dataclass(frozen=True, slots=True)
class TerminateResp:
    """The other side agrees."""

    command: ClassVar[int] = 0x8000_0002


@dataclass(frozen=True, slots=True)
class Submit:
    """One part of one SMS to telephones.

    ``link_id`` is LinkID of 3.0 (20 octets), the reserved octets of 2.0 (8). The two ``_type`` fields are 3.0's only.
    """

    command: ClassVar[int] = 0x0000_0004

    msg_src: str
    src_id: str
    dest_terminal_ids: tuple[str, ...] = field(repr=False)
    content: bytes = field(repr=False)
    msg_fmt: int
    msg_id: int = 0
    pk_total: int = 1
    pk_number: int = 1
    registered_delivery: int = 1
    msg_level: int = 0
    service_id: str = ""
    fee_user_type: int = 2
    fee_terminal_id: str = field(default="", repr=False)
    fee_terminal_type: int = 0
    tp_pid: int = 0
    tp_udhi: int = 0
    fee_type: str = "01"
    fee_code: str = "000000"
    valid_time: str = ""
    at_time: str = ""
    dest_terminal_type: int = 0
    link_id: str = ""


@dataclass(frozen=True, slots=True)
class SubmitResp:
    """The gateway took a part under ``msg_id`` (result 0) or not."""

    command: ClassVar[int] = 0x8000_0004

    msg_id: int
    result: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """A text from a telephone, or a report (``registered_delivery`` 1) about a part of ours."""

    command: ClassVar[int] = 0x0000_0005

    msg_id: int
    dest_id: str
    src_terminal_id: str = field(repr=False)
    content: bytes = field(repr=False)
    msg_fmt: int
    registered_delivery: int = 0
    service_id: str = ""
    tp_pid: int = 0
    tp_udhi: int = 0
    src_terminal_type: int = 0
    link_id: str = ""


@dataclass(frozen=True, slots=True)
class DeliverResp:
    """We kept it (result 0) or cannot read it."""

    command: ClassVar[int] = 0x8000_0005

    msg_id: int
    result: int


@dataclass(frozen=True, slots=True)
class ActiveTest:
    """Are you there?"""

    command: ClassVar[int] = 0x0000_0008


@dataclass(frozen=True, slots=True)
class ActiveTestResp:
    """Yes."""

    command: ClassVar[int] = 0x8000_0008

    reserved: int = 0


Body = (
    Connect
    | ConnectResp
    | Terminate
    | TerminateResp
    | Submit
    | SubmitResp
    | Deliver
    | DeliverResp
    | ActiveTest
    | ActiveTestResp
)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; an answer carries the ``sequence`` of what it answers."""

    sequence: int
    body: Body


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Content of a deliver that is a report; ``msg_id`` is that of the submit response. Times are YYMMDDHHMM."""

    msg_id: int
    stat: str
    submit_time: str
    done_time: str
    dest_terminal_id: str = field(repr=False)
    smsc_sequence: int
