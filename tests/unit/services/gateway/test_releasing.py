"""The second officer over the API: no way around it, and every way through it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.access import Scope
from schemas.notices import NoticeKind
from schemas.officers import Role
from schemas.records import Direction
from services.notifier.notifier import Notifier
from tests.caller import Answer, Caller, calling
from tests.papers import HUANJIANG, LIBO, alert_content
from tests.releasing import SCOPES, approved, certify, drafted, officer_at, released
from tests.world import County, World, alert_draft, policy_draft


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


async def sent_by(libo: County) -> list[str]:
    """The events that this county has sent."""
    page = await libo.store.read(lambda s: s.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=99))
    return [row.envelope_id for row in page.rows]


def minor(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of an alert
    """An alert of level 4."""
    return alert_draft(
        content=alert_content(warning_level=4, report_stage="followup", report_no=2, **changes),
    )


_UPDATE = {"type": "cn.sihu.information.alert_updated.v1"}


def refused(answer: Answer, code: str) -> bool:
    return answer.is_problem and answer.body["code"] == code


# -- no way around it ----------------------------------------------------------------------------------


async def test_nobody_sends_alone_what_needs_two(libo: County, door: Caller, first: Caller, second: Caller) -> None:
    """Neither a system nor an officer, of whatever role, over the API directly."""
    certify(libo, "leader-a", Role.LIAISON)
    leader = officer_at(libo, door, "leader-a")
    for caller in (door, first, second, leader):
        for draft in (alert_draft(), policy_draft()):
            answer = await caller.post("/events", json=draft)
            assert (answer.status, answer.body["code"]) == (403, "release.second_officer")
            assert "/drafts" in answer.body["mend"]
    assert await sent_by(libo) == []


async def test_what_needs_none_is_sent_by_its_author(libo: County, first: Caller) -> None:
    """An alert of level 4, and an exercise of level 1, wait for nobody."""
    exercise = alert_draft(status="exercise")
    assert [(await first.post("/events", json=one)).status for one in (minor(), exercise)] == [202, 202]
    assert len(await sent_by(libo)) == 2


async def test_an_automatic_source_sends_by_its_scope(libo: County, door: Caller) -> None:
    """Its documents were released by two people where they were made; nothing is said of officers of ours."""
    siren = Caller(door.session, libo.let_in("siren", *SCOPES, Scope.UNATTENDED), door.port)
    answer = await siren.post("/events", json=alert_draft())
    assert answer.status == 202
    shown = (await siren.get(f"/events/{answer.body['envelope_id']}")).body
    assert (shown["releases"], shown["awaits_second"]) == ([], False)


async def test_no_file_makes_an_officer_an_automatic_source(libo: County, door: Caller) -> None:
    """The command refuses such a token; whoever writes it into the file by hand gains nothing."""
    certify(libo, "duty-a", Role.DUTY)
    token = libo.let_in("clever", *SCOPES, Scope.UNATTENDED, officer="duty-a")
    answer = await Caller(door.session, token, door.port).post("/events", json=alert_draft())
    assert refused(answer, "release.second_officer")


async def test_a_county_may_switch_it_off(libo: County) -> None:
    """Then each event is its author's, and nobody can claim to be alone."""
    libo.second_officer = False
    certify(libo, "duty-a", Role.DUTY)
    async with calling(libo, libo.let_in("duty-a", *SCOPES, officer="duty-a")) as caller:
        assert (await caller.post("/events", json=alert_draft())).status == 202
        again = alert_draft(alone=True, content=alert_content(alert_id="52272241600000_20260304074501_1"))
        assert refused(await caller.post("/events", json=again), "release.alone_not_needed")


async def test_one_officer_cannot_lower_or_end_a_grave_alert(libo: County, first: Caller) -> None:
    """To call a red alert off is as grave as to give it: an update to level 4 and a cancellation need two as well."""
    red = alert_draft(content=alert_content(warning_level=1))
    await libo.send(red)
    number = red["content"]["alert_id"]
    later = {"alert_id": "52272241600000_20260304075000_2", "predecessors": [{"alert_id": number}]}
    update = minor(**later) | {"type": "cn.sihu.information.alert_updated.v1"}
    assert (await first.post("/events", json=update)).body["code"] == "release.second_officer"
    ended = minor(**later, note="雨停") | {"type": "cn.sihu.information.alert_cancelled.v1"}
    assert (await first.post("/events", json=ended)).body["code"] == "release.second_officer"


# -- the way through it --------------------------------------------------------------------------------


async def test_one_drafts_and_another_approves_and_sends(
    world: World, libo: County, first: Caller, second: Caller
) -> None:
    """In one press; and the recipients see who both were."""
    envelope_id = await released(first, second, alert_draft())
    assert await sent_by(libo) == [envelope_id]
    await world.carry()
    for county in (world[LIBO], world[HUANJIANG]):
        async with calling(county, county.let_in("reader", Scope.EVENTS_READ)) as reader:
            shown = (await reader.get(f"/events/{envelope_id}")).body
        (release,) = shown["releases"]
        assert (release["mode"], release["source"], shown["awaits_second"]) == ("two_officers", LIBO, False)
        assert [(one["name"], one["roles"]) for one in release["officers"]] == [
            ("值班员甲", ["duty"]),
            ("值班员乙", ["reviewer"]),
        ]


async def test_a_sent_draft_keeps_no_copy_of_the_text(libo: County, first: Caller, second: Caller) -> None:
    """Else an erasure of the event would leave one; its digest stays."""
    shown = await drafted(first, alert_draft())
    answer = await approved(second, shown, send=True)
    detail = (await first.get(f"/drafts/{shown['draft']['id']}")).body
    assert (detail["event"], detail["digest"], detail["acts"]) == (None, shown["digest"], [])
    assert detail["draft"]["state"] == "sent"
    assert detail["draft"]["event_id"] == answer.body["draft"]["event_id"]
    kept = await libo.store.read(lambda s: s.releases.draft(shown["draft"]["id"]))
    assert kept is not None
    assert kept.body == b""


async def test_its_author_sends_what_was_approved(libo: County, first: Caller, second: Caller) -> None:
    """Approved and sent are two acts of two people, if they want it so; a second press sends nothing."""
    shown = await drafted(first, policy_draft())
    path = f"/drafts/{shown['draft']['id']}/sending"
    assert refused(await first.post(path), "release.second_officer")
    assert (await approved(second, shown)).body["draft"]["state"] == "approved"
    outsider = officer_at(libo, first, "leader-a", Role.LIAISON)
    assert refused(await outsider.post(path), "release.not_author")
    assert (await first.post(path)).status == 202
    assert refused(await first.post(path), "release.state")
    assert len(await sent_by(libo)) == 1


async def test_a_draft_comes_back_with_a_note(first: Caller, second: Caller) -> None:
    """Its author reads what is wrong, mends it and hands it in again."""
    shown = await drafted(first, policy_draft())
    path = f"/drafts/{shown['draft']['id']}"
    said = {"verdict": "return", "digest": shown["digest"], "note": "文号写错"}
    other = await second.post(f"{path}/review", json=said | {"digest": "ab" * 32})
    assert refused(other, "release.changed"), "what is sent back is what was read"
    back = await second.post(f"{path}/review", json=said)
    assert (back.body["draft"]["state"], back.body["draft"]["note"]) == ("returned", "文号写错")
    assert (await first.get(path)).body["acts"] == ["change", "hand_in", "withdraw"]
    changed = await first.post(f"{path}/content", json=policy_draft())
    assert changed.body["draft"]["state"] == "drafting"
    assert (await first.post(f"{path}/submission")).body["draft"]["state"] == "in_review"


async def test_a_note_with_somebodys_number_is_refused(first: Caller, second: Caller) -> None:
    """Drafts are free text that stays."""
    shown = await drafted(first, policy_draft())
    said = {"verdict": "return", "digest": shown["digest"], "note": "请问 13912345678"}
    answer = await second.post(f"/drafts/{shown['draft']['id']}/review", json=said)
    assert (answer.status, answer.body["code"]) == (422, "guard.personal_number")


async def test_what_needs_none_may_be_drafted_all_the_same(libo: County, first: Caller) -> None:
    """And is sent by its author at once."""
    begun = await first.post("/drafts", json=minor())
    assert begun.body["needs_second"] is False
    assert "send_unreviewed" in begun.body["acts"]
    assert (await first.post(f"/drafts/{begun.body['draft']['id']}/sending")).status == 202
    assert len(await sent_by(libo)) == 1


# -- the second one is another one ---------------------------------------------------------------------


async def test_the_same_officer_never_approves(libo: County, door: Caller, first: Caller) -> None:
    """Not in another session or with another token, and not under another id with the same key."""
    certify(libo, "duty-a", Role.DUTY, Role.REVIEWER, Role.LIAISON)
    shown = await drafted(first, alert_draft())
    other_token = officer_at(libo, door, "duty-a", token="duty-a-phone")  # noqa: S106 - a token's name
    certify(libo, "twin", Role.REVIEWER, key="duty-a")
    twin = officer_at(libo, door, "twin")
    for caller in (first, other_token, twin):
        assert refused(await approved(caller, shown, send=True), "release.same_officer")
        assert "approve" not in (await caller.get(f"/drafts/{shown['draft']['id']}")).body["acts"]
    assert await sent_by(libo) == []


@pytest.mark.parametrize("role", [Role.MEDIATOR, Role.AUDITOR, Role.ADMINISTRATOR])
async def test_a_reviewer_has_a_role_for_it(libo: County, door: Caller, first: Caller, role: Role) -> None:
    """An auditor reads, an administrator runs the machine: neither stands behind an alert."""
    shown = await drafted(first, alert_draft())
    other = officer_at(libo, door, "other", role)
    assert refused(await approved(other, shown), "release.role")


async def test_a_token_of_no_officer_neither_drafts_nor_reviews(libo: County, door: Caller, first: Caller) -> None:
    """Nor one whose officer was revoked."""
    shown = await drafted(first, alert_draft())
    assert refused(await door.post("/drafts", json=alert_draft()), "access.no_officer")
    assert refused(await approved(door, shown), "access.no_officer")
    gone = officer_at(libo, door, "duty-b", Role.REVIEWER)
    del libo.directory.credentials["duty-b"]
    assert refused(await approved(gone, shown), "officer.unknown")


async def test_who_is_revoked_meanwhile_stands_behind_nothing(libo: County, first: Caller, second: Caller) -> None:
    """An approval is worth as much as the credential behind it, also when it is sent later."""
    shown = await drafted(first, alert_draft())
    await approved(second, shown)
    del libo.directory.credentials["duty-b"]
    assert refused(await first.post(f"/drafts/{shown['draft']['id']}/sending"), "officer.unknown")
    assert await sent_by(libo) == []


# -- an approval is of these bytes ---------------------------------------------------------------------


async def test_a_change_after_the_approval_voids_it(libo: County, first: Caller, second: Caller) -> None:
    """Whatever is changed, be it one blank."""
    shown = await drafted(first, alert_draft())
    path = f"/drafts/{shown['draft']['id']}"
    await approved(second, shown)
    body = json.dumps(alert_draft(), ensure_ascii=False, indent=1).encode()
    changed = await first.post(f"{path}/content", data=body, headers={"Content-Type": "application/json"})
    assert (changed.body["draft"]["state"], changed.body["draft"]["approval"]) == ("drafting", None)
    assert refused(await first.post(f"{path}/sending"), "release.second_officer")
    assert await sent_by(libo) == []


async def test_what_changed_before_the_press_is_not_approved(first: Caller, second: Caller) -> None:
    """The reviewer has the old text on the screen."""
    shown = await drafted(first, alert_draft())
    path = f"/drafts/{shown['draft']['id']}"
    await first.post(f"{path}/content", json=alert_draft(priority=0))
    await first.post(f"{path}/submission")
    assert refused(await approved(second, shown, send=True), "release.changed")


async def test_only_its_author_changes_a_draft(first: Caller, second: Caller) -> None:
    """A reviewer who rewrites it would approve his own words."""
    shown = await drafted(first, alert_draft())
    path = f"/drafts/{shown['draft']['id']}"
    assert refused(await second.post(f"{path}/content", json=alert_draft()), "release.not_author")
    assert refused(await second.post(f"{path}/withdrawal"), "release.not_author")
    assert (await first.post(f"{path}/withdrawal")).body["draft"]["state"] == "withdrawn"
    assert refused(await approved(second, shown), "release.state")


async def test_of_two_reviewers_one_is_first(libo: County, door: Caller, first: Caller, second: Caller) -> None:
    """Both press at once: it is approved once and sent once."""
    third = officer_at(libo, door, "leader-a", Role.LIAISON)
    shown = await drafted(first, alert_draft())
    answers = await asyncio.gather(*(approved(one, shown, send=True) for one in (second, third)))
    assert sorted(one.status for one in answers) == [200, 409]
    assert {one.body["code"] for one in answers if one.status == 409} == {"release.state"}
    assert len(await sent_by(libo)) == 1


async def test_of_two_presses_one_sends(libo: County, first: Caller, second: Caller) -> None:
    """Author and reviewer send at once."""
    shown = await drafted(first, alert_draft())
    await approved(second, shown)
    path = f"/drafts/{shown['draft']['id']}/sending"
    answers = await asyncio.gather(first.post(path), second.post(path), first.post(path))
    assert sorted(one.status for one in answers) == [202, 409, 409]
    assert len(await sent_by(libo)) == 1


async def test_an_approval_stays_if_the_sending_fails(libo: County, first: Caller, second: Caller) -> None:
    """What only the history can refuse is found when it is sent; its author sees that it was approved."""
    red = alert_draft(content=alert_content(warning_level=1))
    await libo.send(red)
    named = [{"alert_id": red["content"]["alert_id"]}]
    updates = [
        await drafted(first, minor(alert_id=f"52272241600000_2026030407500{number}_2", predecessors=named) | _UPDATE)
        for number in (1, 2)
    ]
    assert (await approved(second, updates[0], send=True)).status == 200
    answer = await approved(second, updates[1], send=True)
    assert answer.is_problem, answer.body
    shown = (await first.get(f"/drafts/{updates[1]['draft']['id']}")).body["draft"]
    assert (shown["state"], shown["reviewer"]) == ("approved", "值班员乙")


# -- what is no draft ----------------------------------------------------------------------------------


async def test_what_is_kept_as_a_draft(first: Caller) -> None:
    """Half-written content may; what the guards refuse, personal content and control records may not."""
    half = policy_draft() | {"content": {"title": "未完"}}
    begun = await first.post("/drafts", json=half)
    assert (begun.status, begun.body["draft"]["title"]) == (201, "未完")
    assert begun.body["needs_second"] is True
    handed = await first.post(f"/drafts/{begun.body['draft']['id']}/submission")
    assert handed.status == 422
    for wrong, code in (
        (policy_draft() | {"content": {"title": "电话 13912345678"}}, "guard.personal_number"),
        (policy_draft() | {"class": "personal"}, "release.type"),
        (policy_draft() | {"type": "cn.sihu.control.receipt.v1"}, "request.control_type"),
        (policy_draft() | {"type": "cn.sihu.information.none_such.v1"}, "event.unknown_type"),
        (alert_draft(alone=True), "release.in_draft"),
        (policy_draft() | {"type": "cn.sihu.information.attachment_shared.v1"}, "release.type"),
    ):
        assert (await first.post("/drafts", json=wrong)).body["code"] == code


async def test_drafts_are_listed_by_state(first: Caller, second: Caller) -> None:
    """Who reviews asks for those that wait."""
    shown = await drafted(first, alert_draft())
    await first.post("/drafts", json=policy_draft())
    waiting = (await second.get("/drafts?state=in_review")).body["drafts"]
    assert [one["id"] for one in waiting] == [shown["draft"]["id"]]
    assert len((await second.get("/drafts")).body["drafts"]) == 2
    assert (await second.get(f"/drafts/{shown['draft']['id']}")).body["acts"] == ["approve", "return"]
    assert (await second.get(f"/drafts/{'0' * 32}")).body["code"] == "request.not_found"


# -- alone at night ------------------------------------------------------------------------------------


async def test_alone_at_night_and_countersigned(world: World, first: Caller, second: Caller) -> None:
    """It goes out at once; its recipients see that one name is missing, and then that it is there."""
    sent = await first.post("/events", json=alert_draft(alone=True))
    assert sent.status == 202, sent.body
    envelope_id = sent.body["envelope_id"]
    await world.carry()
    huanjiang = world[HUANJIANG]
    async with calling(huanjiang, huanjiang.let_in("reader", Scope.EVENTS_READ)) as reader:
        shown = (await reader.get(f"/events/{envelope_id}")).body
        assert shown["awaits_second"] is True
        assert [one["mode"] for one in shown["releases"]] == ["alone"]
        done = await second.post(f"/events/{envelope_id}/countersignature")
        assert (done.status, done.body["awaits_second"]) == (202, False)
        await world.carry()
        shown = (await reader.get(f"/events/{envelope_id}")).body
    assert shown["awaits_second"] is False
    assert [(one["mode"], one["officers"][0]["name"]) for one in shown["releases"]] == [
        ("alone", "值班员甲"),
        ("countersigned", "值班员乙"),
    ]
    assert refused(await second.post(f"/events/{envelope_id}/countersignature"), "release.not_waiting")


async def test_who_may_not_break_the_glass(libo: County, door: Caller, first: Caller, second: Caller) -> None:
    """No machine, no reviewer, nobody for a bulletin or for what needs none."""
    assert refused(await door.post("/events", json=alert_draft(alone=True)), "access.no_officer")
    siren = Caller(door.session, libo.let_in("siren", *SCOPES, Scope.UNATTENDED), door.port)
    assert refused(await siren.post("/events", json=alert_draft(alone=True)), "access.no_officer")
    assert refused(await second.post("/events", json=alert_draft(alone=True)), "release.role")
    assert refused(await first.post("/events", json=policy_draft() | {"alone": True}), "release.alone_bulletin")
    assert refused(await first.post("/events", json=minor() | {"alone": True}), "release.alone_not_needed")
    assert await sent_by(libo) == []


async def test_who_sent_it_alone_does_not_countersign(libo: County, door: Caller, first: Caller) -> None:
    """Nor in another session, nor over the same key under another id, nor by a role that is none for it."""
    certify(libo, "duty-a", Role.DUTY, Role.REVIEWER)
    sent = (await first.post("/events", json=alert_draft(alone=True))).body["envelope_id"]
    path = f"/events/{sent}/countersignature"
    again = officer_at(libo, door, "duty-a", token="duty-a-phone")  # noqa: S106 - a token's name
    auditor = officer_at(libo, door, "auditor-a", Role.AUDITOR)
    assert refused(await first.post(path), "release.same_officer")
    assert refused(await again.post(path), "release.same_officer")
    assert refused(await auditor.post(path), "release.role")
    assert refused(await door.post(path), "access.no_officer")
    assert refused(await first.post(f"/events/{'0' * 64}/countersignature"), "request.not_found")
    del libo.directory.credentials["duty-a"]  # revoked meanwhile
    certify(libo, "duty-z", Role.REVIEWER, key="duty-a")
    assert refused(await officer_at(libo, door, "duty-z").post(path), "release.same_officer")


async def test_a_draft_in_review_is_sent_alone_and_a_returned_one_is_not(first: Caller, second: Caller) -> None:
    """The reviewer does not come: night. The reviewer said no: then it is changed first."""
    shown = await drafted(first, alert_draft())
    path = f"/drafts/{shown['draft']['id']}"
    assert "send_unreviewed" in (await first.get(path)).body["acts"]
    await second.post(f"{path}/review", json={"verdict": "return", "digest": shown["digest"], "note": "核对"})
    assert refused(await first.post(f"{path}/sending", json={"alone": True}), "release.state")
    await first.post(f"{path}/content", json=alert_draft())
    await first.post(f"{path}/submission")
    assert refused(await second.post(f"{path}/sending", json={"alone": True}), "release.not_author")
    sent = await first.post(f"{path}/sending", json={"alone": True})
    assert sent.status == 202
    assert (await first.get(f"/events/{sent.body['envelope_id']}")).body["awaits_second"] is True


async def test_own_duty_officer_is_told_when_the_second_name_is_late(
    libo: County, first: Caller, second: Caller
) -> None:
    """After 30 minutes, once; it ends when somebody countersigns, late as it is."""
    notifier = Notifier(store=libo.store, trust=libo.directory.trust, clock=libo.clock)
    sent = (await first.post("/events", json=alert_draft(alone=True))).body["envelope_id"]

    async def told() -> list[str]:
        await notifier.run_once()
        notices = await libo.store.read(lambda s: s.notices(open_only=True, limit=99))
        return [one.text for one in notices if one.kind is NoticeKind.NOT_COUNTERSIGNED]

    await libo.clock.move(29 * 60)
    assert await told() == []
    await libo.clock.move(60)
    (text,) = await told()
    assert "值班员甲" in text
    assert len(await told()) == 1
    assert (await second.post(f"/events/{sent}/countersignature")).status == 202
    assert await told() == []


async def test_a_retry_of_an_alert_sent_alone_is_one_alert(libo: County, first: Caller) -> None:
    """The line broke after the answer was lost."""
    headers = {"Idempotency-Key": "night-1"}
    answers = [await first.post("/events", json=alert_draft(alone=True), headers=headers) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert len(await sent_by(libo)) == 1
