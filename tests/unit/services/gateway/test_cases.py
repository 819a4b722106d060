"""Cases over the API of two counties: one story, compare-and-set, no gate on a split link, and no names."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.completeness import Claim
from schemas.drafts import EventDraft
from services.domain.mediation_door import thread_refs
from tests import case_contents as written
from tests import papers
from tests.mediating import TODAY, Bench, forced, mediating
from tests.papers import HUANJIANG, LIBO, NANDAN

ACCEPTED: dict[str, Any] = {"accepted_on": str(TODAY), "due_on": "2026-04-04"}
PROOF: dict[str, Any] = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": str(TODAY)}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Two counties that mediate, and a third."""
    async with mediating() as one:
        yield one


def told(case: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """What must be the same at both ends."""
    entries = [(one["envelope_id"], one["time"], one["facts"], one["counts"], one["stage"]) for one in case["entries"]]
    return [*entries, case["case"]["stage"], case["heads"], case["parties"]]


async def test_a_case_is_told_otherwise_at_the_other_end(bench: Bench) -> None:
    """Registered, agreed, accepted, a panel: entry by entry the same, and in both lists."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    await bench.written(LIBO, case_id, "accepted", **ACCEPTED)
    mediators = written.mediators((NANDAN, LIBO))
    await bench.written(NANDAN, case_id, "panel_set", mediators=mediators, set_on=str(TODAY))
    ours, theirs = [await bench.case(one, case_id) for one in (NANDAN, LIBO)]

    assert told(ours) == told(theirs)
    assert ours["case"]["stage"] == "panel_set"
    assert [one["counts"] for one in ours["entries"]] == [True] * 5
    for county in (NANDAN, LIBO):
        (line,) = (await bench.desks[county].get("/cases")).body["cases"]
        assert (line["case_id"], line["due_on"], line["lead"]) == (case_id, "2026-04-04", NANDAN)
    assert (await bench.desks[HUANJIANG].get("/cases")).body == {"cases": []}


async def test_whoever_is_late_writes_over_what_he_has_not_seen(bench: Bench) -> None:
    """The newest entry must be named, no older one and no other; then look again."""
    case_id = await bench.register()
    old = (await bench.case(NANDAN, case_id))["heads"]
    await bench.written(LIBO, case_id, "evidence_added", **PROOF)
    path, body = f"/cases/{case_id}/events", {"type": written.wire("evidence_added"), "content": PROOF}
    late = await bench.post(NANDAN, path, last_seen=old, **body)
    strange = await bench.post(NANDAN, path, last_seen=["e" * 64], **body)

    assert [(one.status, one.body["code"]) for one in (late, strange)] == [(409, "case.late")] * 2
    assert (await bench.write(NANDAN, case_id, "evidence_added", **PROOF)).status == 202


async def test_a_gate_is_passed_while_the_other_county_is_not_heard(bench: Bench) -> None:
    """No fresh beacon, or one that says there is more: evidence can be added, nothing can be accepted."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    await bench.world.clock.move(121)
    silent = await bench.write(NANDAN, case_id, "accepted", **ACCEPTED)
    await bench.hear()
    claim = Claim(LIBO, LIBO, "c" * 64, "1-00000000000000aa", 9, "d" * 64, bench.world.clock.now())
    await bench.world[NANDAN].store.write(lambda tx: tx.signal_book.claim(LIBO, [claim]))
    behind = await bench.write(NANDAN, case_id, "accepted", **ACCEPTED)
    shown = await bench.case(NANDAN, case_id)

    assert [(one.status, one.body["code"]) for one in (silent, behind)] == [(409, "case.link_split")] * 2
    assert not shown["heard"]
    assert (await bench.write(NANDAN, case_id, "evidence_added", **PROOF)).status == 202


async def test_two_gates_at_once_both_count(bench: Bench) -> None:
    """Neither has seen the other: the lead's counts, at both ends, and the other one is in the file."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    first, second = [await bench.write(one, case_id, "accepted", **ACCEPTED) for one in (NANDAN, LIBO)]
    assert (first.status, second.status) == (202, 202)
    await bench.world.carry()

    for county in (NANDAN, LIBO):
        verdicts = {one["envelope_id"]: one["fault"] for one in (await bench.case(county, case_id))["entries"]}
        assert verdicts[first.body["envelope_id"]] is None
        assert verdicts[second.body["envelope_id"]]["code"] == "case.gate_taken"
    assert len((await bench.case(LIBO, case_id))["heads"]) == 2


async def test_a_rule_of_the_case_is_told_after_the_event_has_left(bench: Bench) -> None:
    """It is refused at the door, with the article, and nothing was sent."""
    case_id = await bench.register()
    before = await bench.world[NANDAN].counts()
    refused = await bench.write(NANDAN, case_id, "accepted", **ACCEPTED)
    panel = {"mediators": written.mediators((NANDAN, LIBO)), "set_on": str(TODAY)}
    too_early = await bench.write(NANDAN, case_id, "panel_set", **panel)

    assert (refused.status, refused.body["code"]) == (422, "case.no_consent")
    assert "第十七条" in refused.body["mend"]
    assert too_early.body["code"] == "case.not_now"
    assert await bench.world[NANDAN].counts() == before


async def test_the_door_lets_in_what_belongs_elsewhere(bench: Bench) -> None:
    """Ownership is no matter of mediation, and the address is named."""
    screening = written.registration(TODAY)["screening"] | {"ownership": True}
    content = written.registration(TODAY, (NANDAN, LIBO), screening=screening)
    answer = await bench.post(NANDAN, "/events", type=written.wire("registered"), to=[LIBO], content=content)

    assert (answer.status, answer.body["code"]) == (422, "case.out_of_scope")
    assert "人民政府" in answer.body["mend"]


async def test_a_third_county_writes_into_a_case(bench: Bench) -> None:
    """Its own node does not know the case; what it sends all the same is rejected where the case is."""
    case_id = await bench.register()
    refs = thread_refs(case_id, [case_id])
    spelled = [{"rel": one.rel, "id": one.id} for one in refs]
    event: dict[str, Any] = {"type": written.wire("evidence_added"), "to": [NANDAN], "content": PROOF}
    answer = await bench.post(HUANJIANG, "/events", refs=spelled, **event)
    posted = await forced(bench.world[HUANJIANG], EventDraft(agreement=papers.AGREEMENT, refs=refs, **event))
    await bench.world.carry()
    receipts = (await bench.desks[HUANJIANG].get(f"/events/{posted}/receipts")).body["receipts"]

    assert (answer.status, answer.body["code"]) == (404, "case.not_found")
    assert [(one["stage"], one["code"]) for one in receipts] == [("rejected", "case.stranger")]
    assert len((await bench.case(NANDAN, case_id))["entries"]) == 1


async def test_the_other_end_takes_what_a_careless_node_has_sent(bench: Bench) -> None:
    """It judges by itself: here a registration of two other counties' parties."""
    content = written.registration(TODAY, (NANDAN, HUANJIANG))
    draft = EventDraft(agreement=papers.AGREEMENT, type=written.wire("registered"), to=(HUANJIANG,), content=content)
    envelope_id = await forced(bench.world[NANDAN], draft, to=(LIBO,))
    await bench.world.carry()
    receipts = (await bench.desks[NANDAN].get(f"/events/{envelope_id}/receipts")).body["receipts"]

    assert [(one["stage"], one["code"]) for one in receipts] == [("rejected", "case.audience")]
    assert (await bench.desks[LIBO].get("/cases")).body == {"cases": []}


async def test_a_name_or_a_text_is_shown_without_a_reason(bench: Bench) -> None:
    """Neither in the list nor in the case, nor in what is kept beside the event."""
    case_id = await bench.register()
    for county in (NANDAN, LIBO):
        shown = str((await bench.desks[county].get("/cases")).body) + str(await bench.case(county, case_id))
        rows = await bench.world[county].store.read(
            lambda s: (s.cases.entries(case_id), s.cases.newest(open_only=False, limit=9))
        )
        for text in (written.FIRST, written.SECOND, written.TITLE, "组长甲", "山场"):
            assert text not in shown + str(rows)


async def test_a_case_is_not_told_any_more_once_its_contents_are_erased(bench: Bench) -> None:
    """The story is told from what was kept beside them."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    before = told(await bench.case(LIBO, case_id))
    erased = await bench.post(NANDAN, f"/events/{case_id}/erasure", reason="completed")
    assert erased.status == 200, erased.body
    await bench.world.carry()

    shown = (await bench.desks[LIBO].get(f"/events/{case_id}?why=handling")).body
    assert shown["content"] is None
    assert told(await bench.case(LIBO, case_id)) == before
    assert (await bench.write(LIBO, case_id, "accepted", **ACCEPTED)).status == 202


async def test_an_address_of_no_case_answers_something_else_than_404(bench: Bench) -> None:
    """And a registration is no entry."""
    none = "f" * 64
    case_id = await bench.register()
    answers = [
        await bench.desks[NANDAN].get(f"/cases/{none}"),
        await bench.desks[NANDAN].get(f"/cases/{none}/evidence"),
    ]
    body = {"last_seen": [none], "content": {}}
    answers.append(await bench.post(NANDAN, f"/cases/{none}/events", type=written.wire("accepted"), **body))
    wrong = await bench.post(NANDAN, f"/cases/{case_id}/events", type=written.wire("registered"), **body)

    assert [(one.status, one.body["code"]) for one in answers] == [(404, "case.not_found")] * 3
    assert (wrong.status, wrong.body["code"]) == (422, "case.type")


async def test_an_entry_is_doubled_by_a_second_try(bench: Bench) -> None:
    """The same key and body are one entry, although the heads have moved on."""
    case_id = await bench.register()
    heads = (await bench.case(NANDAN, case_id))["heads"]
    body = {"type": written.wire("evidence_added"), "last_seen": heads, "content": PROOF}
    how = {"json": body, "headers": {"Idempotency-Key": "once"}}
    answers = [await bench.desks[NANDAN].post(f"/cases/{case_id}/events", **how) for _ in range(2)]

    assert [one.status for one in answers] == [202, 202]
    assert answers[0].body == answers[1].body
    assert len((await bench.case(NANDAN, case_id))["entries"]) == 2


async def test_a_case_is_printed_without_a_reason_or_where_nothing_can_be_printed(bench: Bench) -> None:
    """Neither; and of a case without an agreement there is no agreement, but a file."""
    case_id = await bench.register()
    desk, county = bench.desks[NANDAN], bench.world[NANDAN]
    unsaid = await desk.get(f"/cases/{case_id}/paper?what=file")
    blank = await desk.get(f"/cases/{case_id}/paper?what=file&why=handling")

    assert (unsaid.status, unsaid.body["code"]) == (403, "access.no_reason")
    assert (blank.status, blank.body["code"]) == (503, "node.no_printer")
    assert await county.store.read(lambda s: s.openings(0, 9)) == []


async def test_an_entry_is_told_without_the_files_that_belong_to_it(bench: Bench) -> None:
    """Whoever looks at the case must find them, at both counties, and nothing else."""
    case_id, file_id = await bench.register(), "e" * 64
    body = {"type": written.wire("evidence_added"), "last_seen": [case_id], "content": PROOF, "evidence": [file_id]}
    await bench.post(NANDAN, f"/cases/{case_id}/events", **body)
    await bench.world.carry()

    for county in (NANDAN, LIBO):
        shown = await bench.case(county, case_id)
        assert [one["evidence"] for one in shown["entries"]] == [[], [file_id]]
        assert shown["case"]["kind"] == "forest"
