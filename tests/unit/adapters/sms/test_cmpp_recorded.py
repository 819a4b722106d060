"""What a gateway that others wrote sent us, octet by octet.

Recorded once from the server of gocmpp (Go, commit e611134) in both versions, after our greeting and one submit:
its answers, a report, a reply, its active test, its goodbye.
"""

from datetime import UTC, datetime

import pytest

from adapters.sms.cmpp_bodies import (
    ActiveTest,
    ConnectResp,
    Deliver,
    Packet,
    StatusReport,
    SubmitResp,
    TerminateResp,
    Version,
)
from adapters.sms.cmpp_codes import state_of, time_of
from adapters.sms.cmpp_pdu import authenticator_ismg, authenticator_source, decode, encode, parse_report, take_packet
from adapters.sms.cmpp_text import decode_text
from schemas.pages import ReportState

NOW = datetime(2026, 3, 4, tzinfo=UTC)
RECORDED = {
    Version.V2: [
        "0000001e800000010000000100779b6022f51c0f069465dc52435cc04920",
        "000000158000000400000002b2b9da800001000100",
        (
            "000000910000000500000000000000000000000b31303639303030313337000000000000000000000000000000000000"
            "000000000000313339303030303030303100000000000000000000013cb2b9da800001000144454c4956524432363033"
            "303430373239323630333034303733303133393030303030303031000000000000000000000000000900000000000000"
            "00"
        ),
        (
            "0000005d0000000500000001000000000000000c31303639303030313337000000000000000000000000000000000000"
            "000000000008313339303030303030303100000000000000000000000800330037653652300000000000000000"
        ),
        "0000000c0000000800000002",
        "0000000c8000000200000003",
    ],
    Version.V3: [
        "00000021800000010000000100000000d2bfe47b61e63f7978028766300321ce30",
        "000000188000000400000002b2b9da800001000100000000",
        (
            "000000a90000000500000000000000000000000b31303639303030313337000000000000000000000000000000000000"
            "000000000000313339303030303030303100000000000000000000000000000000000000000000013cb2b9da80000100"
            "0144454c4956524432363033303430373239323630333034303733303133393030303030303031000000000000000000"
            "00000000090000000000000000000000000000000000000000"
        ),
        (
            "000000750000000500000001000000000000000c31303639303030313337000000000000000000000000000000000000"
            "000000000008313339303030303030303100000000000000000000000000000000000000000000000800330037653652"
            "300000000000000000000000000000000000000000"
        ),
        "0000000c0000000800000002",
        "0000000c8000000200000003",
    ],
}


@pytest.mark.parametrize("version", Version)
def test_a_foreign_gateway_is_understood(version: Version) -> None:
    """Whoever tests a reader only with its own writer finds the mistakes of neither."""
    buffer = bytearray().join(bytes.fromhex(one) for one in RECORDED[version])
    bodies = []
    while isinstance(data := take_packet(buffer), bytes):
        packet = decode(data, version)
        assert isinstance(packet, Packet)
        assert encode(packet, version) == data
        bodies.append(packet.body)
    assert not buffer

    connect, submit, report, reply, test, goodbye = bodies
    proof = authenticator_source("106001", "only-for-this-test", 304073000)
    assert isinstance(connect, ConnectResp)
    assert (connect.status, connect.version, connect.form) == (0, version, version)
    assert connect.authenticator == authenticator_ismg(0, version, proof, "only-for-this-test")
    assert submit == SubmitResp(0xB2B9DA8000010001, 0)
    assert (test, goodbye) == (ActiveTest(), TerminateResp())

    assert isinstance(report, Deliver)
    status = parse_report(report.content)
    assert isinstance(status, StatusReport)
    assert (report.registered_delivery, status.msg_id) == (1, submit.msg_id)
    assert state_of(status.stat) is ReportState.DELIVERED
    assert time_of(status.done_time, NOW) == datetime(2026, 3, 3, 23, 30, tzinfo=UTC)

    assert isinstance(reply, Deliver)
    assert (reply.dest_id, reply.src_terminal_id) == ("1069000137", "13900000001")
    assert decode_text(reply.msg_fmt, reply.content).text == "37收到"
