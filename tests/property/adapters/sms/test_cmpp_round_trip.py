"""Every packet of both versions comes back as it went; a packet with one octet changed never passes for the same."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.sms.cmpp_bodies import (
    ActiveTest,
    ActiveTestResp,
    Body,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Packet,
    StatusReport,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
)
from adapters.sms.cmpp_pdu import decode, encode, parse_report, spell_report, take_packet
from adapters.sms.cmpp_text import UCS2, decode_text, part_content, piece_of
from schemas.errors import Fault

OCTET = st.integers(0, 255)
WORD = st.integers(0, 2**32 - 1)
LONG = st.integers(0, 2**64 - 1)
CONTENT = st.binary(max_size=255)


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=most)


def digits(most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", max_size=most)


def submits(version: Version) -> st.SearchStrategy[Submit]:
    width = 21 if version is Version.V2 else 32
    kind = st.just(0) if version is Version.V2 else OCTET
    return st.builds(
        Submit,
        msg_src=text(6),
        src_id=digits(21),
        dest_terminal_ids=st.lists(digits(width), min_size=1, max_size=99).map(tuple),
        content=CONTENT,
        msg_fmt=OCTET,
        msg_id=LONG,
        pk_total=OCTET,
        pk_number=OCTET,
        registered_delivery=OCTET,
        msg_level=OCTET,
        service_id=text(10),
        fee_user_type=OCTET,
        fee_terminal_id=digits(width),
        fee_terminal_type=kind,
        tp_pid=OCTET,
        tp_udhi=OCTET,
        fee_type=text(2),
        fee_code=text(6),
        valid_time=text(17),
        at_time=text(17),
        dest_terminal_type=kind,
        link_id=text(8 if version is Version.V2 else 20),
    )


def delivers(version: Version) -> st.SearchStrategy[Deliver]:
    return st.builds(
        Deliver,
        msg_id=LONG,
        dest_id=digits(21),
        src_terminal_id=text(21 if version is Version.V2 else 32),
        content=CONTENT,
        msg_fmt=OCTET,
        registered_delivery=OCTET,
        service_id=text(10),
        tp_pid=OCTET,
        tp_udhi=OCTET,
        src_terminal_type=st.just(0) if version is Version.V2 else OCTET,
        link_id=text(8 if version is Version.V2 else 20),
    )


def bodies(version: Version) -> st.SearchStrategy[Body]:
    result = OCTET if version is Version.V2 else WORD
    proof = st.binary(min_size=16, max_size=16)
    return st.one_of(
        st.builds(Connect, source_addr=text(6), authenticator=proof, version=OCTET, timestamp=WORD),
        st.builds(ConnectResp, status=result, authenticator=proof, version=OCTET, form=st.just(version)),
        st.just(Terminate()),
        st.just(TerminateResp()),
        submits(version),
        st.builds(SubmitResp, msg_id=LONG, result=result),
        delivers(version),
        st.builds(DeliverResp, msg_id=LONG, result=result),
        st.just(ActiveTest()),
        st.builds(ActiveTestResp, reserved=OCTET),
    )


PACKETS = st.sampled_from(Version).flatmap(
    lambda version: st.tuples(st.just(version), st.builds(Packet, sequence=WORD, body=bodies(version)))
)


@given(PACKETS)
def test_a_packet_comes_back_as_it_went(case: tuple[Version, Packet]) -> None:
    """A field that is written in one place and read in another shows nowhere else before the carrier's trace."""
    version, packet = case
    assert decode(encode(packet, version), version) == packet


@given(st.lists(PACKETS, max_size=5), st.data())
def test_a_stream_of_packets_comes_back_whatever_the_pieces(
    cases: list[tuple[Version, Packet]], data: st.DataObject
) -> None:
    """Pieces are the network's choice."""
    packets = [encode(packet, version) for version, packet in cases]
    stream = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer, found = bytearray(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        buffer += stream[start:end]
        while isinstance(packet := take_packet(buffer), bytes):
            found.append(packet)
        assert packet is None
    assert found == packets


@given(PACKETS, st.data())
def test_a_packet_cut_short_or_drawn_out_is_none(case: tuple[Version, Packet], data: st.DataObject) -> None:
    """Read all the same, the last field would be somebody else's."""
    version, packet = case
    whole = encode(packet, version)
    size = data.draw(st.integers(0, len(whole) - 1))
    assert isinstance(decode(whole[:size], version), Fault)
    assert isinstance(decode(whole + b"\0", version), Fault)


@given(
    st.sampled_from(Version),
    LONG,
    text(7),
    digits(10),
    digits(10),
    digits(21),
    WORD,
)
def test_a_report_comes_back_as_it_went(
    version: Version, msg_id: int, stat: str, submitted: str, done: str, number: str, sequence: int
) -> None:
    """The reference of a report is all that leads to its part."""
    report = StatusReport(msg_id, stat, submitted, done, number, sequence)
    assert parse_report(spell_report(report, version)) == report


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=33), st.integers(1, 8), st.integers(1, 8), OCTET)
def test_a_part_reads_as_it_was_written(written: str, number: int, total: int, reference: int) -> None:
    """What an officer's handset shows is what we decode from our own bytes."""
    content = part_content(written, number=number, total=total, reference=reference)
    if total > 1 and number > total:
        assert content is None
        return
    assert content is not None
    piece = piece_of(Deliver(1, "1", "2", content, UCS2, tp_udhi=1 if total > 1 else 0))
    assert (piece.number, piece.total) == ((number, total) if total > 1 else (1, 1))
    assert decode_text(UCS2, piece.octets).text == written
