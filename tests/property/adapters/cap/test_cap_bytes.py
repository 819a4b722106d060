"""Whatever bytes come: a document, or one line why not, and never an exception; and no flipped bit is verified."""

from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.cap.feed_text import read_feed
from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import Verified, sign_cap, verify_cap
from adapters.cap.writer import canonical, write_cap
from schemas.cap import CapAlert
from schemas.errors import Fault
from services.domain.cap_lines import rebuilt
from services.domain.cap_reading import Held, import_cap
from tests.cap import DESK, WHOLE, documents
from tests.certificates import NOW, certificate_of, key_of

VECTORS: Final = sorted((Path(__file__).parents[3] / "vectors" / "cap").glob("*.xml"))
SEEDS: Final = [path.read_bytes() for path in VECTORS]
PIECES: Final = [
    *(
        b"<!DOCTYPE a>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?",
        b"?>",
        b"&#0;",
        b"&#x10FFFF;",
        b"&amp;",
        b"\xff\xfe",
    ),
    *(
        b"\x00",
        b"</alert>",
        b"<info>",
        b"</info>",
        b"xmlns=''",
        b"<alert>",
        b"\xef\xbb\xbf",
        b"encoding='utf-16'",
        b"]",
    ),
]
KEY: Final = key_of("ec")
CERTIFICATE: Final = certificate_of(KEY)
SIGNED: Final = sign_cap(WHOLE, key=KEY, certificate=CERTIFICATE)
_SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A document with pieces put in, cut out and changed."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        action = draw(st.sampled_from(["put", "cut", "change", "copy"]))
        if action == "put":
            data[at:at] = draw(st.sampled_from(PIECES))
        elif action == "cut":
            del data[at : at + draw(st.integers(1, 200))]
        elif action == "change" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 300))]
    return bytes(data)


@settings(max_examples=600, suppress_health_check=_SLOW, deadline=None)
@given(data=mangled() | st.binary(max_size=200))
def test_some_bytes_bring_the_reader_down(data: bytes) -> None:
    """What is read survives the way through an event; what is not is refused by one line."""
    read_feed(data)
    found = read_cap(data)
    if isinstance(found, Fault):
        assert "\n" not in str(found)
        return
    draft = import_cap(found.document, original=data, desk=DESK)
    if isinstance(draft, Fault):
        assert "\n" not in str(draft)
        return
    again = rebuilt((draft.draft if isinstance(draft, Held) else draft).event)
    assert isinstance(again, CapAlert)
    if not found.is_signed:
        written = write_cap(again)
        assert isinstance(written, bytes)
        assert canonical(written) == canonical(data)


@settings(max_examples=200, suppress_health_check=_SLOW, deadline=None)
@given(document=documents())
def test_a_document_is_written_otherwise_than_it_is_read(document: CapAlert) -> None:
    """Values -> XML -> values is the identity, over the whole grammar; and the comparison agrees with itself."""
    data = write_cap(document)
    assert isinstance(data, bytes), data
    found = read_cap(data)
    assert isinstance(found, CapFile)
    assert found.document == document
    assert canonical(data) == canonical(canonical_bytes(data))


def canonical_bytes(data: bytes) -> bytes:
    """The canonical form itself, as a document."""
    found = canonical(data)
    assert isinstance(found, bytes)
    return found


@settings(max_examples=300, suppress_health_check=_SLOW, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_verified(data: st.DataObject) -> None:
    """Nothing but what was signed is ever handed out as verified, and no form of a signature raises."""
    assert isinstance(SIGNED, bytes)
    changed = bytearray(SIGNED)
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    found = verify_cap(bytes(changed), signers={"us": CERTIFICATE}, now=NOW)
    if isinstance(found, Verified):  # a bit that means nothing: a blank, the signature's own certificate
        assert found.document == WHOLE
