"""Documents that are refused before, while or after they are parsed: each by one clear line."""

import codecs
from pathlib import Path

import pytest

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.writer import write_cap
from schemas.errors import Fault
from tests.cap import LEAST, WHOLE

INCLUDING = "http://www.w3.org/2001/XInclude"
SPACE = "urn:oasis:names:tc:emergency:cap:1.2"
BODY = (
    f'<alert xmlns="{SPACE}"><identifier>1</identifier><sender>a</sender><sent>2025-06-11T08:30:00+08:00</sent>'
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope></alert>"
)
SECRET = "what the file holds"  # noqa: S105 - stands in a file that must not be read


def code_of(data: bytes) -> str:
    """Why a document is refused; its line is short and one."""
    found = read_cap(data)
    assert isinstance(found, Fault), found
    assert "\n" not in str(found)
    assert len(str(found)) < 240
    return found.code


def declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'


def test_the_pattern_itself_is_taken() -> None:
    """If the body were refused anyway, the table below would prove nothing."""
    for encoding, spelled in (
        ("utf-8", "UTF-8"),
        ("gb18030", "GB18030"),
        ("utf-16", "UTF-16"),
        ("latin-1", "iso-8859-1"),
    ):
        assert isinstance(read_cap(declared(spelled).encode(encoding)), CapFile), encoding


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "cap.malformed"),
        (b"no xml", "cap.malformed"),
        (BODY.replace("</alert>", "").encode(), "cap.malformed"),
        (f"<!DOCTYPE alert>{BODY}".encode(), "cap.dtd"),
        (f"<?xml version='1.0'?><!-- a --> <?b c?>\n<!DOCTYPE alert [<!ENTITY x 'y'>]>{BODY}".encode(), "cap.dtd"),
        (f"<!doctype alert>{BODY}".encode(), "cap.dtd"),
        (f"<!DOCTYPE alert>{BODY}".encode("utf-16"), "cap.dtd"),
        (codecs.BOM_UTF16_BE + f"<!DOCTYPE alert>{BODY}".encode("utf-16-be"), "cap.dtd"),
        (codecs.BOM_UTF8 + f"<!DOCTYPE alert>{BODY}".encode(), "cap.dtd"),
        (f'<?xml version="1.0" encoding="gbk"?><!DOCTYPE alert>{BODY}'.encode("gbk"), "cap.dtd"),
        (f"<!DOCTYPE alert>{BODY}".encode("utf-32"), "cap.encoding"),
        (f"<!DOCTYPE alert>{BODY}".encode("utf-16-be"), "cap.encoding"),
        (declared("utf-7").encode(), "cap.encoding"),
        (declared("ebcdic-cp-us").encode(), "cap.encoding"),
        (declared("utf-16").encode(), "cap.encoding"),
        (declared("utf-8").encode("utf-16"), "cap.encoding"),
        (declared("utf-8").replace("<identifier>1", "<identifier>雨").encode("gbk"), "cap.encoding"),
        (declared("us-ascii").replace("<identifier>1", "<identifier>雨").encode(), "cap.encoding"),
        (f'<?xml version="1.1"?>{BODY}'.encode(), "cap.encoding"),
        (f"<?xml encoding='utf-8' version='1.0'?>{BODY}".encode(), "cap.encoding"),
        (BODY.replace("<identifier>1", "<identifier>&x;").encode(), "cap.malformed"),
        (BODY.replace("cap:1.2", "cap:1.1").encode(), "cap.version"),
        (BODY.replace(SPACE, "http://www.incident.com/cap/1.0").encode(), "cap.version"),
        (BODY.replace("cap:1.2", "cap:1.3").encode(), "cap.not_cap"),
        (b"<alert/>", "cap.not_cap"),
        (BODY.replace("alert", "feed").encode(), "cap.not_cap"),
        (BODY.replace("<scope>", f"<x:include xmlns:x='{INCLUDING}' href='/x'/><scope>").encode(), "cap.xinclude"),
        (BODY.replace("Actual", "Real").encode(), "cap.schema"),
        (BODY.replace("+08:00", "Z").encode(), "cap.schema"),
        (BODY.replace("<scope>Public</scope>", "").encode(), "cap.schema"),
        (BODY.replace("<scope>", "<colour>red</colour><scope>").encode(), "cap.schema"),
        (BODY.replace("<scope>", "<scope lang='en'>").encode(), "cap.schema"),
        (BODY.replace("<scope>", "text<scope>").encode(), "cap.schema"),
        (BODY.replace("2025-06-11", "2025-06-31").encode(), "cap.schema"),
        (BODY.replace("</alert>", "<x>" * 300 + "</x>" * 300 + "</alert>").encode(), "cap.malformed"),
        (BODY.encode() + b" " * 262_144, "cap.too_large"),
    ],
)  # fmt: skip
def test_a_document_that_must_be_refused_is_read(data: bytes, code: str) -> None:
    """Each line of the table is one way to be harmed or misled."""
    assert code_of(data) == code


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY x SYSTEM "file://{path}">',
        '<!ENTITY % x SYSTEM "file://{path}"> %x;',
        '<!ENTITY a "1234567890"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
    ],
)
def test_an_entity_is_resolved(tmp_path: Path, subset: str) -> None:
    """XXE and an expansion bomb: nothing of the file, and nothing expanded, comes back."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    text = f"<!DOCTYPE alert [{subset.format(path=path)}]>" + BODY.replace(">1<", ">&x;<")

    found = read_cap(text.encode())

    assert isinstance(found, Fault)
    assert found.code == "cap.dtd"
    assert SECRET not in str(found)


def test_a_refusal_repeats_what_the_document_says() -> None:
    """A telephone number in a wrong place must not come out in a log by way of the error."""
    found = read_cap(BODY.replace("Actual", "13900000001").encode())
    assert isinstance(found, Fault)
    assert found.field == "status"
    assert "139" not in str(found)


def test_an_element_is_read_wrongly() -> None:
    """Every element of the grammar, read from XML, is what was written."""
    for document in (LEAST, WHOLE):
        data = write_cap(document)
        assert isinstance(data, bytes)
        found = read_cap(data)
        assert isinstance(found, CapFile)
        assert found.document == document
        assert not found.is_signed
        assert found.original == data


def test_a_comment_cuts_a_text() -> None:
    """What stands behind a comment, an instruction or a CDATA section belongs to the text, too."""
    text = BODY.replace(">1<", "><!-- a -->x<?b?>y<![CDATA[<z>]]><!-- c --><")
    found = read_cap(text.encode())
    assert isinstance(found, CapFile)
    assert found.document.identifier == "xy<z>"
