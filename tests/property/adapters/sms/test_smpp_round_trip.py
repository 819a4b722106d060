"""SMPP's codec, whatever the values are: what goes in comes back, however the stream is cut."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sms.smpp_pdu import (
    SEQUENCE_MAX,
    Address,
    Bind,
    Frames,
    Message,
    Pdu,
    parse_bind,
    parse_message,
    parse_options,
    spell,
    spell_bind,
    spell_message,
    spell_options,
)
from adapters.sms.smpp_text import Alphabet, Header, decoded, parse_header, spell_part
from schemas.errors import Fault
from schemas.pages import Part

UNHURRIED = settings(deadline=None)  # on a busy machine one example may take its time
OCTET = st.integers(0, 255)
TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
ADDRESSES = st.builds(Address, OCTET, OCTET, TEXT)
OPTIONS = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=8).map(tuple)
MESSAGES = st.builds(
    Message,
    ADDRESSES,
    ADDRESSES,
    st.binary(max_size=254),
    esm_class=OCTET,
    data_coding=OCTET,
    registered_delivery=OCTET,
    validity_period=TEXT,
    service_type=TEXT,
    options=OPTIONS,
)
NUMBERS = st.integers(0, 0xFFFFFFFF)
PDUS = st.builds(Pdu, NUMBERS, NUMBERS, st.integers(1, SEQUENCE_MAX), st.binary(max_size=600))


@given(MESSAGES)
@UNHURRIED
def test_messages(message: Message) -> None:
    """Every field comes back as it was."""
    assert parse_message(spell_message(message)) == message


@given(st.builds(Bind, TEXT, TEXT, TEXT, OCTET))
@UNHURRIED
def test_binds(bind: Bind) -> None:
    """Every field comes back as it was."""
    assert parse_bind(spell_bind(bind)) == bind


@given(OPTIONS)
@UNHURRIED
def test_options(options: tuple[tuple[int, bytes], ...]) -> None:
    """In their order, twice the same tag too."""
    assert parse_options(spell_options(options)) == options


@given(st.lists(PDUS, max_size=5), st.lists(st.integers(1, 64), max_size=40))
@UNHURRIED
def test_streams(pdus: list[Pdu], sizes: list[int]) -> None:
    """However TCP cuts them."""
    stream, frames, found = b"".join(map(spell, pdus)), Frames(), []
    at = 0
    for size in [*sizes, len(stream) + 1]:
        frames.feed(stream[at : at + size])
        at += size
        while (one := frames.take()) is not None:
            found.append(one)
    assert found == pdus


@given(MESSAGES, st.data())
@UNHURRIED
def test_a_cut_message_is_a_fault_or_has_its_fields(message: Message, data: st.DataObject) -> None:
    """It never becomes another message: what is read is what was sent, but for options at the end."""
    whole = spell_message(message)
    parsed = parse_message(whole[: data.draw(st.integers(0, len(whole)))])
    if isinstance(parsed, Message):
        assert parsed.options == message.options[: len(parsed.options)]
        assert (parsed.source, parsed.destination) == (message.source, message.destination)
        assert parsed.short_message == message.short_message
    else:
        assert parsed.code == "smpp.field"


@given(st.text(max_size=80), st.integers(0, 9), OCTET, st.integers(0, 9))
@UNHURRIED
def test_parts(text: str, total: int, reference: int, number: int) -> None:
    """Either refused, or whole at the telephone: header read back, text read back, at most 140 octets."""
    spelled = spell_part(Part(number, total, reference, text))
    if isinstance(spelled, Fault):
        return
    esm_class, octets = spelled
    assert len(octets) <= 140
    if esm_class:
        header = parse_header(octets)
        assert header == Header(6, (reference, total, number))
        octets = octets[6:]
    assert decoded(octets, Alphabet.UTF16) == text.removeprefix("\ufeff")


@given(st.binary(max_size=200), st.sampled_from([*Alphabet, None]))
@UNHURRIED
def test_any_octets_become_some_text(octets: bytes, alphabet: Alphabet | None) -> None:
    """Nothing that came is nothing."""
    text = decoded(octets, alphabet)
    assert bool(text) == bool(octets.removeprefix(b"\xfe\xff") if alphabet is Alphabet.UTF16 else octets)
    text.encode("utf-8")  # and no half of a pair is left in it: a store would refuse it
