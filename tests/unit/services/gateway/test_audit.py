"""The audit log over the API: whole or not, for who may read it; and roles that see nothing of people."""

import json
from dataclasses import replace

import pytest

from schemas.access import Scope
from schemas.officers import Role
from services.domain.audit import next_entry
from services.ports import Transaction
from tests import papers
from tests.caller import calling
from tests.papers import HUANJIANG
from tests.personal import TITLE, told_of_a_person
from tests.world import County, World


@pytest.fixture
async def world() -> World:
    """荔波 has sent 环江 something about a person."""
    world, _ = await told_of_a_person()
    return world


@pytest.fixture
def county(world: World) -> County:
    """环江."""
    return world[HUANJIANG]


def acted(tx: Transaction) -> None:
    """Write three acts down."""
    for number in range(3):
        entry = next_entry(
            tx.console.last_audit(), officer="duty-a", act="event.read", about=str(number), now=papers.LONG_AGO
        )
        tx.console.log_act(entry)


async def test_the_auditor_reads_the_log_and_whether_it_is_whole(county: County) -> None:
    """In pieces, with the verdict over all of it."""
    await county.store.write(acted)
    async with calling(county, county.let_in("auditor", Scope.AUDIT_READ)) as caller:
        answer = await caller.get("/audit?since=1&limit=1")
        assert answer.status == 200
        assert [(one["number"], one["act"], one["about"]) for one in answer.body["lines"]] == [(2, "event.read", "1")]
        log = answer.body["log"]
        assert (log["first"], log["last"], log["holds"], log["broken_at"]) == (1, 3, True, None)


async def test_a_changed_line_is_told(county: County) -> None:
    """By whoever can write to the database: the auditor must see it the next morning."""
    await county.store.write(acted)

    def change(tx: Transaction) -> None:
        rows = tx.console.audit(0, 9)
        tx.console.prune_audit(9)
        for row in rows:
            tx.console.log_act(replace(row, officer="somebody") if row.number == 2 else row)

    await county.store.write(change)
    async with calling(county, county.let_in("auditor", Scope.AUDIT_READ)) as caller:
        log = (await caller.get("/audit")).body["log"]
        assert (log["holds"], log["broken_at"], log["last"]) == (False, 2, 1)


async def test_lines_taken_off_the_front_are_told(county: County) -> None:
    """Without a line that says so."""
    await county.store.write(acted)
    await county.store.write(lambda tx: tx.console.prune_audit(1))
    async with calling(county, county.let_in("auditor", Scope.AUDIT_READ)) as caller:
        log = (await caller.get("/audit")).body["log"]
        assert (log["holds"], log["broken_at"]) == (False, 2)


async def test_who_may_read_events_may_not_read_the_log(county: County) -> None:
    """It says who failed to log in, and when."""
    async with calling(county, county.let_in("desk", *(set(Scope) - {Scope.AUDIT_READ}))) as caller:
        assert (await caller.get("/audit")).body["code"] == "access.scope"


@pytest.mark.parametrize("roles", [(Role.AUDITOR,), (Role.ADMINISTRATOR,), (Role.AUDITOR, Role.ADMINISTRATOR)])
async def test_who_keeps_the_system_is_shown_no_personal_content(county: County, roles: tuple[Role, ...]) -> None:
    """By token as in the console, whatever reason he gives; and nothing is written down as if it had been shown."""
    county.directory.credentials["keeper"] = papers.credential(officer="keeper", roles=roles)
    async with calling(county, county.let_in("keeper", *Scope, officer="keeper")) as caller:
        event = (await caller.get("/events")).body["events"][0]["envelope_id"]
        answer = await caller.get(f"/events/{event}?why=handling")
        assert (answer.status, answer.body["code"], answer.is_problem) == (403, "access.role", True)
        assert TITLE not in str((await caller.get(f"/events/{event}")).body)
    assert await county.store.read(lambda s: s.openings(0, 9)) == []


async def test_a_board_is_shown_no_personal_content(county: County) -> None:
    """The administrator can issue himself such a token in the console; the command's own one opens as ever."""
    async with calling(county, county.let_in("board-hall", Scope.EVENTS_READ)) as caller:
        event = (await caller.get("/events")).body["events"][0]["envelope_id"]
        answer = await caller.get(f"/events/{event}?why=handling")
        assert (answer.status, answer.body["code"]) == (403, "access.role")
        assert TITLE not in str((await caller.get(f"/events/{event}")).body)
    assert await county.store.read(lambda s: s.openings(0, 9)) == []
    async with calling(county, county.let_in("cli", Scope.EVENTS_READ)) as caller:
        assert (await caller.get(f"/events/{event}?why=handling")).body["content"]["title"] == TITLE


async def test_who_handles_it_is_shown_it(county: County) -> None:
    """An auditor who is on duty, too, by a credential from before the rule: the duty counts."""
    roles = (Role.DUTY, Role.AUDITOR)
    county.directory.credentials["both"] = papers.credential(officer="both", roles=roles)
    async with calling(county, county.let_in("both", *Scope, officer="both")) as caller:
        event = (await caller.get("/events")).body["events"][0]["envelope_id"]
        assert (await caller.get(f"/events/{event}?why=handling")).body["content"]["title"] == TITLE


async def test_one_officer_or_one_kind_of_act_is_picked_out_the_newest_first(county: County) -> None:
    """Whoever looks for who locked an account does not read a year of lines; the verdict is still over all."""

    def mixed(tx: Transaction) -> None:
        for number, (officer, act) in enumerate(
            [("duty-a", "account.reset"), ("admin-a", "account.reset"), ("admin-a", "account.disabled"), ("", "x.y")]
        ):
            row = next_entry(tx.console.last_audit(), officer=officer, act=act, about=str(number), now=papers.LONG_AGO)
            tx.console.log_act(row)

    await county.store.write(mixed)
    async with calling(county, county.let_in("auditor", Scope.AUDIT_READ)) as caller:

        async def numbers(query: str) -> list[int]:
            answer = await caller.get(f"/audit?{query}")
            assert answer.body["log"]["last"] == 4
            return [one["number"] for one in answer.body["lines"]]

        assert await numbers("newest=true&limit=2") == [4, 3]
        assert await numbers("newest=true&since=3") == [2, 1]
        assert await numbers("officer=admin-a") == [2, 3]
        assert await numbers("act=account&newest=true") == [3, 2, 1]
        assert await numbers("act=account.reset&officer=admin-a&newest=true") == [2]
        assert await numbers("act=acc") == []
        assert (await caller.get("/audit?act=%27or")).status == 400


async def test_the_export_is_the_whole_log_as_lines_that_hold(county: County) -> None:
    """A copy that lacks a line, or a digit of a time, could not be walked over elsewhere."""
    await county.store.write(acted)
    token = county.let_in("auditor", Scope.AUDIT_READ)
    async with calling(county, token) as caller:
        async with caller.session.get("/api/v1/audit/export", headers=caller.auth) as reply:
            text = await reply.text()
            assert reply.content_type == "application/x-ndjson"
            assert "audit-451226.jsonl" in reply.headers["Content-Disposition"]
        assert (await caller.get("/audit?limit=1")).body["lines"][0] == json.loads(text.splitlines()[0])
    assert [json.loads(line)["number"] for line in text.splitlines()] == [1, 2, 3]
