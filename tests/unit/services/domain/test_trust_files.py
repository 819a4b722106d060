"""From files to trust: what was pinned, or nothing; one bad agreement harms no other."""

import json
from typing import Final

import pytest

from schemas.documents import SignedDocument
from schemas.errors import Fault
from services.domain.documents import document_digest
from services.domain.trust_files import (
    PINS_FILE,
    REVOKED_FILE,
    LoadedTrust,
    agreement_file,
    load_officers,
    load_trust,
    read_pins,
    registry_file,
)
from tests import papers

Files = dict[str, bytes]

AGREEMENT_FILE: Final = agreement_file(papers.AGREEMENT, 1)


def stored(document: SignedDocument) -> bytes:
    """Return a document as it lies in a file."""
    return document.model_dump_json().encode()


def pins(*documents: SignedDocument) -> bytes:
    """Return the pins of versions 1, 2, …"""
    return json.dumps({str(at): document_digest(one) for at, one in enumerate(documents, 1)}).encode()


def files() -> Files:
    """Return the files of a county that trusts version 1 and adopted the agreement."""
    first = papers.signed_registry()
    return {
        PINS_FILE: pins(first),
        registry_file(1): stored(first),
        AGREEMENT_FILE: stored(papers.signed_agreement()),
    }


def second() -> SignedDocument:
    """Return version 2, signed by all."""
    return papers.signed_registry(version=2, previous=document_digest(papers.signed_registry()))


def with_second(base: Files) -> Files:
    """Add version 2 and its pin."""
    return base | {PINS_FILE: pins(papers.signed_registry(), second()), registry_file(2): stored(second())}


def loaded(given: Files) -> LoadedTrust:
    """Return what is trusted."""
    found = load_trust(given)
    assert isinstance(found, LoadedTrust), found
    return found


def refused(given: Files) -> Fault:
    """Return why nothing is trusted."""
    found = load_trust(given)
    assert isinstance(found, Fault)
    return found


def test_what_was_pinned_is_trusted() -> None:
    """The plain case, or nothing works."""
    found = loaded(files())
    assert found.left_out == ()
    assert set(found.trust.members) == set(papers.COUNTIES)
    assert found.trust.registry_digest == document_digest(papers.signed_registry())
    assert found.trust.agreement(papers.AGREEMENT) is not None


def test_without_a_pin_nothing_is_trusted() -> None:
    """A registry that merely lies in the folder was compared by nobody."""
    given = files()
    del given[PINS_FILE]
    assert refused(given).code == "trust.nothing_pinned"
    assert refused({}).code == "trust.nothing_pinned"


def test_the_newest_pinned_version_counts() -> None:
    """After a second ceremony its members and keys are the ones in force."""
    assert loaded(with_second(files())).trust.registry.version == 2


def test_a_newer_registry_that_nobody_pinned_is_not_taken() -> None:
    """A file dropped into the folder must not become trust by its number."""
    given = files() | {registry_file(2): stored(second())}
    assert loaded(given).trust.registry.version == 1


def test_a_lost_newer_registry_is_no_way_back_to_the_old_one() -> None:
    """Falling back to version 1 would bring a member that was removed, or a key that was stolen, back into force."""
    given = with_second(files())
    del given[registry_file(2)]
    fault = refused(given)
    assert (fault.code, fault.field) == ("trust.missing_file", registry_file(2))


def test_the_old_registry_under_the_new_number_is_refused() -> None:
    """The same, done by copying a file."""
    given = with_second(files()) | {registry_file(2): stored(papers.signed_registry())}
    assert refused(given).code == "registry.not_pinned"


def test_a_registry_with_a_flipped_bit_is_refused() -> None:
    """A damaged or altered file is no registry, and its name is told."""
    given = files()
    given[registry_file(1)] = given[registry_file(1)].replace(b'"payload":"ey', b'"payload":"eX')
    fault = refused(given)
    assert fault.code == "registry.not_pinned"
    assert fault.field == registry_file(1)


def test_a_pinned_registry_still_needs_its_signatures() -> None:
    """A pin says which text; that its members agreed is another matter."""
    alone = papers.signed_registry(by=[papers.LIBO])
    given = files() | {PINS_FILE: pins(alone), registry_file(1): stored(alone)}
    fault = refused(given)
    assert fault.code == "registry.too_few_signatures"
    assert fault.field.startswith(registry_file(1))


def test_a_second_version_that_does_not_follow_is_refused() -> None:
    """A registry of another world must not be joined on, even if somebody pinned it."""
    stray = papers.signed_registry(version=2, previous="0" * 64)
    given = files() | {PINS_FILE: pins(papers.signed_registry(), stray), registry_file(2): stored(stray)}
    assert refused(given).code == "registry.not_next"


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"1": "short"}', b'{"one": "' + b"0" * 64 + b'"}', b'{"1":1,"1":2}'])
def test_damaged_pins_are_refused(damage: bytes) -> None:
    """A pin that cannot be read must never be taken for no pin."""
    given = files() | {PINS_FILE: damage}
    assert isinstance(read_pins(given), Fault)
    assert refused(given).code in {"trust.malformed", "json.malformed", "json.duplicate_key"}


def test_pins_that_skip_a_version_are_refused() -> None:
    """Each version follows from the one before: a gap would be a leap of faith."""
    given = with_second(files())
    given[PINS_FILE] = json.dumps({"2": document_digest(second())}).encode()
    assert refused(given).code == "registry.not_pinned"


def test_one_bad_agreement_harms_no_other() -> None:
    """An agreement whose signature is missing permits nothing, and the others go on permitting."""
    unsigned = papers.signed_agreement(by=[papers.LIBO], id="other")
    given = files() | {agreement_file("other", 1): stored(unsigned)}
    found = loaded(given)
    assert set(found.trust.agreements) == {papers.AGREEMENT}
    assert [fault.code for fault in found.left_out] == ["agreement.unsigned"]
    assert found.left_out[0].field.startswith(agreement_file("other", 1))


def test_an_agreement_under_another_name_does_not_count() -> None:
    """Otherwise an old version could be put in the place of the newest one."""
    given = files()
    given[agreement_file(papers.AGREEMENT, 2)] = given.pop(AGREEMENT_FILE)
    found = loaded(given)
    assert found.trust.agreements == {}
    assert found.left_out[0].code == "agreement.misfiled"


def test_rubbish_in_the_folder_of_agreements_is_told() -> None:
    """A half-copied file is named, not passed over."""
    found = loaded(files() | {agreement_file("rubbish", 1): b"{"})
    assert found.left_out[0].field.startswith(agreement_file("rubbish", 1))


def test_officers_without_the_revoked_ones() -> None:
    """A revoked credential must be gone, and it alone."""
    document = papers.credential(papers.LIBO)
    given = {"officers/duty-a.json": stored(document)}
    assert load_officers(given) == {"duty-a": document}
    revoked = json.dumps({document_digest(document): "2026-03-04T08:00:00.000+08:00"}).encode()
    assert load_officers(given | {REVOKED_FILE: revoked}) == {}


def test_a_damaged_list_of_revocations_lets_nobody_answer() -> None:
    """If it cannot be read who was revoked, the last good view stays in force: never everybody."""
    given = {"officers/duty-a.json": stored(papers.credential(papers.LIBO)), REVOKED_FILE: b"{"}
    assert isinstance(load_officers(given), Fault)


def test_what_is_no_credential_is_told() -> None:
    """A card put in the wrong folder is named."""
    fault = load_officers({"officers/duty-a.json": stored(papers.signed_registry())})
    assert isinstance(fault, Fault)
    assert fault.code == "document.wrong_type"
    assert isinstance(load_officers({"officers/duty-a.json": b"{"}), Fault)
