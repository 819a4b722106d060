"""Programs that others wrote judge our CAP: xmllint by the schema of OASIS, xmlsec1 our signatures, and we theirs."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import Verified, sign_cap, verify_cap
from adapters.cap.writer import canonical, tree_of, write_cap
from schemas.base import Event, Status
from schemas.cap import CapAlert
from schemas.errors import Fault
from schemas.information.alerts import Alert
from services.domain.cap_lines import rebuilt
from services.domain.cap_reading import Held, Imported, import_cap
from services.domain.cap_writing import to_cap
from services.domain.encoding import digest_of
from tests.cap import DESK, LEAST, WHOLE, documents
from tests.certificates import NOW, certificate_of, key_of, write_pem
from tests.strategies import alerts

ROOT: Final = Path(__file__).parents[2]
XSD: Final = ROOT / "adapters" / "cap" / "CAP-v1.2.xsd"
MANIFEST: Final = ROOT / "tests" / "vectors" / "cap" / "manifest.json"
CORPUS: Final = "SIHU_CAP_CORPUS"
_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
_NO_SHRINKING: Final = [Phase.explicit, Phase.reuse, Phase.generate]

_TEMPLATE: Final = f"""<Signature xmlns="{_DSIG}"><SignedInfo><CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>
<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{{method}}"/><Reference URI=""><Transforms>
<Transform Algorithm="{_DSIG}enveloped-signature"/><Transform Algorithm="{_EXCLUSIVE}"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo>
<SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>"""


def peer(name: str) -> str:
    """Where a Debian program is; without it the test is skipped, which CI does not accept."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: Debian's libxml2-utils has xmllint, and xmlsec1 has xmlsec1")
    return found


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False, timeout=60)


def judge(folder: Path, written: dict[str, bytes]) -> list[str]:
    """Let xmllint validate many documents at once; return the names of those it refuses."""
    for name, data in written.items():
        (folder / name).write_bytes(data)
    done = run(peer("xmllint"), "--noout", "--nonet", "--schema", XSD, *(folder / name for name in written))
    return [name for name in written if f"{folder / name} validates" not in done.stderr]


def test_an_outside_validator_refuses_what_we_write(tmp_path: Path) -> None:
    """Alerts of every kind as CAP, and foreign documents rebuilt from their events."""
    written: dict[str, bytes] = {}

    @settings(max_examples=150, suppress_health_check=_SLOW, deadline=None, phases=_NO_SHRINKING, database=None)
    @given(event=alerts(), document=documents())
    def draw(event: Event, document: CapAlert) -> None:
        assert isinstance(event, Alert)
        found = import_cap(document, original=b"<alert/>", desk=DESK)
        draft = found.draft if isinstance(found, Held) else found
        assert isinstance(draft, Imported)
        again = rebuilt(draft.event)
        assert isinstance(again, CapAlert)
        for one in (to_cap(event, status=Status.ACTUAL), to_cap(draft.event, status=Status.TEST), again):
            data = write_cap(one)
            assert isinstance(data, bytes), data
            written[f"{len(written)}.xml"] = data

    draw()
    assert judge(tmp_path, written) == []
    assert len(written) >= 300


def test_the_outside_validator_refuses_nothing(tmp_path: Path) -> None:
    """If it took a wrong word, its silence above would prove nothing."""
    data = write_cap(LEAST)
    assert isinstance(data, bytes)
    assert judge(tmp_path, {"wrong.xml": data.replace(b"Actual", b"Real"), "right.xml": data}) == ["wrong.xml"]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_xmlsec1_refuses_our_signature(tmp_path: Path, kind: str) -> None:
    """Another program verifies what we sign, and refuses it once it is changed."""
    xmlsec1 = peer("xmlsec1")
    key = key_of(kind)
    certificate = certificate_of(key)
    _, public = write_pem(tmp_path, "us", key, certificate)
    data = sign_cap(WHOLE, key=key, certificate=certificate)
    assert isinstance(data, bytes)
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(data)
    bad.write_bytes(data.replace(b"Corrects the area.", b"Corrects the areas"))
    command = (xmlsec1, "--verify", "--trusted-pem", public, "--verification-gmt-time", f"{NOW:%Y-%m-%d %H:%M:%S}")

    verified, refused = run(*command, good), run(*command, bad)

    assert verified.returncode == 0, verified.stderr
    assert refused.returncode != 0, refused.stdout


@pytest.mark.parametrize(("kind", "method"), [("ec", "ecdsa-sha256"), ("rsa", "rsa-sha256"), ("rsa", "rsa-sha512")])
def test_we_refuse_what_xmlsec1_signed(tmp_path: Path, kind: str, method: str) -> None:
    """A document that another program signed is verified by us, and refused once it is changed."""
    xmlsec1 = peer("xmlsec1")
    key = key_of(kind)
    certificate = certificate_of(key)
    private, public = write_pem(tmp_path, "they", key, certificate)
    root = tree_of(WHOLE)
    assert not isinstance(root, Fault)
    root.append(etree.fromstring(_TEMPLATE.format(method=method)))
    template, out = tmp_path / "template.xml", tmp_path / "signed.xml"
    template.write_bytes(etree.tostring(root))

    done = run(xmlsec1, "--sign", "--privkey-pem", f"{private},{public}", "--output", out, template)
    assert done.returncode == 0, done.stderr

    found = verify_cap(out.read_bytes(), signers={"they": certificate}, now=NOW)
    assert isinstance(found, Verified), found
    assert found.document == WHOLE
    changed = out.read_bytes().replace(b"Corrects the area.", b"Corrects the areas")
    assert isinstance(verify_cap(changed, signers={"they": certificate}, now=NOW), Fault)


def _fate(data: bytes) -> str:
    """What becomes of a published document: ``survives``, or the code by which it is refused."""
    found = read_cap(data)
    if isinstance(found, Fault):
        return found.code
    assert isinstance(found, CapFile)
    if found.is_signed:
        return "cap.signature"
    draft = import_cap(found.document, original=data, desk=DESK)
    if isinstance(draft, Fault):
        return draft.code
    draft = draft.draft if isinstance(draft, Held) else draft
    again = rebuilt(draft.event)
    written = again if isinstance(again, Fault) else write_cap(again)
    same = isinstance(written, bytes) and canonical(written) == canonical(data)
    return "survives" if same else "changed"


def test_the_manifest_names_too_few_documents() -> None:
    """The evidence page rests on it: at least sixty that survive, each named once by its digest."""
    rows = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    assert len({row["sha256"] for row in rows}) == len(rows)
    assert sum(row["fate"] == "survives" for row in rows) >= 60
    assert {row["fate"] for row in rows} > {"survives", "cap.version", "cap.dtd", "cap.schema"}


if CORPUS in os.environ:  # the files belong to others and are not here: docs/evidence/cap.md says how they were tried

    def test_a_published_document_does_not_survive() -> None:
        """Every document of the manifest, laid in a folder by its digest, does what the manifest says."""
        rows = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
        fates = {}
        for row in rows:
            data = (Path(os.environ[CORPUS]) / row["sha256"]).read_bytes()
            assert digest_of(data) == row["sha256"]
            fates[row["sha256"]] = _fate(data)
        assert fates == {row["sha256"]: row["fate"] for row in rows}
