"""``sihu cap``: documents in files, and what an officer is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.writer import canonical, write_cap
from schemas.cap import CapAlert
from services.demo.sampling import sample
from tests.cap import LEAST, PLAIN, WHOLE
from tests.certificates import Key, certificate_of, key_of, write_pem
from tests.commands import Outcome, done, sihu

US: Final = ("--office", "52272241600000", "--contact", "荔波县值班室", "--phone", "0854-3612345")
MOBILE: Final = "139" + "0000" + "0001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one document."""
    _put(tmp_path / "whole.xml", WHOLE)
    return tmp_path


def _put(path: Path, document: CapAlert) -> Path:
    data = write_cap(document)
    assert isinstance(data, bytes)
    path.write_bytes(data)
    return path


def _document(data: bytes) -> CapAlert:
    found = read_cap(data)
    assert isinstance(found, CapFile), found
    return found.document


def _refused(outcome: Outcome, code: str) -> None:
    assert outcome.code != 0
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert f"[{code}]" in outcome.err


def test_a_document_is_checked_wrongly(folder: Path) -> None:
    """What it is, or one line why not."""
    facts = done("cap", "check", folder / "whole.xml")
    assert facts == {
        "identifier": WHOLE.identifier,
        "sender": WHOLE.sender,
        "sent": WHOLE.sent,
        "status": "Exercise",
        "msg_type": "Update",
        "infos": 4,
        "signer": None,
    }
    assert WHOLE.identifier in sihu("cap", "check", folder / "whole.xml").out
    _refused(sihu("cap", "check", "-", stdin="<!DOCTYPE x><x/>"), "cap.dtd")
    _refused(sihu("cap", "check", _put(folder / "a.xml", replace(LEAST, scope="Private"))), "cap.scope")
    _refused(sihu("cap", "check", folder / "none.xml"), "file.not_found")
    _refused(sihu("cap", "check", folder), "file.unreadable")
    (folder / "large.xml").write_bytes(b"<" * 300_000)
    _refused(sihu("cap", "check", folder / "large.xml"), "cap.too_large")


def test_an_imported_document_cannot_be_written_again(folder: Path) -> None:
    """Import, then export as received, is the document; exported as ours and imported, it is the same alert."""
    outcome = sihu("cap", "import", folder / "whole.xml", *US)
    assert outcome.code == 0, outcome.err
    draft = outcome.json
    assert (draft["type"], draft["status"], draft["class"]) == (
        "cn.sihu.information.alert_updated.v1",
        "exercise",
        "internal",
    )
    assert "approved_by_role: " in outcome.err
    (folder / "draft.json").write_text(json.dumps(draft))

    received = sihu("cap", "export", folder / "draft.json", "--as-received", "-o", folder / "again.xml")
    assert received.code == 0, received.err
    assert canonical((folder / "again.xml").read_bytes()) == canonical((folder / "whole.xml").read_bytes())

    ours = sihu("cap", "export", folder / "draft.json")
    assert ours.code == 0, ours.err
    again = sihu("cap", "import", "-", *US, stdin=ours.out)
    assert again.json == draft
    assert again.err == ""


def test_a_sample_is_exported_wrongly(tmp_path: Path) -> None:
    """A draft as officers write it; the status may be another."""
    one = sample("rainstorm_updated")
    draft: dict[str, Any] = {"type": one.wire_type, "content": one.content}
    (tmp_path / "draft.json").write_text(json.dumps(draft))
    outcome = sihu("cap", "export", tmp_path / "draft.json", "--status", "exercise")
    document = _document(outcome.out.encode())
    assert (document.status, document.scope, document.identifier) == ("Exercise", "Public", one.content["alert_id"])
    _refused(sihu("cap", "export", tmp_path / "draft.json", "--as-received"), "cap.lines")
    (tmp_path / "draft.json").write_text(json.dumps(draft | {"content": {}}))
    assert sihu("cap", "export", tmp_path / "draft.json").code == 2
    (tmp_path / "draft.json").write_text(json.dumps(draft | {"status": "real"}))
    _refused(sihu("cap", "export", tmp_path / "draft.json"), "cap.no_alert")
    (tmp_path / "draft.json").write_text("[]")
    _refused(sihu("cap", "export", tmp_path / "draft.json"), "cap.no_alert")


def test_what_is_held_is_printed(tmp_path: Path) -> None:
    """A mobile number: no draft unless it is asked for, and the number in no message."""
    path = _put(tmp_path / "held.xml", replace(LEAST, infos=(replace(PLAIN, contact=f"Officer {MOBILE}"),)))
    outcome = sihu("cap", "import", path, *US)
    _refused(outcome, "guard.personal_number")
    assert MOBILE not in outcome.err
    mended = sihu("cap", "import", path, *US, "--even-held")
    assert mended.code == 0
    assert "guard.personal_number" in mended.err
    assert MOBILE in mended.out


def test_a_wrong_office_imports(folder: Path) -> None:
    """14 digits, and a telephone that is one."""
    for wrong in (("--office", "123"), ("--office", "\uff10" * 14), ("--phone", "call me"), ("--contact", "")):
        assert sihu("cap", "import", folder / "whole.xml", *US, *wrong).code == 2, wrong


def test_a_signature_is_taken_on_trust(folder: Path) -> None:
    """Signed by our key, verified by our list; without a list a signed document is not imported, nor a stranger's."""
    key = key_of("ec")
    signers = folder / "signers"
    signers.mkdir()
    private, public = write_pem(folder, "us", key, _current(key))
    (signers / "us.pem").write_bytes(public.read_bytes())
    path = folder / "signed.xml"
    signed = sihu("cap", "sign", folder / "whole.xml", "--key", private, "--certificate", public, "-o", path)
    assert signed.code == 0, signed.err

    assert done("cap", "verify", path, "--signers", signers) == {"signer": "us", "identifier": WHOLE.identifier}
    assert "us" in sihu("cap", "verify", path, "--signers", signers).out
    assert done("cap", "check", path, "--signers", signers)["signer"] == "us"
    assert done("cap", "check", path)["signer"] is None
    assert sihu("cap", "import", path, *US, "--signers", signers).code == 0
    _refused(sihu("cap", "import", path, *US), "cap.signature")
    _refused(sihu("cap", "import", folder / "whole.xml", *US, "--signers", signers), "cap.signature")
    _refused(sihu("cap", "verify", folder / "whole.xml", "--signers", signers), "cap.signature")
    (signers / "us.pem").unlink()
    _refused(sihu("cap", "verify", path, "--signers", signers), "cap.signer")


def _current(key: Key) -> x509.Certificate:
    """A certificate that is valid whenever the tests run."""
    return certificate_of(key, starts=datetime(2000, 1, 1, tzinfo=UTC), days=365 * 200)
