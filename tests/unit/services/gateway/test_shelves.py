"""Shelves over the API: what the neighbours laid before this county, read from events that came encrypted."""

from typing import Any

import pytest

from schemas.access import Scope
from schemas.base import format_time
from schemas.control import ErasureReason
from schemas.drafts import ErasureDraft
from schemas.information.population import PopulationFlowReported
from schemas.outreach.materials import MaterialShared
from services.demo.sampling import sample
from services.gateway.erasing import erase_event
from tests import papers
from tests.caller import Answer, Caller, calling
from tests.coursework import request, three_counties
from tests.filing import FILE, content_of, file_draft
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.plans import CHECK, DRILL, PLAN, check, drill, plan
from tests.world import World

BRIEF = "cn.sihu.information.situation_brief_published.v1"
FLOW = PopulationFlowReported.wire_type
MATERIAL = MaterialShared.wire_type
OTHER_PLAN = "4" * 32
DIGEST = content_of()["sha256"]


@pytest.fixture
async def world() -> World:
    return await three_counties()


async def laid(world: World, wire_type: str, content: dict[str, Any], county: Any = LIBO, **changes: Any) -> str:  # noqa: ANN401
    """Send an event and carry it over; return its id."""
    draft = {"type": wire_type, "agreement": papers.AGREEMENT, "content": content} | changes
    posted = await world[county].send(draft)
    await world.carry()
    return posted.envelope_id


async def asked(world: World, path: str, county: Any = HUANJIANG) -> Answer:  # noqa: ANN401 - a county
    """Ask a county's API."""
    token = world[county].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[county], token) as caller:
        return await caller.get(path)


async def shown(world: World, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Ask 环江, which must answer."""
    answer = await asked(world, path)
    assert answer.status == 200, answer.body
    return answer.body


def poster(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A poster under a licence that ends."""
    said = content_of(b"x")
    given: dict[str, Any] = {
        "title": "森林防火海报",
        "kind": "poster",
        "languages": ["zh-Hans"],
        "licence": "CC-BY-4.0",
        "credit": "荔波县林业局",
        "attachments": [said],
        "expires": format_time(papers.later(days=3)),
    }
    return given | changes


def brief(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A brief of a period before anything was sent."""
    given: dict[str, Any] = {
        "period": {"starts_on": "2026-01-01", "ends_on": "2026-01-31"},
        "title": "一月协作态势简报",
        "figures": [{"name": "sent", "value": 0}],
        "text": "本月无事项。",
    }
    return given | changes


# -- material ------------------------------------------------------------------------------------------------------


async def test_material_is_used_after_its_licence_has_ended(world: World) -> None:
    """What has expired is marked in the list, and left out of what may be used."""
    ends = await laid(world, MATERIAL, poster())
    stays = await laid(world, MATERIAL, poster(kind="text", licence="partners-only", credit=None, expires=None))
    before = (await shown(world, "/materials"))["materials"]
    assert [(one["envelope_id"], one["expired"], one["licence"]) for one in before] == [
        (stays, False, "partners-only"),
        (ends, False, "CC-BY-4.0"),
    ]
    assert (before[1]["credit"], before[1]["source"], before[1]["files"]) == ("荔波县林业局", LIBO, [content_of(b"x")])
    world.clock.jump(4 * 86_400)
    after = (await shown(world, "/materials"))["materials"]
    assert [one["expired"] for one in after] == [False, True]
    usable = (await shown(world, "/materials?usable=true"))["materials"]
    assert [one["envelope_id"] for one in usable] == [stays]
    assert [one["envelope_id"] for one in (await shown(world, "/materials?kind=poster"))["materials"]] == [ends]
    assert (await shown(world, "/materials?licence=CC0-1.0"))["materials"] == []


async def test_a_page_is_followed_to_the_end(world: World) -> None:
    """A filter that leaves nothing of a page says where to go on: a caller that stops there would miss the rest."""
    wanted = await laid(world, MATERIAL, poster(title="要找的"))
    for _ in range(4):
        await laid(world, MATERIAL, poster(kind="text", licence="partners-only", credit=None))
    found, since, pages = [], 0, 0
    while pages == 0 or since:
        page = await shown(world, f"/materials?kind=poster&limit=2&since={since}")
        found += [one["envelope_id"] for one in page["materials"]]
        since, pages = page["next_since"], pages + 1
    assert (found, pages) == ([wanted], 3)


async def test_what_was_erased_is_not_passed_over_in_silence(world: World) -> None:
    """Its content is gone at both ends; the list says that there was something."""
    gone = await laid(world, MATERIAL, poster())
    county = world[LIBO]
    draft = ErasureDraft(reason=ErasureReason.MISTAKEN)
    trust, now = county.directory.trust, county.clock.now()
    await county.store.write(lambda tx: erase_event(tx, gone, draft, posting=county.posting, trust=trust, now=now))
    await world.carry()
    page = await shown(world, "/materials")
    assert (page["materials"], page["unreadable"]) == ([], [gone])


# -- plans ---------------------------------------------------------------------------------------------------------


async def test_an_old_version_of_a_plan_is_taken_for_the_plan(world: World) -> None:
    """The list has the newest version alone; the plan itself shows them all, and what was done under it."""
    first = await laid(world, PLAN, plan())
    await laid(world, PLAN, plan(plan_id=OTHER_PLAN, title="另一预案", review_by="2026-03-01"))
    second = await laid(world, PLAN, plan(version=2, supersedes=first, title="樟江流域防汛联动预案（修订）"))
    held = await laid(world, DRILL, drill(alerts=[], plan_version=2), HUANJIANG)
    await laid(world, DRILL, drill(alerts=[], plan_id=OTHER_PLAN))
    checked = await laid(world, CHECK, check(plan_id="3" * 32))
    listed = await shown(world, "/joint-plans")
    assert (listed["plans"][0]["envelope_id"], listed["plans"][0]["version"]) == (second, 2)
    assert [one["review_due"] for one in listed["plans"]] == [False, True]
    assert (len(listed["plans"]), listed["complete"]) == (2, True)
    one = await shown(world, f"/joint-plans/{'3' * 32}")
    assert (one["version"], one["plan"]["supersedes"], one["counties"]) == (2, first, [HUANJIANG, LIBO])
    assert [(each["envelope_id"], each["version"]) for each in one["versions"]] == [(second, 2), (first, 1)]
    assert [each["envelope_id"] for each in one["drills"]] == [held]
    assert [each["envelope_id"] for each in one["checks"]] == [checked]
    assert (await asked(world, f"/joint-plans/{'9' * 32}")).status == 404


async def test_a_drill_counts_a_step_that_came_too_late(world: World) -> None:
    """Done is not done in time; what was not done at all is neither."""
    steps = [dict(drill()["steps"][0]) for _ in range(3)]
    steps[1]["done_at"] = "2026-05-12T09:30:00.000+08:00"
    del steps[2]["done_at"]
    held = await laid(world, DRILL, drill(alerts=[], steps=steps, findings=["夜间第二值班员未应答"]), NANDAN)
    (line,) = (await shown(world, "/joint-drills"))["drills"]
    assert (line["steps"], line["done"], line["in_time"], line["findings"]) == (3, 2, 1, 1)
    whole = await shown(world, f"/joint-drills/{held}")
    assert whole["drill"]["findings"] == ["夜间第二值班员未应答"]
    assert (await asked(world, f"/hazard-checks/{held}")).body["code"] == "request.not_found"


async def test_a_check_hides_what_it_found(world: World) -> None:
    """How many findings, how many of the highest risk, and by when the last is to be mended."""
    finding = check()["findings"][0]
    checked = await laid(
        world, CHECK, check(findings=[finding, finding | {"risk": "major", "due": "2026-06-01", "place": "桥头"}])
    )
    (line,) = (await shown(world, "/hazard-checks"))["checks"]
    assert (line["findings"], line["major"], line["due"], line["plan_id"]) == (2, 1, "2026-06-01", None)
    assert (await shown(world, f"/hazard-checks/{checked}"))["check"]["findings"][1]["place"] == "桥头"


# -- bulletins -----------------------------------------------------------------------------------------------------


async def test_bulletins_of_three_kinds_are_mixed_up(world: World) -> None:
    """One list, newest first, each by its kind; one kind alone on request; pages over all three."""
    policy = await laid(world, papers.POLICY, papers.policy_content(expires_on="2026-03-03"))
    work = await laid(world, papers.WORK, sample("work_bulletin").content, NANDAN)
    told = await laid(world, BRIEF, brief())
    page = await shown(world, "/bulletins")
    assert [(one["envelope_id"], one["kind"]) for one in page["bulletins"]] == [
        (told, "brief"),
        (work, "work"),
        (policy, "policy"),
    ]
    assert [one["expired"] for one in page["bulletins"]] == [False, False, True]
    assert page["bulletins"][2]["doc_no"] == papers.policy_content()["doc_no"]
    assert page["bulletins"][1]["work_kind"] == "experience"
    first = await shown(world, "/bulletins?limit=2")
    rest = await shown(world, f"/bulletins?limit=2&since={first['next_since']}")
    assert [one["envelope_id"] for one in rest["bulletins"]] == [policy]
    assert rest["next_since"] == 0
    only = await shown(world, "/bulletins?kind=brief")
    assert [one["envelope_id"] for one in only["bulletins"]] == [told]
    whole = await shown(world, f"/bulletins/{told}")
    assert whole["bulletin"]["figures"] == [{"name": "sent", "value": 0}]
    assert (await asked(world, "/bulletins?kind=alert")).status == 400


async def test_a_brief_says_what_the_ledger_does_not(world: World) -> None:
    """Refused with the figure and what the ledger counts, and nothing is stored; the node's own draft is sent."""
    await laid(world, papers.POLICY, papers.policy_content())
    world[LIBO].second_officer = False  # the rule of two officers is another test's
    token = world[LIBO].let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE)
    async with calling(world[LIBO], token) as caller:
        ledger = await caller.get("/ledger?first=2026-03-01&last=2026-03-31")
        draft = ledger.body["brief"] | {"text": "本月通报政策一件。"}
        figures = [one | {"value": 7} if one["name"] == "deliveries" else one for one in draft["figures"]]
        before = await world[LIBO].counts()
        sent = {"type": BRIEF, "agreement": papers.AGREEMENT, "content": draft}
        wrong = await caller.post("/events", json=sent | {"content": draft | {"figures": figures}})
        assert (wrong.status, wrong.body["code"]) == (422, "brief.figure")
        place = next(number for number, one in enumerate(figures) if one["name"] == "deliveries")
        assert wrong.body["faults"][0]["field"] == f"content.figures.{place}.value"
        assert "the ledger counts 2, not 7" in wrong.body["mend"]
        long = draft | {"period": {"starts_on": "2025-01-01", "ends_on": "2026-03-31"}}
        assert (await caller.post("/events", json=sent | {"content": long})).body["code"] == "brief.period"
        assert await world[LIBO].counts() == before
        assert (await caller.post("/events", json=sent)).status == 202


async def test_what_has_moved_since_a_brief_was_written_is_hidden(world: World) -> None:
    """It passes, and its own county is shown what the ledger says now; a recipient cannot know."""
    await laid(world, papers.POLICY, papers.policy_content(), HUANJIANG)
    figures = [{"name": "stored", "value": 1}, {"name": "matters", "of": "project road open", "value": 3}]
    period = {"starts_on": "2026-03-01", "ends_on": "2026-03-31"}
    told = await laid(world, BRIEF, brief(period=period, figures=figures), HUANJIANG)
    differing = (await shown(world, f"/bulletins/{told}"))["differing"]
    assert [(one["name"], one["of"], one["said"]) for one in differing] == [
        ("stored", None, 1),
        ("matters", "project road open", 3),
    ]
    assert [one["counted"] for one in differing] == [4, 0], "the brief itself was stored at two counties, too"
    assert (await asked(world, f"/bulletins/{told}", LIBO)).body["differing"] is None


async def test_personal_content_is_shown_on_a_shelf(world: World) -> None:
    """An officer may send a bulletin as personal; without a reason nobody reads it, here neither."""
    closed = await laid(world, papers.POLICY, papers.policy_content(), to=[HUANJIANG], **{"class": "personal"})
    page = await shown(world, "/bulletins")
    assert (page["bulletins"], page["unreadable"]) == ([], [closed])
    answer = await asked(world, f"/bulletins/{closed}")
    assert (answer.status, answer.body["code"]) == (403, "access.no_reason")


# -- reports and files ---------------------------------------------------------------------------------------------


async def test_an_overtaken_report_is_taken_for_the_latest(world: World) -> None:
    """Of the same people the newest counts; of other people each is the latest."""
    content: dict[str, Any] = {
        "period": "quarter",
        "period_start": "2026-01-01",
        "origin_adcode": LIBO,
        "destination_adcode": HUANJIANG,
        "dimensions": [],
        "cells": [{"keys": {}, "value": 230, "state": "shown"}],
        "method": {"k": 10, "complementary": False, "version": "sihu-1"},
    }
    old = await laid(world, FLOW, content)
    other = await laid(world, FLOW, content | {"destination_adcode": NANDAN})
    new = await laid(world, FLOW, content | {"service_plan": ["wage_desk"]})
    lines = (await shown(world, "/flows"))["flows"]
    assert [(one["envelope_id"], one["latest"]) for one in lines] == [(new, True), (other, True), (old, False)]
    assert (lines[0]["k"], lines[0]["cells"][0]["value"], lines[0]["service_plan"]) == (10, 230, ["wage_desk"])
    latest = (await shown(world, f"/flows?latest=true&source={LIBO}&destination={HUANJIANG}"))["flows"]
    assert [one["envelope_id"] for one in latest] == [new]
    assert (await shown(world, f"/flows?origin={NANDAN}"))["flows"] == []


async def carried(caller: Caller, **changes: Any) -> str:  # noqa: ANN401 - any field of the draft
    """Upload the file and send it; return the id of its event."""
    begun = await caller.post("/uploads", json={"size": len(FILE), "sha256": DIGEST})
    headers = {"Content-Type": "application/octet-stream"}
    await caller.ask("PATCH", f"/uploads/{begun.body['id']}?offset=0", data=FILE, headers=headers)
    sent = await caller.post("/events", json=file_draft(begun.body["id"]) | changes)
    assert sent.status == 202, sent.body
    return str(sent.body["envelope_id"])


async def test_a_file_that_a_step_names_by_its_digest_is_not_found(world: World) -> None:
    """The receiver of a request finds each paper: from the step, and from the digest alone."""
    token = world[LIBO].let_in("adapter", Scope.EVENTS_READ, Scope.EVENTS_WRITE)
    async with calling(world[LIBO], token) as caller:
        carrier = await carried(caller)
        draft = {
            "agreement": papers.AGREEMENT,
            "content": request(materials=[{"kind": "application", "sha256": DIGEST}]),
            "evidence": [carrier],
        }
        begun = await caller.post("/services", json=draft)
        assert begun.status == 202, begun.body
    await world.carry()
    for where, state in ((LIBO, "whole"), (HUANJIANG, "arriving")):
        page = (await asked(world, f"/files?sha256={DIGEST}", where)).body
        assert [(one["envelope_id"], one["state"]) for one in page["files"]] == [(carrier, state)]
        (step,) = (await asked(world, f"/services/{begun.body['id']}", where)).body["steps"]
        assert step["evidence"] == [{"envelope_id": carrier, "name": "方案.pdf", "sha256": DIGEST}]
    assert (await shown(world, f"/files?sha256={'0' * 64}"))["files"] == []
    assert (await shown(world, "/files"))["files"][0]["name"] == "方案.pdf"


async def test_a_personal_file_is_told_to_whoever_looks(world: World) -> None:
    """Whoever knows the digest finds the event, and no name; without it the list says that there is something."""
    token = world[LIBO].let_in("adapter", Scope.EVENTS_READ, Scope.EVENTS_WRITE)
    async with calling(world[LIBO], token) as caller:
        carrier = await carried(caller, to=[HUANJIANG], **{"class": "personal"})
    await world.carry()
    page = await shown(world, f"/files?sha256={DIGEST}")
    assert [(one["envelope_id"], one["name"], one["size"]) for one in page["files"]] == [(carrier, None, None)]
    assert page["unreadable"] == []
    for path in ("/files", f"/files?sha256={'0' * 64}"):
        page = await shown(world, path)
        assert (page["files"], page["unreadable"]) == ([], [carrier])
