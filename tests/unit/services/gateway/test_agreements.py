"""Agreements over the API: drafts and copies are pure answers; only who may puts in force, and only what all signed."""

import json
from typing import Any

import pytest

from schemas.access import Scope
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import UnavailableError
from schemas.key_changes import Suspension
from schemas.officers import Role
from schemas.registry import KeyUse
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.trust_files import agreement_file
from services.gateway.desk import Desk
from tests import papers
from tests.caller import Caller, calling
from tests.papers import AGREEMENT, COUNTIES, HUANJIANG, LIBO, NANDAN
from tests.world import OFFICER, County, World

VERSION_2 = agreement_file(AGREEMENT, 2)


@pytest.fixture
def county() -> County:
    """A county whose officer is a liaison officer."""
    county = World()[HUANJIANG]
    county.directory.credentials[OFFICER] = papers.credential(HUANJIANG, roles=(Role.LIAISON,))
    return county


def liaison(county: County) -> str:
    """The token of a liaison officer."""
    return county.let_in("liaison", Scope.EVENTS_READ, Scope.AGREEMENTS_WRITE, officer=OFFICER)


def content(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A draft as a caller writes it."""
    made: dict[str, Any] = json.loads(papers.agreement(version=2).model_dump_json())
    return made | changes


def sent(*documents: SignedDocument, heard: str | None = None) -> dict[str, Any]:
    """A body with copies."""
    body: dict[str, Any] = {"copies": [json.loads(one.model_dump_json()) for one in documents]}
    return body if heard is None else body | {"digest": heard}


def version(number: int, *by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field
    return papers.signed_agreement(by=by or COUNTIES, version=number, **changes)


def group(document: SignedDocument) -> str:
    """What is read out first."""
    return document_digest(document)[:4]


async def acts(county: County) -> list[tuple[str, str, str]]:
    """What stands in the audit log."""
    found = await county.store.read(lambda one: one.console.audit(0, 100))
    return [(one.officer, one.act, one.about) for one in found]


async def test_a_draft_is_answered_with_the_document_and_kept_nowhere(county: County) -> None:
    """Whoever may read may ask: nothing follows from it."""
    before = county.trust_folder.read()
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        answer = await caller.post("/agreements/drafts", json=content())
    document = SignedDocument.model_validate_json(json.dumps(answer.body["document"]))
    assert answer.status == 200
    assert document == version(2).model_copy(update={"signatures": ()})
    assert answer.body["digest"] == document_digest(version(2))
    assert county.trust_folder.read() == before
    assert await acts(county) == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"parties": [*COUNTIES, papers.FUNING]}, "agreement.not_member", "parties"),
        ({"version": 1}, "agreement.older", "version"),
        ({"title": ""}, "draft.too_short", "title"),
        ({"coordinators": [papers.FUNING]}, "draft.rule", "coordinators"),
        ({"unknown": 1}, "draft.unknown_field", "unknown"),
    ],
)
async def test_a_draft_that_does_not_fit_is_told_by_its_field(
    county: County, changes: dict[str, Any], code: str, field: str
) -> None:
    """By the rules of the command."""
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        answer = await caller.post("/agreements/drafts", json=content(**changes))
    assert answer.is_problem
    assert (answer.body["code"], answer.body["field"]) == (code, field)


async def test_copies_are_put_together_and_change_nothing(county: County) -> None:
    """Who has signed, what it would change, and why it cannot be adopted yet."""
    before = county.trust_folder.read()
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        found = (await caller.post("/agreements/copies", json=sent(version(2, LIBO), version(2, NANDAN)))).body
        whole = (await caller.post("/agreements/copies", json=sent(version(2)))).body
    assert (found["signed"], found["missing"]) == ([NANDAN, LIBO], [HUANJIANG])
    assert (found["adoptable"], found["refusal"]["code"]) == (False, "agreement.unsigned")
    assert found["in_force"] == 1
    assert found["differences"]["gained"] == []
    assert found["differences"]["lost"], "fewer types than in the version before"
    assert (whole["adoptable"], whole["refusal"], whole["missing"]) == (True, None, [])
    assert county.trust_folder.read() == before


async def test_what_all_signed_and_was_heard_is_adopted(county: County) -> None:
    """It counts with the next call, and stands in the audit log with its digest."""
    document = version(2)
    async with calling(county, liaison(county)) as caller:
        answer = await caller.post("/agreements", json=sent(document, heard=group(document)))
        again = await caller.post("/agreements", json=sent(document, heard=group(document)))
        listed = (await caller.get("/agreements")).body["agreements"]
    assert (answer.status, answer.body["is_new"]) == (201, True)
    assert (again.status, again.body["is_new"]) == (201, False)
    held = {one["agreement"]["id"]: one["agreement"]["version"] for one in listed}
    assert held[AGREEMENT] == 2
    assert (await acts(county))[0] == (OFFICER, "agreement.adopted", f"{AGREEMENT}@2")
    note = (await county.store.read(lambda one: one.console.audit(0, 1)))[0].note
    assert note == document_digest(document)


def _forged() -> SignedDocument:
    good = version(2)
    spoilt = tuple(one.model_copy(update={"sig": to_base64url(b"\7" * 64)}) for one in good.signatures)
    return good.model_copy(update={"signatures": (*good.signatures[:2], spoilt[2])})


@pytest.mark.parametrize(
    ("documents", "heard", "status", "code"),
    [
        ([version(2)], "0000", 409, "agreement.digest_differs"),
        ([version(2)], "", 422, "agreement.not_heard"),
        ([version(2)], group(version(2))[:3], 422, "agreement.not_heard"),
        ([version(2, LIBO, NANDAN)], None, 409, "agreement.unsigned"),
        ([_forged()], None, 409, "agreement.unsigned"),
        ([version(2), version(3)], None, 409, "document.differs"),
        ([version(1, title="另一份")], None, 409, "agreement.version_taken"),
        ([papers.signed_registry()], None, 422, "document.wrong_type"),
        ([version(2, *COUNTIES, papers.FUNING, parties=(*COUNTIES, papers.FUNING))], None, 409, "agreement.not_member"),
        ([version(2, LIBO, NANDAN, parties=(NANDAN, LIBO), coordinators=(LIBO,))], None, 409, "agreement.not_party"),
    ],
)
async def test_nothing_else_is_adopted(
    county: County, documents: list[SignedDocument], heard: str | None, status: int, code: str
) -> None:
    """Refused with its code, and not a byte of trust has changed."""
    before = county.trust_folder.read()
    body = sent(*documents, heard=group(documents[0]) if heard is None else heard)
    async with calling(county, liaison(county)) as caller:
        answer = await caller.post("/agreements", json=body)
    assert answer.is_problem
    assert (answer.status, answer.body["code"]) == (status, code)
    assert county.trust_folder.read() == before
    assert await acts(county) == []


async def test_an_older_version_is_not_adopted_behind_a_newer_one(county: County) -> None:
    """Replayed by whoever kept last year's file."""
    async with calling(county, liaison(county)) as caller:
        await caller.post("/agreements", json=sent(version(3), heard=group(version(3))))
        before = county.trust_folder.read()
        answer = await caller.post("/agreements", json=sent(version(2), heard=group(version(2))))
    assert (answer.status, answer.body["code"]) == (409, "agreement.older")
    assert county.trust_folder.read() == before


async def _tried(caller: Caller) -> list[tuple[int, str]]:
    found = [
        await caller.post("/agreements", json=sent(version(2), heard=group(version(2)))),
        await caller.post(f"/agreements/{AGREEMENT}/suspensions", json=_paper()),
    ]
    return [(one.status, one.body["code"]) for one in found]


def _paper(county: str = LIBO, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    given: dict[str, Any] = {"county": county, "agreement_id": AGREEMENT, "version": 1, "ends": ()}
    said = Suspension(**(given | {"reason": "核查", "issued_at": papers.NOW} | changes))
    signer = papers.signer(county, KeyUse.GOVERNANCE)
    return {"document": json.loads(papers.signed(PayloadType.SUSPENSION, said, [signer]).model_dump_json())}


async def test_a_stolen_token_adopts_nothing(county: County) -> None:
    """Every scope but the one; and the one, of a machine, of an officer of another role, or of one who has left."""
    before = county.trust_folder.read()
    others = county.let_in("others", *(set(Scope) - {Scope.AGREEMENTS_WRITE, Scope.CALENDAR_READ}), officer=OFFICER)
    machine = county.let_in("machine", Scope.AGREEMENTS_WRITE)
    gone = county.let_in("gone", Scope.AGREEMENTS_WRITE, officer="duty-b")
    own = liaison(county)
    async with calling(county, others) as caller:
        assert await _tried(caller) == [(403, "access.scope")] * 2
    async with calling(county, machine) as caller:
        assert await _tried(caller) == [(403, "access.no_officer")] * 2
    async with calling(county, gone) as caller:
        assert await _tried(caller) == [(403, "officer.unknown")] * 2
    for role in set(Role) - {Role.LIAISON}:
        county.directory.credentials[OFFICER] = papers.credential(HUANJIANG, roles=(role,))
        async with calling(county, own) as caller:
            assert await _tried(caller) == [(403, "agreement.role")] * 2
    county.directory.credentials[OFFICER] = papers.credential(
        HUANJIANG, roles=(Role.LIAISON,), expires_at=papers.later(days=-1)
    )
    async with calling(county, own) as caller:
        assert await _tried(caller) == [(403, "officer.expired")] * 2
    assert county.trust_folder.read() == before
    assert await acts(county) == []


async def test_a_suspension_counts_at_once(county: County) -> None:
    """Of the county that signed it, and once."""
    async with calling(county, liaison(county)) as caller:
        answer = await caller.post(f"/agreements/{AGREEMENT}/suspensions", json=_paper())
        again = await caller.post(f"/agreements/{AGREEMENT}/suspensions", json=_paper())
        other = await caller.post("/agreements/work-only/suspensions", json=_paper())
        lines = {one["agreement"]["id"]: one for one in (await caller.get("/agreements")).body["agreements"]}
    assert (answer.status, answer.body["county"], answer.body["is_new"]) == (201, LIBO, True)
    assert not again.body["is_new"]
    assert (other.status, other.body["code"]) == (409, "agreement.other")
    assert LIBO not in lines[AGREEMENT]["taking_part"]
    assert (await acts(county))[0] == (OFFICER, "agreement.suspended", f"{AGREEMENT}@1")


async def test_a_suspension_in_anothers_name_is_refused(county: County) -> None:
    """Signed by a neighbour, or for a version that has gone."""
    forged = json.loads(json.dumps(_paper()))
    forged["document"]["signatures"] = _paper(NANDAN)["document"]["signatures"]
    async with calling(county, liaison(county)) as caller:
        answer = await caller.post(f"/agreements/{AGREEMENT}/suspensions", json=forged)
        await caller.post("/agreements", json=sent(version(2), heard=group(version(2))))
        older = await caller.post(f"/agreements/{AGREEMENT}/suspensions", json=_paper())
    assert (answer.status, answer.body["code"]) == (409, "agreement.unsigned")
    assert (older.status, older.body["code"]) == (409, "agreement.older")
    assert county.directory.trust().suspended == ()


async def test_no_more_is_judged_at_once_than_the_node_can_spare(county: County) -> None:
    """A thousand signatures each: an alert must not wait behind them."""
    desk = Desk.of(county.gateway(), openapi=lambda: b"", asyncapi=lambda: b"")
    desk.agreements._busy = 2  # noqa: SLF001 - as if two were at it
    with pytest.raises(UnavailableError):
        await desk.agreements.collect([version(2)])


@pytest.mark.parametrize("body", ["{}", "[]", '{"copies": []}', '{"copies": [{}]}', "\u0000", '{"copies": 1e3}'])
@pytest.mark.parametrize("path", ["/agreements/drafts", "/agreements/copies", "/agreements"])
async def test_rubbish_gets_a_problem(county: County, path: str, body: str) -> None:
    """Whatever is sent, the answer names what does not fit."""
    async with calling(county, liaison(county)) as caller:
        answer = await caller.post(path, data=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.is_problem
    assert answer.status in {400, 422}
    assert county.crashes == []
