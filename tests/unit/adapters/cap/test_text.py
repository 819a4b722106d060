"""Documents as a running node reads them: whose signature counts here, and a folder that somebody spoils meanwhile."""

from pathlib import Path

import pytest

from adapters.cap.signature import sign_cap
from adapters.cap.text import XmlText, open_text
from schemas.cap_records import CapRead
from schemas.errors import Fault, RequestError
from tests.cap import LEAST
from tests.cap_node import xml
from tests.certificates import NOW, certificate_of, key_of, write_pem

KEYS = {name: key_of("ec") for name in ("weather", "dam")}
CERTIFICATES = {name: certificate_of(key, name) for name, key in KEYS.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two registered authorities."""
    for name, key in KEYS.items():
        write_pem(tmp_path, name, key, CERTIFICATES[name])
    return tmp_path


def signed(by: str) -> bytes:
    data = sign_cap(LEAST, key=KEYS[by], certificate=CERTIFICATES[by])
    assert isinstance(data, bytes)
    return data


async def read(text: XmlText, data: bytes, *signers: str, must_be_signed: bool = False) -> str:
    """Return who signed a document, or the code of its refusal."""
    found = await text.read(data, must_be_signed=must_be_signed, signers=signers, now=NOW)
    return found.signer if isinstance(found, CapRead) else found.code


async def test_an_authority_speaks_where_it_is_not_asked(folder: Path) -> None:
    """Registered is not enough where a feed names its signers; without names every one of the list counts."""
    async with open_text(signers=folder) as text:
        assert await read(text, signed("dam")) == "dam"
        assert await read(text, signed("dam"), "weather", "dam") == "dam"
        assert await read(text, signed("dam"), "weather") == "cap.signer"
        assert await read(text, signed("dam"), "nobody") == "cap.signer"
        assert await read(text, xml(LEAST), "weather") == ""
        assert await read(text, xml(LEAST), must_be_signed=True) == "cap.signature"


async def test_a_signed_document_is_taken_unverified(tmp_path: Path) -> None:
    """Without any list, although unsigned ones are taken: a signature that proves nothing is worse than none."""
    async with open_text(signers=tmp_path / "none") as text:
        assert await read(text, signed("dam")) == "cap.signer"


async def test_a_certificate_counts_only_after_a_restart(folder: Path) -> None:
    """One that is laid there counts at once; so does taking one out."""
    (folder / "dam.pem").rename(folder / "dam.away")
    async with open_text(signers=folder) as text:
        assert await read(text, signed("dam")) == "cap.signer"
        (folder / "dam.away").rename(folder / "dam.pem")
        assert await read(text, signed("dam")) == "dam"


async def test_a_spoiled_folder_stops_everything(folder: Path) -> None:
    """The list of before counts until it is mended, and it is said; at the start it is refused."""
    said: list[Fault] = []
    async with open_text(signers=folder, on_fault=said.append) as text:
        (folder / "new.pem").write_text("no certificate", encoding="utf-8")
        assert await read(text, signed("dam")) == "dam"
    assert [one.code for one in said] == ["cap.signers"]
    with pytest.raises(RequestError):
        async with open_text(signers=folder):
            pytest.fail("it was opened")
