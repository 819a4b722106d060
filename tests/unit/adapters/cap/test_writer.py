"""What is written is valid, and the comparison of documents sees every difference that means something."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.writer import canonical, write_cap
from schemas.cap import CapAlert, CapPair
from schemas.errors import Fault
from services.domain.cap_lines import rebuilt
from services.domain.cap_reading import Held, Imported, import_cap
from tests.cap import DESK, LEAST, PLAIN, WHOLE

OWN = sorted((Path(__file__).parents[3] / "vectors" / "cap").glob("*.xml"))


def written(document: CapAlert) -> bytes:
    data = write_cap(document)
    assert isinstance(data, bytes), data
    return data


def survives(data: bytes) -> bool:
    """Whether a document is the same, as canonical XML, when it is written again from the event alone."""
    found = read_cap(data)
    assert isinstance(found, CapFile), found
    draft = import_cap(found.document, original=data, desk=DESK)
    draft = draft.draft if isinstance(draft, Held) else draft
    assert isinstance(draft, Imported), draft
    again = rebuilt(draft.event)
    assert isinstance(again, CapAlert), again
    return canonical(written(again)) == canonical(data)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_a_document_of_our_own_does_not_survive(path: Path) -> None:
    """Sixteen documents, each awkward in its way: encodings, prefixes, empty elements, twenty languages."""
    assert survives(path.read_bytes())


def test_there_are_documents_to_try() -> None:
    """An empty folder would pass."""
    assert len(OWN) == 16


def test_the_comparison_is_blind() -> None:
    """A comparison that finds everything equal would prove every round trip."""
    plain = written(WHOLE)
    different = [
        plain.replace(b"Upper valley", b"Upper  valley"),
        plain.replace(b" Leave the banks. ", b"Leave the banks."),
        plain.replace(b"<note>Corrects the area.</note>", b""),
        plain.replace(b"<code>layer:test</code>", b"<code>layer:test</code><code>layer:test</code>"),
        plain.replace(b"+05:30", b"+05:31"),
        written(replace(WHOLE, codes=WHOLE.codes[::-1])),
        written(replace(WHOLE, infos=WHOLE.infos[::-1])),
        written(
            replace(WHOLE, infos=(replace(WHOLE.infos[0], parameters=(CapPair("gust", "27 m/s"),)), *WHOLE.infos[1:]))
        ),
    ]
    assert all(one != plain for one in different)
    for one in different:
        assert canonical(one) != canonical(plain)


def test_the_comparison_sees_what_means_nothing() -> None:
    """Indentation, comments, instructions, prefixes and an empty element's spelling are no content."""
    text = written(WHOLE).decode()
    flat = re.sub(r">\s+<", "><", text)
    prefixed = text.replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?").replace("xmlns=", "xmlns:c=")
    commented = text.replace("<status>", "<!-- a --><?b c?>\n\n<status>")
    for other in (flat, prefixed, commented):
        assert other != text
        assert canonical(other.encode()) == canonical(text.encode())


def test_what_is_no_valid_document_is_written() -> None:
    """A character that XML lacks, a word that CAP lacks, a document over its size: a fault, no bytes."""
    for document, code in (
        (replace(LEAST, note="a\x00b"), "cap.character"),
        (replace(LEAST, note="a\ud800b"), "cap.character"),
        (replace(LEAST, status="Real"), "cap.schema"),
        (replace(LEAST, infos=(replace(PLAIN, categories=()),)), "cap.schema"),
        (replace(LEAST, note="x" * 262_144), "cap.too_large"),
    ):
        found = write_cap(document)
        assert isinstance(found, Fault)
        assert found.code == code


def test_what_is_no_document_is_compared() -> None:
    """Two refusals are not two equal documents."""
    assert isinstance(canonical(b"<!DOCTYPE x><x/>"), Fault)
