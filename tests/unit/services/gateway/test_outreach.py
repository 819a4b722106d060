"""Campaigns, offers and projects across four counties, as their officers see them over the API."""

from dataclasses import replace
from typing import Any

import pytest
import structlog
from icalendar import Calendar
from structlog.testing import capture_logs

from schemas.access import Scope
from schemas.base import Event
from schemas.calendars import FeedEntry
from schemas.control import ErasureReason
from schemas.drafts import ErasureDraft
from schemas.errors import RequestError
from schemas.ids import CountyCode
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed
from schemas.threads import Family, ThreadOf
from services.domain.ledger import span_of
from services.gateway.erasing import erase_event
from services.gateway.ledger import calendar_entries, festival_list
from services.gateway.submit import draft_outgoing
from services.ports import Snapshot
from tests import joint, recount
from tests.caller import Caller, calling
from tests.joint import LEAD, MODELS, draft
from tests.papers import LIBO, NANDAN, NOW, TIANE, as_bytes
from tests.world import World


@pytest.fixture
def world() -> World:
    return joint.world_of_four()


async def say(world: World, county: CountyCode, word: str, content: dict[str, Any], **changes: Any) -> str:  # noqa: ANN401
    """Send an act from a county, carry everything, return its envelope id."""
    posted = await world[county].send(draft(MODELS[word], content, **changes))
    await world.carry()
    return posted.envelope_id


async def shown(world: World, county: CountyCode, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Ask a county's API."""
    token = world[county].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[county], token) as caller:
        answer = await caller.get(path)
        assert answer.status == 200, answer.body
        return answer.body


async def invited(world: World) -> None:
    """环江 invites, three counties answer."""
    await say(world, LEAD, "announced", joint.campaign())
    await say(world, NANDAN, "answered", joint.answer("accepted", office="南丹县文化馆"))
    await say(world, TIANE, "answered", joint.answer("tentative"))
    await say(world, LIBO, "answered", joint.answer("declined"), to=[LEAD])


async def test_an_invitation_answered_by_three_counties_stands_in_the_calendar(world: World) -> None:
    """The county that leads sees who comes, in the file that its calendar program reads."""
    await invited(world)
    text = await shown(world, LEAD, "/calendar.ics")
    events = [one for one in Calendar.from_ical(text).walk("VEVENT") if str(one["UID"]) == joint.UID]
    (event,) = events
    attendees: Any = event["ATTENDEE"]
    people = {str(one).rpartition(":")[2]: one.params["PARTSTAT"] for one in attendees}
    assert people == {NANDAN: "ACCEPTED", TIANE: "TENTATIVE", LIBO: "DECLINED"}
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    festivals = {str(one["UID"]) for one in Calendar.from_ical(text).walk("VEVENT")} - {joint.UID}
    assert {"festival-sanyuesan-2027@sihu", "festival-fenlong-2027@sihu"} <= festivals


async def test_days_come_with_lunar_dates_festivals_and_campaigns(world: World) -> None:
    """A county system that draws its own calendar asks for a span of days."""
    await invited(world)
    found = await shown(world, LIBO, "/calendar?first=2027-06-29&last=2027-06-30")
    assert [(one["day"], one["lunar_month"], one["lunar_day"]) for one in found["days"]] == [
        ("2027-06-29", "五月", "廿五"),
        ("2027-06-30", "五月", "廿六"),
    ]
    assert [(one["key"], one["counties"]) for one in found["days"][1]["festivals"]] == [("fenlong", [LEAD])]
    assert ([one["key"] for one in found["campaigns"]], found["complete"]) == ([joint.UID], True)
    token = world[LIBO].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[LIBO], token) as caller:
        wrong = await caller.get("/calendar?first=2027-06-30&last=2027-06-29")
    assert (wrong.status, wrong.body["code"]) == (400, "query.rule")


async def test_a_campaign_that_is_called_off_is_taken_out_of_calendars(world: World) -> None:
    """CANCELLED under the same UID with a higher SEQUENCE, at the lead and at every partner."""
    await invited(world)
    await say(world, LEAD, "changed", joint.campaign(1, name="改名"))
    await say(world, LEAD, "closed", joint.closing(2, "cancelled", summary="暴雨，改期另行通知。"))
    for county in joint.FOUR:
        text = await shown(world, county, "/calendar.ics")
        (event,) = (one for one in Calendar.from_ical(text).walk("VEVENT") if str(one["UID"]) == joint.UID)
        assert (event["SEQUENCE"], event["STATUS"]) == (2, "CANCELLED")


async def test_every_county_sees_what_it_was_told(world: World) -> None:
    """荔波 answered to the lead alone: the others do not know it until the lead says so."""
    await invited(world)
    at_lead, at_nandan = [await shown(world, county, f"/campaigns/{joint.UID}") for county in (LEAD, NANDAN)]
    assert [one["reply"] for one in at_lead["answers"]] == ["accepted", "tentative", "declined"]
    assert [one["reply"] for one in at_nandan["answers"]] == ["accepted", "tentative", None]
    assert at_lead["answers"][0]["office"] == "南丹县文化馆"
    assert [one["void"] for one in at_lead["acts"]] == ["", "", "", ""]
    partners = [one | {"reply": "declined"} if one["county"] == LIBO else one for one in joint.campaign()["partners"]]
    await say(world, LEAD, "changed", joint.campaign(1, partners=partners))
    told = await shown(world, NANDAN, f"/campaigns/{joint.UID}")
    assert [one["reply"] for one in told["answers"]] == ["accepted", "tentative", "declined"]


@pytest.mark.parametrize(
    ("county", "model", "content", "code"),
    [
        (LIBO, CampaignAnnounced, joint.campaign(), "thread.not_owner"),
        (LIBO, CampaignChanged, joint.campaign(1), "thread.not_owner"),
        (LEAD, CampaignChanged, joint.campaign(2), "campaign.sequence"),
        (LIBO, CampaignAnswered, joint.answer(sequence=1), "campaign.sequence"),
        (LIBO, CampaignClosed, joint.closing(), "thread.not_owner"),
    ],
)
async def test_an_officer_says_what_is_not_his_to_say(
    world: World, county: CountyCode, model: type[Event], content: dict[str, Any], code: str
) -> None:
    """Refused at the sender, with the mend, and nothing is stored."""
    await say(world, LEAD, "announced", joint.campaign())
    before = await world[county].counts()
    with pytest.raises(RequestError) as refused:
        await world[county].send(draft(model, content))
    assert refused.value.fault.code == code
    assert await world[county].counts() == before


async def test_a_broken_neighbour_closes_what_is_not_its_own(world: World) -> None:
    """A node without the rule sends it all the same: every other end rejects it and keeps nothing."""
    await say(world, LEAD, "announced", joint.campaign())
    await force(world, LIBO, "closed", joint.closing())
    for county in (LEAD, NANDAN):
        assert (await shown(world, county, f"/campaigns/{joint.UID}"))["line"]["state"] == "open"
        found = await world[county].store.read(lambda snapshot: snapshot.quarantined(9))
        assert [one.code for one in found] == ["thread.not_owner"]


async def force(world: World, county: CountyCode, word: str, content: dict[str, Any]) -> None:
    """Post as a node does that judges nothing."""
    one = world[county]
    body = as_bytes(draft(MODELS[word], content))
    outgoing = draft_outgoing(body, trust=one.directory.trust(), county=one.code, now=one.clock.now())
    assert not isinstance(outgoing, tuple), outgoing
    await one.store.write(lambda tx: one.posting.post(tx, outgoing, one.clock.now()))
    await world.carry()


async def test_acts_of_one_batch_are_judged_by_one_another(world: World) -> None:
    """Announcement, change and closing come in one batch: all three count."""
    for word, content in (
        ("announced", joint.campaign()),
        ("changed", joint.campaign(1)),
        ("closed", joint.closing(2)),
    ):
        await world[LEAD].send(draft(MODELS[word], content))
    await world.carry()
    assert (await shown(world, LIBO, f"/campaigns/{joint.UID}"))["line"]["state"] == "held"


async def test_an_offer_is_negotiated_over_the_bus(world: World) -> None:
    """荔波 counters, 环江 accepts; the same at both ends; 南丹 is late and is told so."""
    await say(world, LEAD, "offered", joint.offer())
    await say(world, LIBO, "turn", joint.turn(1, "counter"), to=[LEAD])
    await say(world, LEAD, "turn", joint.turn(2, "accept"), to=[LIBO])
    for county in (LEAD, LIBO):
        found = await shown(world, county, f"/offers/{joint.OFFER}")
        (talk,) = found["negotiations"]
        assert (talk["state"], talk["quantity"], talk["number"]) == ("agreed", 40, 2)
        assert (found["agreed_quantity"], found["overbooked"]) == (40, False)
    await say(world, LEAD, "withdrawn", joint.withdrawal(c522722=2))
    with pytest.raises(RequestError) as refused:
        await world[NANDAN].send(draft(MODELS["turn"], joint.turn(1, "accept", NANDAN)))
    assert refused.value.fault.code == "offer.withdrawn"


async def test_a_project_goes_its_way_over_the_bus(world: World) -> None:
    """Joined, worked on, closed; and listed at everybody's."""
    await say(world, LEAD, "proposed", joint.project())
    await say(world, LIBO, "joined", joint.joined())
    await say(world, LIBO, "progressed", joint.progress(1, (2, "started")))
    await say(world, LEAD, "ended", joint.ending("partly"))
    found = await shown(world, NANDAN, f"/projects/{joint.PROJECT}")
    assert [(one["number"], one["state"]) for one in found["milestones"]] == [(1, "planned"), (2, "started")]
    assert [one["decision"] for one in found["parties"]] == ["join", None]
    (line,) = (await shown(world, TIANE, "/projects?state=partly"))["threads"]
    assert (line["key"], line["owner"]) == (joint.PROJECT, LEAD)
    assert (await shown(world, TIANE, "/projects?state=open"))["threads"] == []


async def test_an_erased_plan_stays_in_lists(world: World) -> None:
    """The author erases: the campaign is gone at every county, and so is its title."""
    envelope_id = await say(world, LEAD, "announced", joint.campaign())
    one, order = world[LEAD], ErasureDraft(reason=ErasureReason.MISTAKEN)
    await one.store.write(
        lambda tx: erase_event(
            tx, envelope_id, order, posting=one.posting, trust=one.directory.trust, now=one.clock.now()
        )
    )
    await world.carry()
    for county in joint.FOUR:
        assert (await shown(world, county, "/campaigns"))["threads"] == []
        thread = ThreadOf(Family.CAMPAIGN, joint.UID)
        assert await world[county].store.read(lambda snapshot, thread=thread: snapshot.threads.row(thread)) is None  # type: ignore[misc]


async def test_the_ledger_counts_what_happened(world: World) -> None:
    """Figures over the API equal a recount from the raw events, and the checklist has its lines."""
    await invited(world)
    await say(world, LEAD, "closed", joint.closing(1))
    await say(world, LEAD, "proposed", joint.project())
    answer = await shown(world, LEAD, "/ledger?first=2026-03-01&last=2026-03-31")
    found = answer["ledger"]
    since, until = span_of(NOW.date().replace(day=1), NOW.date().replace(day=31))
    raw = await world[LEAD].store.read(lambda snapshot: recount.delivery_groups(snapshot, since, until))
    assert found["total"]["sent"] == sum(one.direction == "out" for one in raw.elements()) == 9
    assert (found["sent"], found["received"]) == (3, 3)
    assert found["total"]["stored"] == {"count": 9, "median": 0, "p90": 0}
    lines = {(one["item"], one["label"]): one["value"] for one in found["checklist"]}
    assert lines[32, "已举办的联合活动"] == 1
    assert lines[49, "合作项目"] == 1
    assert lines[46, "联合调解案件"] == 0
    (held,) = (one for one in found["matters"] if one["family"] == "campaign")
    assert {(one["county"], one["state"]) for one in held["by_partner"]} == {
        (NANDAN, "accepted"),
        (TIANE, "tentative"),
        (LIBO, "declined"),
    }
    sent = await say(world, LEAD, "brief", answer["brief"] | {"text": "本月联合活动一次。"})
    assert sent


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first=2026-03-31&last=2026-03-01", "last"),
        ("first=2025-01-01&last=2026-03-01", "last"),
        ("first=2026-13-01&last=2026-03-01", "first"),
        ("last=2026-03-01", "first"),
    ],
)
async def test_a_period_that_is_none_is_counted(world: World, query: str, field: str) -> None:
    """The fault names the day to mend."""
    token = world[LEAD].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[LEAD], token) as caller:
        answer = await caller.get(f"/ledger?{query}")
        assert answer.status == 400
        assert answer.is_problem
        assert answer.body["faults"][0]["field"] == field


async def test_pages_of_a_list_go_on(world: World) -> None:
    """Three campaigns, two a page."""
    for number in range(3):
        await say(world, LEAD, "announced", joint.campaign(ics_uid=f"451226-c{number}@sihu"))
    token = world[LIBO].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[LIBO], token) as caller:
        first = (await _page(caller, "limit=2")).body
        second = (await _page(caller, f"limit=2&since={first['next_since']}")).body
    keys = [one["key"] for page in (first, second) for one in page["threads"]]
    assert keys == [f"451226-c{number}@sihu" for number in (2, 1, 0)]
    assert second["next_since"] == 0


async def _page(caller: Caller, query: str) -> Any:  # noqa: ANN401 - an answer
    return await caller.get(f"/campaigns?{query}")


@pytest.mark.parametrize("path", ["/campaigns/451226-none@sihu", "/offers/451226-none", "/projects/451226-none"])
async def test_what_is_not_here_is_shown(world: World, path: str) -> None:
    """404, and what to look at instead."""
    token = world[LEAD].let_in("desk", Scope.EVENTS_READ)
    async with calling(world[LEAD], token) as caller:
        answer = await caller.get(path)
        assert (answer.status, answer.body["code"]) == (404, "request.not_found")


async def answered(world: World, path: str, token: str = "") -> tuple[int, Any, str]:
    """Ask 环江 without a header; return status, body, and everything that was logged meanwhile."""
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with calling(world[LEAD], token) as caller:
            answer = await caller.get(path)
    return answer.status, answer.body, str(logs)


async def test_a_calendar_program_cannot_subscribe(world: World) -> None:
    """It sends an address and nothing else: the same calendar as with a header, and no secret in a log."""
    await invited(world)
    secret = world[LEAD].let_in("wall", Scope.CALENDAR_READ)
    status, text, logged = await answered(world, f"/calendar/{secret}.ics")
    assert (status, text) == (200, await shown(world, LEAD, "/calendar.ics"))
    status, problem, refused = await answered(world, f"/calendar/{secret}.ics?year=2027")
    assert (status, problem["code"]) == (400, "query.unknown_field")
    assert "subscribed_calendar" in refused
    assert "wall" in refused, "the log names the token by its name"
    assert secret not in logged + refused + str(problem)


async def test_an_address_opens_more_than_the_calendar(world: World) -> None:
    """Addresses are passed on: what stands in one opens nothing else, and what opens more is not taken there."""
    county = world[LEAD]
    secret, wide = county.let_in("wall", Scope.CALENDAR_READ), county.let_in("desk", Scope.EVENTS_READ)
    both = county.let_in("both", Scope.CALENDAR_READ, Scope.EVENTS_READ)
    for path in ("/events", "/calendar.ics", "/campaigns", "/members"):
        assert (await answered(world, path, secret))[0] == 403
    for part in (wide, both, "sihu-unknown", "毛南", "a" * 700):
        status, problem, logged = await answered(world, f"/calendar/{part}.ics")
        assert (status, problem["code"]) == (404, "request.not_found")
        assert part not in str(problem) + logged


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"expires_at": NOW}])
async def test_an_address_that_was_taken_back_goes_on(world: World, change: dict[str, Any]) -> None:
    """Revoked or over: from then on it is as if it had never been."""
    secret = world[LEAD].let_in("wall", Scope.CALENDAR_READ, **change)
    status, problem, _ = await answered(world, f"/calendar/{secret}.ics")
    assert (status, problem["code"]) == (404, "request.not_found")


async def test_a_day_is_invented_for_a_festival_that_has_no_rule(world: World) -> None:
    """Its date is announced each year: none before a county that keeps it says so, and none once that is called off."""
    feed, trust, now = world[LEAD].gateway().calendar, world[LEAD].directory.trust(), world.clock.now()
    listed = {one["key"]: one for one in (await shown(world, LEAD, "/festivals"))["festivals"]}
    assert (listed["yifan"]["announced_each_year"], listed["yifan"]["days"]) == (True, [])
    assert (listed["fenlong"]["announced_each_year"], listed["zhuzhu"]["days"]) == (False, [])
    assert {"day": "2027-06-30", "campaign": None} in listed["fenlong"]["days"]

    kept = [one.model_copy(update={"adcodes": (LEAD,)}) if one.is_announced else one for one in feed.table.festivals]
    near = replace(feed, table=feed.table.model_copy(update={"festivals": tuple(kept)}))

    async def days_and_entry() -> tuple[list[Any], FeedEntry]:
        def read(snapshot: Snapshot) -> tuple[list[Any], FeedEntry]:
            found = festival_list(snapshot, feed=near, trust=trust, now=now)
            entries = calendar_entries(snapshot, feed=near, trust=trust, now=now)
            days = [
                (str(one.day), one.campaign) for line in found.festivals if line.key == "yifan" for one in line.days
            ]
            return days, next(one for one in entries if one.uid == joint.UID)

        return await world[LEAD].store.read(read)

    await say(world, LEAD, "announced", joint.campaign(name="依饭节联办"))
    days, entry = await days_and_entry()
    assert days == [("2027-06-30", joint.UID)]
    assert entry.categories == ("节庆", "传统节日")
    assert "date announced each year" in entry.description
    await say(world, LEAD, "closed", joint.closing(1, "cancelled", summary="改期另行公布。"))
    assert (await days_and_entry())[0] == []
