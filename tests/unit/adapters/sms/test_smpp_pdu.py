"""SMPP's octets, worked out by hand from the specification."""

import pytest

from adapters.sms.smpp_pdu import (
    Address,
    Bind,
    Command,
    Frames,
    Message,
    Option,
    Pdu,
    parse_bind,
    parse_message,
    parse_options,
    parse_text,
    spell,
    spell_bind,
    spell_message,
    spell_text,
)
from adapters.sms.smpp_status import Status, retry_of, status_name
from schemas.errors import Fault
from schemas.pages import Retry

SUBMIT = (
    "00000044 00000004 00000000 00000007"  # 68 octets, submit_sm, no status, number 7
    "00"  # service_type: none
    "00 01 31303639303030313337 00"  # unknown type, ISDN, 1069000137
    "01 01 38363133393030303030303031 00"  # international, ISDN, 8613900000001
    "40 00 00"  # esm_class with header, protocol_id, priority_flag
    "00"  # schedule_delivery_time: none
    "00"  # validity_period: none
    "01 00 08 00 0c"  # report wanted, nothing replaced, UCS-2, no canned text, 12 octets
    "050003a50201"  # header: part 1 of 2 of text 0xa5
    "653652308bf7"  # 收到请
)
BIND = (
    "00000026 00000009 00000000 00000001"  # 38 octets, bind_transceiver
    "73696875 00"  # sihu
    "6b6570742d6f7574 00"  # kept-out
    "534d53 00"  # SMS
    "34 00 00 00"  # version 3.4, no type, no plan, no range
)


def test_a_submit_is_what_the_specification_says() -> None:
    """One field in another place and a carrier reads a wrong number."""
    message = Message(
        Address(0, 1, "1069000137"),
        Address(1, 1, "8613900000001"),
        bytes.fromhex("050003a50201") + "收到请".encode("utf-16-be"),
        esm_class=0x40,
        data_coding=8,
        registered_delivery=1,
    )
    octets = spell(Pdu(Command.SUBMIT_SM, 0, 7, spell_message(message)))
    assert octets.hex() == bytes.fromhex(SUBMIT).hex()
    assert parse_message(octets[16:]) == message


def test_a_bind_is_what_the_specification_says() -> None:
    """The first PDU of every link."""
    octets = spell(Pdu(Command.BIND_TRANSCEIVER, 0, 1, spell_bind(Bind("sihu", "kept-out", "SMS"))))
    assert octets.hex() == bytes.fromhex(BIND).hex()
    assert parse_bind(octets[16:]) == Bind("sihu", "kept-out", "SMS")


def test_options_stand_behind_the_fields() -> None:
    """A receipt's id and state, a text longer than 254 octets."""
    message = Message(
        Address(0, 0, ""),
        Address(0, 0, ""),
        b"",
        options=((Option.RECEIPTED_MESSAGE_ID, b"a1\0"), (Option.MESSAGE_STATE, b"\2")),
    )
    body = spell_message(message)
    assert body.hex().endswith("001e0003613100" + "0427000102")
    assert parse_message(body) == message
    assert message.option(Option.MESSAGE_STATE) == b"\2"
    assert message.option(Option.MESSAGE_PAYLOAD) is None


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_broken_end_loses_neither_sender_nor_words(cut: int) -> None:
    """An officer's answer with half an option behind it."""
    message = Message(Address(0, 0, "1"), Address(0, 0, "2"), b"37", options=((0x1403, b"\1"),))
    parsed = parse_message(spell_message(message)[:-cut])
    assert isinstance(parsed, Message)
    assert (parsed.short_message, parsed.options) == (b"37", ())


def test_not_more_options_than_anybody_sends_are_read() -> None:
    """64 KiB of empty options are 16,384 values."""
    assert len(parse_options(bytes(4) * 16_000)) == 64


@pytest.mark.parametrize("length", range(33))
def test_a_body_that_ends_too_early_is_named(length: int) -> None:
    """What is missing must be told, not be read as zeros."""
    whole = spell_message(Message(Address(0, 1, "1069"), Address(0, 1, "139"), b"0123456789"))
    parsed = parse_message(whole[:length])
    assert isinstance(parsed, Fault)
    assert parsed.code == "smpp.field"
    assert parsed.field


def test_a_text_without_end_is_a_fault() -> None:
    """Without NUL a reader runs into the next PDU."""
    assert parse_message(b"\0\0\0" + b"1" * 300) == Fault(
        "smpp.field", "source_addr", "a text ends with NUL, after 255 octets at most"
    )


def test_an_answer_may_have_no_body() -> None:
    """Most carriers send none with a refusal."""
    assert parse_text(b"") == ""
    assert parse_text(spell_text("a1")) == "a1"
    assert parse_text(b"a1") == "a1"
    assert len(parse_text(b"9" * 9999)) == 255


def test_a_stream_is_cut_where_it_says() -> None:
    """At every octet: TCP may split there."""
    pdus = [Pdu(Command.ENQUIRE_LINK, 0, 1), Pdu(Command.DELIVER_SM, 0, 2, b"abc"), Pdu(Command.UNBIND, 0, 3)]
    stream = b"".join(map(spell, pdus))
    for at in range(len(stream) + 1):
        frames, found = Frames(), []
        for segment in (stream[:at], stream[at:]):
            frames.feed(segment)
            while (one := frames.take()) is not None:
                found.append(one)
        assert found == pdus


@pytest.mark.parametrize("length", [0, 1, 15, 65537, 0xFFFFFFFF])
def test_a_length_that_cannot_be(length: int) -> None:
    """The first four octets decide: nobody waits for four gigabytes."""
    frames = Frames()
    frames.feed(length.to_bytes(4, "big"))
    fault = frames.take()
    assert isinstance(fault, Fault)
    assert fault.code == "smpp.length"


def test_what_was_whole_before_the_garbage_is_read() -> None:
    """The last answer before a carrier's crash still counts."""
    frames = Frames()
    frames.feed(spell(Pdu(Command.ENQUIRE_LINK, 0, 1)) + b"\xff" * 8)
    assert frames.take() == Pdu(Command.ENQUIRE_LINK, 0, 1)
    assert isinstance(frames.take(), Fault)


def test_the_largest_pdu_is_taken() -> None:
    """65,536 octets, the limit itself."""
    frames = Frames()
    frames.feed(spell(Pdu(Command.DELIVER_SM, 0, 1, bytes(65520))))
    found = frames.take()
    assert isinstance(found, Pdu)
    assert len(found.body) == 65520


def test_every_status_has_a_meaning_for_a_page() -> None:
    """What is temporary by mistake keeps an officer waiting; what is permanent by mistake is never sent."""
    assert [retry_of(0x58), retry_of(0x14), retry_of(0x0B), retry_of(0x400)] == [
        Retry.THROTTLED,
        Retry.TEMPORARY,
        Retry.PERMANENT,
        Retry.TEMPORARY,
    ]
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x400) == "0x00000400"
    assert {status for status in Status if retry_of(status) is Retry.THROTTLED} == {Status.ESME_RTHROTTLED}
