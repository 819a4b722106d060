"""An officer's own signature from the draft to the evidence file, and what may be approved at all."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from schemas.officers import Role
from schemas.statements import ReleaseVerdict
from services.domain.documents import document_digest
from services.domain.evidence_verifying import Outcome, Verdict, verify_evidence
from tests import coursework, papers
from tests.caller import Answer, Caller, calling
from tests.papers import HUANJIANG, LIBO
from tests.releasing import SCOPES, approved, certify, drafted, handed_in, officer_at, own_of, released, signed
from tests.world import County, World, alert_draft, full_papers, policy_draft

ANCHOR = document_digest(full_papers().registries[0])


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def libo(world: World) -> County:
    return world[LIBO]


@pytest.fixture
async def door(libo: County) -> AsyncIterator[Caller]:
    """A token of no officer that may send."""
    async with calling(libo, libo.let_in("hall", *SCOPES)) as caller:
        yield caller


@pytest.fixture
def first(libo: County, door: Caller) -> Caller:
    return officer_at(libo, door, "duty-a", Role.DUTY)


@pytest.fixture
def second(libo: County, door: Caller) -> Caller:
    return officer_at(libo, door, "duty-b", Role.REVIEWER)


def refused(answer: Answer, code: str) -> bool:
    return answer.is_problem and answer.body["code"] == code


async def shown_at(county: County, envelope_id: str) -> dict[str, Any]:
    async with calling(county, county.let_in("board", *SCOPES)) as caller:
        body: dict[str, Any] = (await caller.get(f"/events/{envelope_id}")).body
    return body


async def evidence_of(county: County, envelope_id: str) -> bytes:
    async with calling(county, county.let_in("board", *SCOPES)) as caller:
        path = f"/api/v1/events/{envelope_id}/evidence"
        async with caller.session.get(path, headers=caller.auth) as reply:
            assert (reply.status, reply.headers["Sihu-Receipts-Left-Out"]) == (200, "0")
            return await reply.read()


def who_signed(verdict: Verdict) -> list[tuple[str, bool]]:
    return [(one.officer, one.own is not None) for record in verdict.releases for one in record.officers]


def by_whom(shown: dict[str, Any]) -> list[tuple[str, bool]]:
    lines = [officer for one in shown["releases"] for officer in one["officers"]]
    return [(one["officer"], one["signed_at"] is not None) for one in lines]


async def sent(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.body["draft"]["event_id"])


# -- from the draft to the evidence ----------------------------------------------------------------------


async def test_what_two_officers_signed_is_shown_and_proved_at_both_ends(
    world: World, libo: County, first: Caller, second: Caller
) -> None:
    """A machine of 荔波 that somebody has taken over could not have made it."""
    shown = await handed_in(libo, first, alert_draft(acknowledge_by="2026-03-04T09:00:00.000+08:00"))
    assert shown["submission_signed"] is True
    answer = await signed(libo, second, shown)
    assert answer.body["draft"]["approval"]["signed"] is True
    answer = await first.post(f"/drafts/{shown['draft']['id']}/sending")
    assert answer.status == 202, answer.body
    event = answer.body["envelope_id"]
    await world.carry()
    for county in (libo, world[HUANJIANG]):
        assert by_whom(await shown_at(county, event)) == [("duty-a", True), ("duty-b", True)]
        verdict = verify_evidence(await evidence_of(county, event), ANCHOR)
        assert verdict.outcome is Outcome.HOLDS
        assert who_signed(verdict) == [("duty-a", True), ("duty-b", True)]


async def test_what_nobody_signed_is_said_to_be_vouched_for_by_the_node(
    world: World, first: Caller, second: Caller
) -> None:
    """A token signs nothing; whoever reads it must see the difference."""
    event = await released(first, second, alert_draft())
    await world.carry()
    verdict = verify_evidence(await evidence_of(world[HUANJIANG], event), ANCHOR)
    assert verdict.outcome is Outcome.HOLDS
    assert (
        who_signed(verdict)
        == by_whom(await shown_at(world[HUANJIANG], event))
        == [("duty-a", False), ("duty-b", False)]
    )


async def test_an_event_without_a_release_is_proved_by_a_file_that_older_verifiers_read(libo: County) -> None:
    """Version 3 is for what needs it."""
    posted = await libo.send(alert_draft())
    assert json.loads(await evidence_of(libo, posted.envelope_id))["v"] == 1


async def test_an_encrypted_event_is_proved_to_be_what_was_approved() -> None:
    """Nobody opens it there: what was signed is the content as it is carried."""
    world = await coursework.three_counties()
    libo = world[LIBO]
    libo.directory.shelf = world[HUANJIANG].directory.shelf = coursework.PAPERS
    async with calling(libo, libo.let_in("hall", *SCOPES)) as door:
        first, second = officer_at(libo, door, "duty-a", Role.DUTY), officer_at(libo, door, "duty-b", Role.DUTY)
        shown = await handed_in(libo, first, policy_draft(**{"class": "internal"}))
        event = await sent(await signed(libo, second, shown, send=True))
    await world.carry()
    data = await evidence_of(world[HUANJIANG], event)
    verdict = verify_evidence(data, document_digest(coursework.PAPERS.registries[0]))
    assert verdict.opened is not None
    assert verdict.opened.event.envelope.header.content.encoding == "hpke"
    assert (verdict.outcome, who_signed(verdict)) == (Outcome.HOLDS, [("duty-a", True), ("duty-b", True)])


async def test_the_second_name_under_what_was_sent_alone_is_signed(
    world: World, libo: County, first: Caller, second: Caller
) -> None:
    """Over the id of the event: there is no other one."""
    event = (await first.post("/events", json=alert_draft(alone=True))).body["envelope_id"]
    path = f"/events/{event}/countersignature"
    await libo.clock.move(600)
    for wrong, code in (
        (own_of(libo, "duty-b", ReleaseVerdict.COUNTERSIGNED, event, key="duty-a"), "release.signature"),
        (own_of(libo, "duty-b", ReleaseVerdict.COUNTERSIGNED, "0" * 64), "release.other_event"),
        (own_of(libo, "duty-b", ReleaseVerdict.APPROVED, event), "release.other_statement"),
        (
            own_of(libo, "duty-b", ReleaseVerdict.COUNTERSIGNED, event, signed_at=papers.later(seconds=-60)),
            "release.signed_at",
        ),
    ):
        assert refused(await second.post(path, json={"own": wrong}), code)
    own = own_of(libo, "duty-b", ReleaseVerdict.COUNTERSIGNED, event)
    assert (await second.post(path, json={"own": own})).status == 202
    await world.carry()
    there = world[HUANJIANG]
    assert by_whom(await shown_at(there, event)) == [("duty-a", False), ("duty-b", True)]
    verdict = verify_evidence(await evidence_of(there, event), ANCHOR)
    assert (verdict.outcome, who_signed(verdict)) == (Outcome.HOLDS, [("duty-a", False), ("duty-b", True)])


# -- misuse ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"key": "duty-a"}, "release.signature"),
        ({"officer": "duty-a"}, "release.other_statement"),
        ({"county": HUANJIANG}, "release.other_statement"),
        ({"verdict": ReleaseVerdict.DRAFTED}, "release.other_statement"),
        ({"subject": "0" * 64}, "release.other_event"),
        ({"acknowledge_by": papers.later(minutes=9)}, "release.other_event"),
        ({"signed_at": papers.later(seconds=-1)}, "release.signed_at"),
        ({"signed_at": papers.later(seconds=1)}, "release.signed_at"),
    ],
    ids=[
        "another's key",
        "another's word",
        "another county's",
        "no approval",
        "another text",
        "deadline",
        "old",
        "ahead",
    ],
)
async def test_a_signature_that_is_not_this_approval_approves_nothing(
    libo: County, first: Caller, second: Caller, how: dict[str, Any], code: str
) -> None:
    """And the draft waits as before; without any signature it may still be approved, and is then shown so."""
    shown = await drafted(first, alert_draft())
    given = {"verdict": ReleaseVerdict.APPROVED, "subject": shown["terms"], "officer": "duty-b", "key": "duty-b"} | how
    said = {"verdict": "approve", "digest": shown["digest"], "own": own_of(libo, **given)}
    assert refused(await second.post(f"/drafts/{shown['draft']['id']}/review", json=said), code)
    again = (await second.get(f"/drafts/{shown['draft']['id']}")).body
    assert (again["draft"]["state"], again["draft"]["approval"]) == ("in_review", None)
    answer = await approved(second, shown, send=True)
    assert answer.body["draft"]["approval"]["signed"] is False


async def test_a_signature_of_another_draft_fits_no_other(libo: County, first: Caller, second: Caller) -> None:
    """Not even of one with the very same text: each has a content id of its own."""
    one, other = await drafted(first, policy_draft()), await drafted(first, policy_draft())
    assert (one["digest"], one["terms"] == other["terms"]) == (other["digest"], False)
    own = own_of(libo, "duty-b", ReleaseVerdict.APPROVED, one["terms"])
    said = {"verdict": "approve", "digest": other["digest"], "own": own}
    assert refused(await second.post(f"/drafts/{other['draft']['id']}/review", json=said), "release.other_event")


async def test_what_was_signed_before_a_return_is_no_approval_after_it(
    libo: County, first: Caller, second: Caller
) -> None:
    """The same words handed in once more are another text."""
    shown = await drafted(first, policy_draft())
    number = shown["draft"]["id"]
    said = {
        "verdict": "approve",
        "digest": shown["digest"],
        "own": own_of(libo, "duty-b", ReleaseVerdict.APPROVED, shown["terms"]),
    }
    assert (await second.post(f"/drafts/{number}/review", json=said)).status == 200
    back = {"verdict": "return", "digest": shown["digest"], "note": "再核"}
    assert (await second.post(f"/drafts/{number}/review", json=back)).status == 200
    again = (await first.post(f"/drafts/{number}/submission")).body
    assert (again["digest"], again["terms"] == shown["terms"]) == (shown["digest"], False)
    assert refused(await second.post(f"/drafts/{number}/review", json=said), "release.other_event")


async def test_what_was_signed_of_an_older_text_is_no_approval_of_the_next(
    libo: County, first: Caller, second: Caller
) -> None:
    """The author changes one word after the second officer has signed."""
    shown = await drafted(first, policy_draft())
    number, own = shown["draft"]["id"], own_of(libo, "duty-b", ReleaseVerdict.APPROVED, shown["terms"])
    later = policy_draft(content=papers.policy_content(title="另一份通知"))
    await first.post(f"/drafts/{number}/content", json=later)
    after = (await first.post(f"/drafts/{number}/submission")).body
    said = {"verdict": "approve", "digest": after["digest"], "own": own}
    assert refused(await second.post(f"/drafts/{number}/review", json=said), "release.other_event")
    assert refused(
        await second.post(f"/drafts/{number}/review", json=said | {"digest": shown["digest"]}), "release.changed"
    )


async def test_whose_credential_was_revoked_before_sending_stands_behind_nothing(
    libo: County, first: Caller, second: Caller
) -> None:
    """The signature holds; the officer is one no more."""
    shown = await handed_in(libo, first, policy_draft())
    assert (await signed(libo, second, shown)).status == 200
    kept = libo.directory.credentials.pop("duty-b")
    path = f"/drafts/{shown['draft']['id']}/sending"
    assert refused(await first.post(path), "officer.unknown")
    certify(libo, "duty-b", Role.REVIEWER, key="duty-b, after a reset")
    assert refused(await first.post(path), "release.terms_changed")  # a new key has not signed it
    certify(libo, "duty-b", Role.REVIEWER, issued_at=papers.later(minutes=5))
    await libo.clock.move(600)
    assert refused(await first.post(path), "release.terms_changed")  # nor was the key certified so when it did
    libo.directory.credentials["duty-b"] = kept
    assert (await first.post(path)).status == 202


async def test_terms_that_changed_after_the_approval_are_approved_anew(
    libo: County, first: Caller, second: Caller
) -> None:
    """Another version of the agreement may reach others: nobody has signed that."""
    shown = await handed_in(libo, first, policy_draft())
    waiting = await handed_in(libo, first, policy_draft())
    assert (await signed(libo, second, shown)).status == 200
    everything = libo.directory.trusted.agreement(papers.AGREEMENT)
    assert everything is not None
    newer = replace(everything, reference=f"{papers.AGREEMENT}@2:{'0' * 64}")
    libo.directory.trusted = papers.trust(newer)
    number = shown["draft"]["id"]
    assert refused(await first.post(f"/drafts/{number}/sending"), "release.terms_changed")
    fresh = (await second.get(f"/drafts/{waiting['draft']['id']}")).body
    assert refused(await signed(libo, second, fresh), "release.terms_changed")  # what its author signed was another one
    back = {"verdict": "return", "digest": shown["digest"], "note": "协议已换版"}
    await second.post(f"/drafts/{number}/review", json=back)
    again = (await first.post(f"/drafts/{number}/submission")).body
    assert (await signed(libo, second, again, send=True)).status == 200


async def test_an_author_signs_only_for_the_author(libo: County, first: Caller, second: Caller) -> None:
    """Nobody hands in for another, with whatever key."""
    begun = (await first.post("/drafts", json=policy_draft())).body
    path = f"/drafts/{begun['draft']['id']}/submission"
    forged = own_of(libo, "duty-a", ReleaseVerdict.DRAFTED, begun["terms"], key="duty-b")
    assert refused(await first.post(path, json={"own": forged}), "release.signature")
    others = own_of(libo, "duty-b", ReleaseVerdict.DRAFTED, begun["terms"])
    assert refused(await second.post(path, json={"own": others}), "release.not_author")
    assert (await first.get(f"/drafts/{begun['draft']['id']}")).body["draft"]["state"] == "drafting"


async def test_an_unfinished_draft_has_nothing_to_sign(libo: County, first: Caller) -> None:
    """Nobody can say what it will be."""
    begun = (await first.post("/drafts", json=policy_draft(content={"title": "一半"}))).body
    assert begun["terms"] is None
    own = own_of(libo, "duty-a", ReleaseVerdict.DRAFTED, "0" * 64)
    answer = await first.post(f"/drafts/{begun['draft']['id']}/submission", json={"own": own})
    assert answer.is_problem
    assert (await first.get(f"/drafts/{begun['draft']['id']}")).body["draft"]["state"] == "drafting"


async def test_what_could_not_be_sent_is_not_approved_over_the_api(libo: County, first: Caller, second: Caller) -> None:
    """The page has no button for it, and a digest alone is no way around that: returned it can be."""
    expired = await drafted(first, alert_draft(expires="2026-03-04T08:00:30.000+08:00"))
    await libo.clock.move(300)
    for send in (True, False):
        assert refused(await approved(second, expired, send=send), "request.expired")
    path = f"/drafts/{expired['draft']['id']}"
    assert (await first.get(path)).body["draft"]["state"] == "in_review"
    said = {"verdict": "return", "digest": expired["digest"], "note": "已过时"}
    assert (await second.post(f"{path}/review", json=said)).body["draft"]["state"] == "returned"
