"""What may be put among the documents of trust: agreements that all signed, suspensions by their own party."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.agreements import Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.key_changes import Suspension
from schemas.officers import OfficerCredential, Role
from schemas.registry import KeyUse
from services.domain.agreement_adopting import (
    Adoption,
    Suspending,
    judge_adoption,
    judge_heard,
    judge_keeper,
    judge_suspending,
)
from services.domain.agreement_drafts import judge_draft, read_draft, unsigned
from services.domain.documents import document_digest, open_payload, read_file
from services.domain.encoding import to_base64url
from services.domain.trust_files import agreement_file, load_trust
from tests import papers
from tests.papers import AGREEMENT, COUNTIES, FUNING, HUANJIANG, LIBO, NANDAN
from tests.world import full_files

FILES = full_files()


def version(number: int, *by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field
    """Another version of the agreement in force."""
    return papers.signed_agreement(by=by or COUNTIES, version=number, **changes)


def refused(copies: list[SignedDocument], files: Mapping[str, bytes] = FILES, county: str = HUANJIANG) -> Fault:
    """Why an agreement is not adopted."""
    found = judge_adoption(copies, files, county)
    assert isinstance(found, Fault), found
    return found


def stored(document: SignedDocument) -> bytes:
    return document.model_dump_json().encode()


def test_what_all_have_signed_is_adopted_from_any_copies() -> None:
    """The same as one file with every signature, wherever it is kept then."""
    one = judge_adoption([version(2)], FILES, HUANJIANG)
    three = judge_adoption([version(2, code) for code in COUNTIES], FILES, HUANJIANG)
    assert isinstance(one, Adoption)
    assert one == three
    assert (one.name, one.is_new) == (agreement_file(AGREEMENT, 2), True)
    loaded = load_trust({**FILES, one.name: stored(one.document)})
    assert not isinstance(loaded, Fault)
    assert loaded.trust.agreements[AGREEMENT].reference == one.in_force.reference
    again = judge_adoption([version(2)], {**FILES, one.name: stored(one.document)}, HUANJIANG)
    assert isinstance(again, Adoption)
    assert not again.is_new


def test_what_does_not_hold_is_refused() -> None:
    """Each with its own code: who mends it must know what it was."""
    forged = version(2, LIBO).model_copy(
        update={
            "signatures": tuple(
                one.model_copy(update={"sig": to_base64url(b"\1" * 64)}) for one in version(2, LIBO).signatures
            )
        }
    )
    stranger = version(2, *COUNTIES, FUNING, parties=(*COUNTIES, FUNING))
    assert refused([version(2, NANDAN, HUANJIANG)]).code == "agreement.unsigned"
    assert LIBO in refused([version(2, NANDAN, HUANJIANG)]).mend
    assert refused([version(2, NANDAN, HUANJIANG), forged]).code == "agreement.unsigned"
    assert refused([stranger]).code == "agreement.not_member"
    assert refused([version(2)], county=FUNING).code == "agreement.not_party"
    assert refused([version(2), version(3)]).code == "document.differs"
    assert refused([papers.signed_registry()]).code == "document.wrong_type"
    assert refused([version(2)], {}).code == "trust.nothing_pinned"


def test_another_text_under_the_same_version_is_refused() -> None:
    """Two texts under one version would let each party show the one it likes."""
    assert refused([version(1, title="另一份")]).code == "agreement.version_taken"
    unread = {**FILES, agreement_file(AGREEMENT, 2): b"{"}
    assert refused([version(2)], unread).field.startswith(agreement_file(AGREEMENT, 2))


def test_an_older_version_does_not_come_back() -> None:
    """A file of last year, signed by everybody, must not say again what was agreed then."""
    held = {**FILES, agreement_file(AGREEMENT, 3): stored(version(3))}
    assert refused([version(2)], held).code == "agreement.older"
    first = read_file(FILES[agreement_file(AGREEMENT, 1)])
    assert isinstance(first, SignedDocument)
    known = judge_adoption([first], held, HUANJIANG)
    assert isinstance(known, Adoption)
    assert not known.is_new


def test_an_accession_is_adopted_with_fewer_signatures() -> None:
    """By the same rule that judges it at every start."""
    before = version(1, NANDAN, HUANJIANG, parties=(NANDAN, HUANJIANG), contacts=())
    files = {**FILES, agreement_file(AGREEMENT, 1): stored(before)}
    found = judge_adoption([version(2, LIBO, HUANJIANG, contacts=())], files, LIBO)
    assert isinstance(found, Adoption)
    assert refused([version(2, LIBO, contacts=())], files, LIBO).code == "agreement.unsigned"
    more = version(2, LIBO, HUANJIANG, contacts=(), grants=(Grant(types=(papers.ALERT, papers.POLICY)),))
    assert refused([more], files, LIBO).code == "agreement.unsigned"


@pytest.mark.parametrize("heard", ["{0}", " {0} ", "{0}{1}", "{0} {1} {2}", "{0}\u3000{1}", "{all}"])
def test_what_was_heard_is_compared_from_its_beginning_on(heard: str) -> None:
    """Blanks, capitals and a Chinese keyboard do not matter; a digit does."""
    digest = document_digest(version(2))
    said = heard.format(*(digest[at : at + 4] for at in range(0, 64, 4)), all=digest)
    assert judge_heard(said, digest) is None
    assert judge_heard(said.upper(), digest) is None
    assert judge_heard("".join(chr(ord(one) + 0xFEE0) if one.isalnum() else one for one in said), digest) is None
    other = ("0" if said.strip()[0] != "0" else "1") + said.strip()[1:]
    fault = judge_heard(other, digest)
    assert fault is not None
    assert fault.code == "agreement.digest_differs"


@pytest.mark.parametrize("heard", ["", "abc", "xyzw", "0" * 65, "----", "é" * 4])
def test_what_is_no_group_of_a_digest_is_asked_for_again(heard: str) -> None:
    """Three digits, or none, are no comparison."""
    fault = judge_heard(heard, "0" * 64)
    assert fault is not None
    assert fault.code == "agreement.not_heard"


def test_only_a_liaison_officer_keeps_agreements() -> None:
    """One more role, and who keeps the machine decides with whom the county shares."""
    for role in Role:
        credential = open_payload(papers.credential(roles=(role,)), PayloadType.OFFICER, OfficerCredential)
        assert isinstance(credential, OfficerCredential)
        assert (judge_keeper(credential) is None) == (role is Role.LIAISON)


# -- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_the_document_that_will_be_signed() -> None:
    """Read, judged, fixed: the bytes that command and page fix are the same."""
    loaded = load_trust(FILES)
    assert not isinstance(loaded, Fault)
    agreement = papers.agreement(version=2)
    read = read_draft(agreement.model_dump_json().encode(), what="draft")
    assert read == agreement
    assert judge_draft(agreement, loaded.trust) == ()
    assert unsigned(agreement) == version(2, *()).model_copy(update={"signatures": ()})
    stranger = papers.agreement(parties=(*COUNTIES, FUNING))
    assert [one.code for one in judge_draft(stranger, loaded.trust)] == ["agreement.not_member", "agreement.older"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parties": [LIBO, NANDAN]}, "draft.parties"),
        ({"id": "control"}, "draft.id"),
        ({"valid_until": "2020-01-01T00:00:00+08:00"}, "draft.valid_until"),
        ({"coordinators": [FUNING]}, "draft.coordinators"),
        (
            {"grants": [{"types": [papers.WORK]}, {"types": [papers.WORK], "sources": [FUNING]}]},
            "draft.grants.1.sources",
        ),
        ({"grants": [{"types": [papers.WORK], "recipients": [FUNING]}]}, "draft.grants.0.recipients"),
        ({"quotas": [{"county": FUNING, "events_per_hour": 5}]}, "draft.quotas.0.county"),
        ({"quotas": [{"events_per_hour": 5}, {"events_per_hour": 6}]}, "draft.quotas"),
        ({"retention_days": 1}, "draft.retention_days"),
    ],
)
def test_a_fault_of_a_draft_stands_at_its_field(changes: dict[str, Any], field: str) -> None:
    """Who fills in a form of thirty fields must not look for the wrong one."""
    content = json.loads(papers.agreement().model_dump_json()) | changes
    found = read_draft(json.dumps(content).encode(), what="draft")
    assert isinstance(found, tuple)
    assert [one.field for one in found] == [field]


# -- suspensions -----------------------------------------------------------------------------------------------------


def suspension(county: str = LIBO, *, by: str = "", use: KeyUse = KeyUse.GOVERNANCE, **changes: Any) -> SignedDocument:  # noqa: ANN401
    """A suspension signed by a county."""
    given: dict[str, Any] = {"county": county, "agreement_id": AGREEMENT, "version": 1, "ends": (), "reason": "核查"}
    given["issued_at"] = papers.NOW
    said = Suspension(**(given | changes))
    return papers.signed(PayloadType.SUSPENSION, said, [papers.signer(by or county, use)])


def test_a_suspension_by_its_party_counts() -> None:
    """Its governance key is enough, and nobody else's."""
    found = judge_suspending(suspension(), FILES, AGREEMENT)
    assert isinstance(found, Suspending)
    loaded = load_trust({**FILES, found.name: stored(found.document)})
    assert not isinstance(loaded, Fault)
    assert [one.suspension.county for one in loaded.trust.suspended] == [LIBO]
    again = judge_suspending(suspension(), {**FILES, found.name: stored(found.document)}, AGREEMENT)
    assert isinstance(again, Suspending)
    assert (found.is_new, again.is_new) == (True, False)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (suspension(by=NANDAN), "agreement.unsigned"),
        (suspension(use=KeyUse.EVENT), "agreement.unsigned"),
        (suspension(FUNING), "key.not_member"),
        (suspension(agreement_id="work-only"), "agreement.other"),
        (papers.signed_agreement(version=2), "document.wrong_type"),
    ],
)
def test_another_suspension_does_not_count(document: SignedDocument, code: str) -> None:
    """A neighbour cannot step out for us, and the key on the node cannot either."""
    found = judge_suspending(document, FILES, AGREEMENT)
    assert isinstance(found, Fault)
    assert found.code == code


def test_a_suspension_of_what_is_not_in_force_is_refused() -> None:
    """An agreement that nobody has here, an older version, a county that has no part in it."""
    held = {**FILES, agreement_file(AGREEMENT, 2): stored(version(2))}
    two = {"parties": (NANDAN, HUANJIANG), "contacts": ()}
    narrow = {**FILES, agreement_file(AGREEMENT, 1): stored(papers.signed_agreement(by=(NANDAN, HUANJIANG), **two))}
    found = (
        judge_suspending(suspension(), held, AGREEMENT),
        judge_suspending(suspension(agreement_id="nobody"), FILES, "nobody"),
        judge_suspending(suspension(), narrow, AGREEMENT),
    )
    codes = [one.code for one in found if isinstance(one, Fault)]
    assert codes == ["agreement.older", "request.not_found", "agreement.not_party"]
