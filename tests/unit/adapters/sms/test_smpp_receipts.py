"""Receipts as carriers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.sms.smpp_pdu import Address, Message, Option
from adapters.sms.smpp_receipts import MessageIds, Receipt, is_receipt, parse_receipt
from schemas.errors import Fault
from schemas.pages import ReportState

CHINA = timezone(timedelta(hours=8))


def receipt(text: str | bytes = "", *options: tuple[int, bytes], coding: int = 0) -> Receipt | Fault:
    octets = text.encode() if isinstance(text, str) else text
    message = Message(Address(0, 0, ""), Address(0, 0, ""), octets, esm_class=4, data_coding=coding, options=options)
    assert is_receipt(message)
    return parse_receipt(message, CHINA)


AT = datetime(2026, 3, 3, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "id:a1 sub:001 dlvrd:001 submit date:2603040714 done date:2603040715 stat:DELIVRD err:000 text:id:b2",
            Receipt("a1", ReportState.DELIVERED, "DELIVRD", AT),
        ),
        (
            "id:0123456 sub:001 dlvrd:000 submit date:260304071400 done date:260304071500 stat:UNDELIV err:012 Text:",
            Receipt("0123456", ReportState.FAILED, "UNDELIV/012", AT),
        ),
        ("stat:EXPIRED id:x@y_z", Receipt("x@y_z", ReportState.FAILED, "EXPIRED", None)),
        ("id:7 stat:ACCEPTD done date:20260304071500", Receipt("7", ReportState.ACCEPTED, "ACCEPTD", AT)),
        ("ID:7 STAT:rejectd ERR:MK:0012", Receipt("7", ReportState.FAILED, "REJECTD/MK:0012", None)),
        ("id:7 stat:MA:0001", Receipt("7", ReportState.UNKNOWN, "MA:0001", None)),
        ("id:7 done date:9999999999 stat:UNKNOWN", Receipt("7", ReportState.UNKNOWN, "UNKNOWN", None)),
        ("id:7", Receipt("7", ReportState.UNKNOWN, "", None)),
    ],
)
def test_as_text(text: str, found: Receipt) -> None:
    """By the carrier's clock in China; fields in any order; what stands in our own quoted text is none of them."""
    assert receipt(text) == found


def test_as_options() -> None:
    """They count before the text, and need none."""
    options = (
        (Option.RECEIPTED_MESSAGE_ID, b"a1\0"),
        (Option.MESSAGE_STATE, b"\5"),
        (Option.NETWORK_ERROR_CODE, b"\3\0\x0c"),
    )
    assert receipt("", *options) == Receipt("a1", ReportState.FAILED, "UNDELIV/012", None)
    assert receipt("id:b2 stat:DELIVRD", options[0]) == Receipt("a1", ReportState.DELIVERED, "DELIVRD", None)
    assert receipt("id:b2 stat:MA:0001", *options[:2]) == Receipt("a1", ReportState.FAILED, "MA:0001", None)


@pytest.mark.parametrize(
    ("number", "state"),
    [(1, "accepted"), (2, "delivered"), (3, "failed"), (4, "failed"), (5, "failed"), (6, "accepted"), (7, "unknown"),
     (8, "failed"), (99, "unknown")],
)  # fmt: skip
def test_states_by_number(number: int, state: str) -> None:
    """Section 5.2.28."""
    found = receipt("id:7", (Option.MESSAGE_STATE, bytes([number])))
    assert isinstance(found, Receipt)
    assert found.state == state


def test_as_a_payload_and_in_ucs2() -> None:
    """Some carriers put even receipts there."""
    assert receipt(b"", (Option.MESSAGE_PAYLOAD, b"id:7 stat:DELIVRD")) == receipt("id:7 stat:DELIVRD")
    assert receipt("id:7 stat:DELIVRD".encode("utf-16-be"), coding=8) == receipt("id:7 stat:DELIVRD")


def test_a_receipt_of_nothing() -> None:
    """It can be matched with no page: it must be refused, not be kept under an empty name."""
    fault = receipt("stat:DELIVRD")
    assert isinstance(fault, Fault)
    assert fault.field == "receipted_message_id"


@pytest.mark.parametrize("esm_class", [0x00, 0x04, 0x08, 0x10, 0x20, 0x40, 0x44, 0xC0])
def test_what_is_a_receipt(esm_class: int) -> None:
    """A reply that is taken for a receipt is lost."""
    assert is_receipt(Message(Address(0, 0, ""), Address(0, 0, ""), b"", esm_class=esm_class)) is (
        esm_class in {0x04, 0x08, 0x20, 0x44}
    )


@pytest.mark.parametrize(
    ("ids", "response", "said"),
    [
        (MessageIds.SAME, "00a1", "00a1"),
        (MessageIds.HEX_THEN_DECIMAL, "1A2B", "6699"),
        (MessageIds.HEX_THEN_DECIMAL, "00001a2b", "0000006699"),
        (MessageIds.DECIMAL_THEN_HEX, "6699", "1a2b"),
        (MessageIds.HEX_THEN_DECIMAL, "no-number", "no-number"),
        (MessageIds.DECIMAL_THEN_HEX, "", ""),
    ],
)
def test_one_id_written_in_two_ways(ids: MessageIds, response: str, said: str) -> None:
    """A carrier that answers in hexadecimal and reports in decimal: every report would be of an unknown part."""
    assert ids.from_response(response) == ids.from_receipt(said)
