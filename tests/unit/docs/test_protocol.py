"""A stranger with docs/protocol.md alone builds an envelope that a node accepts; code and document agree."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.memory.store import MemoryStore
from schemas.base import Event
from schemas.carriage import Arrival
from schemas.control import (
    CallRecorded,
    ContentErased,
    DutyTold,
    EpochOpened,
    ForkProved,
    HeadBeaconed,
    MemberKeyPublished,
    RangeRequested,
    Receipt,
)
from schemas.documents import SignedDocument
from schemas.envelope import Header, PayloadType
from schemas.evidence import CarriedEnvelope, CarriedLink, ChangedEvidence
from schemas.ids import CountyCode
from schemas.registry import Registry
from services.domain.documents import document_digest, read_file
from services.domain.governance import judge_agreement, judge_registry
from services.domain.receiving import Outcome, examine
from services.domain.trust import AgreementInForce, Trust, assemble
from tests.desk import Office

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS = ROOT / "tests" / "vectors"
HUANJIANG = CountyCode("451226")


def section(title: str) -> str:
    """Return the text of one section."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def code_in(folder: str, *names: str) -> str:
    """Return the source text of modules."""
    return "\n".join((ROOT / folder / f"{name}.py").read_text(encoding="utf-8") for name in names)


def stranger() -> dict[str, Any]:
    """Run the worked example's listing by itself; return what it made."""
    listing = re.search(r"```python\n(.*?)```", section("Worked example"), re.DOTALL)
    assert listing
    imported = re.findall(r"^(?:import|from) (.+)$", listing[1], re.MULTILINE)
    assert imported == [
        "base64, hashlib, json",
        "cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey",
    ]
    made: dict[str, Any] = {}
    exec(compile(listing[1], "docs/protocol.md", "exec"), made)  # noqa: S102 - the document's own listing
    return made


def trusted() -> Trust:
    """Return what a node trusts that adopted the registry and agreement of the vectors."""
    documents = json.loads((VECTORS / "documents.json").read_text(encoding="utf-8"))
    first, paper = (
        read_file(json.dumps(documents[kind][0]["document"]).encode()) for kind in ("registries", "agreements")
    )
    assert isinstance(first, SignedDocument)
    assert isinstance(paper, SignedDocument)
    registry = judge_registry(first, pinned=document_digest(first), previous=None)
    assert isinstance(registry, Registry)
    agreement = judge_agreement(paper, registry)
    assert isinstance(agreement, AgreementInForce)
    return assemble(registry, document_digest(first), [agreement])


def test_a_node_accepts_what_the_document_alone_builds() -> None:
    """The examination at 环江, by bytes and subject."""
    made = stranger()
    found = examine(Arrival(1, made["subject"], made["message"]), trust=trusted(), county=HUANJIANG)
    assert (found.outcome, found.fault) == (Outcome.ACCEPTABLE, None)
    assert found.envelope is not None
    assert found.envelope.envelope_id == made["envelope_id"]


async def test_a_node_holds_it_until_the_opening_comes() -> None:
    """As the document says of an example that stands alone."""
    made = stranger()
    desk = Office(HUANJIANG, MemoryStore(), trust=trusted())
    await desk.take(Arrival(1, made["subject"], made["message"]))
    assert (await desk.counts())["held_back"] == 1
    assert await desk.codes() == []


def test_the_printed_values_are_those_of_the_listing() -> None:
    """A stranger compares step by step; one wrong digit would cost a day."""
    made, text = stranger(), section("Worked example")
    assert f"| `kid` | `{made['kid']}` |" in text
    assert f"| `channel` | `{made['channel']}` |" in text
    assert f"| digest of the content, {len(made['content'])} bytes | `{made['hexdigest'](made['content'])}` |" in text
    assert f"| bytes to sign begin with | `{made['to_be_signed'][:56].decode()}` |" in text
    assert f"| `envelope_id` | `{made['envelope_id']}` |" in text
    assert f"| signature | `{json.loads(made['signatures'])[0]['sig']}` |" in text
    printed = re.search(r"```text\n(7369.*?)```", section("Channels and epochs"), re.DOTALL)
    assert printed
    assert bytes.fromhex(printed[1]) == made["hashed"]
    assert made["channel"] in section("Channels and epochs")


def test_the_example_is_the_vector_it_says() -> None:
    """The same bytes as the second spelling makes."""
    good = json.loads((VECTORS / "envelopes-good.json").read_text(encoding="utf-8"))
    vector = next(one for one in good if one["name"] == "policy-to-all")
    made = stranger()
    assert made["base64url"](made["message"]) == vector["wire_base64url"]
    assert made["subject"] == vector["subject"]


def test_the_header_table_lists_every_field_in_order() -> None:
    """A field that is not in the table cannot be built; one that is not in the schema is refused."""
    rows = re.findall(r"^\| `(\w+)` \|", section("Envelope"), re.MULTILINE)
    assert rows == [field.alias or name for name, field in Header.model_fields.items()]


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("Channels and epochs", EpochOpened),
        ("Receipts", Receipt),
        ("Encrypted content", MemberKeyPublished),
        ("Erasure", ContentErased),
        ("Calls", CallRecorded),
        ("Duty", DutyTold),
        ("Completeness", HeadBeaconed),
        ("Completeness", RangeRequested),
        ("Completeness", ForkProved),
    ],
    ids=["opening", "receipt", "key", "erasure", "call", "duty", "beacon", "request", "proof"],
)
def test_the_tables_of_control_records_name_every_field(title: str, model: type[Event]) -> None:
    """The types that every implementation must write."""
    named = set(re.findall(r"`(\w+)`", section(title)))
    assert set(model.model_fields) <= named


def test_every_payload_type_is_listed() -> None:
    """The table is fixed: a type that is missing could not be verified by anybody else."""
    listed = set(re.findall(r"`(application/vnd\.sihu\.[\w.+-]+)`", section("Encoding")))
    assert listed == {str(one) for one in PayloadType}


def test_every_code_of_the_rules_is_listed() -> None:
    """Codes are public and stable: whoever gets one must find it here."""
    rules = code_in(
        "services/domain",
        *(
            "encoding",
            "signing",
            "receiving",
            "sharing",
            "vouching",
            "governance",
            "documents",
            "chain",
            "guards",
            "signals",
            "forks",
        ),
        *(f"evidence_{part}" for part in ("opening", "trust", "chain", "receipts", "verifying", "writing")),
        *(f"evidence_{part}" for part in ("changes", "signatures", "choosing")),
        *("encryption", "office_keys", "key_changes", "signatures", "batches", "duty_telling"),
    )
    receiver = code_in("services/receiver", "settling", "keeping", "attesting")
    codes = set(re.findall(r'Fault\(\s*"([a-z_]+\.[a-z_]+)"', rules + receiver))
    assert len(codes) > 40
    assert {code for code in codes if f"`{code}`" not in section("Codes")} == set()


def test_the_steps_are_numbered_as_in_the_code() -> None:
    """The comments of the examination point into the document."""
    steps = [int(number) for number in re.findall(r"^(\d)\. ", section("Verification"), re.MULTILINE)]
    assert steps == list(range(1, 10))
    behind_code = re.findall(r"  # ([1-9](?:, [1-9])*)(?: |\n)", code_in("services/domain", "receiving"))
    comments = {int(number) for found in behind_code for number in found.split(", ")}
    assert comments == set(steps)


def test_the_steps_of_evidence_are_numbered_as_in_the_code() -> None:
    """Whoever reads `step 8` in a verdict finds it here."""
    steps = [int(number) for number in re.findall(r"^(\d)\. \*", section("Evidence files"), re.MULTILINE)]
    assert steps == list(range(1, 10))
    behind_code = re.findall(r"  # ([1-9]) ", code_in("services/domain", "evidence_verifying"))
    assert {int(number) for number in behind_code} == set(steps)


@pytest.mark.parametrize("model", [ChangedEvidence, CarriedEnvelope, CarriedLink])
def test_the_section_on_evidence_names_every_field(model: type[BaseModel]) -> None:
    """A field that is not named there is one that the next verifier refuses."""
    assert set(model.model_fields) <= set(re.findall(r"[`\"](\w+)[`\"]", section("Evidence files")))


def test_every_section_that_the_code_names_exists() -> None:
    """A docstring that sends its reader to a section nobody wrote."""
    titles = set(re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE))
    sources = [path for room in ("schemas", "services", "adapters") for path in (ROOT / room).glob("**/*.py")]
    missing = {f"{path.name}: {title}" for path in sources for title in named_in(path) if title not in titles}
    assert missing == set()


def named_in(path: Path) -> list[str]:
    """Return the sections of this document that a module names."""
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"docs/protocol\.md,\s+sections?((?:,?(?: and)?\s+\"[^\"]+\")+)", text)
    return [title for one in named for title in re.findall(r'"([^"]+)"', one)]
