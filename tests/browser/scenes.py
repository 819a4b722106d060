"""Worlds before whose consoles every form is filled: who looks, at what, and what has happened there before.

Each is made anew in less than a second, and the same each time: ids, times and signatures follow from nothing else.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from schemas.access import Scope
from schemas.course_drafts import ReferralMove, ServiceMove
from schemas.notices import NoticeKind
from schemas.officers import Role
from schemas.rosters import Override
from services.bootstrap.console import console_mount
from services.domain.one_time import STEP_SECONDS
from services.gateway.app import Mount
from tests import coursework, papers, plans
from tests.browser.filling import Typed
from tests.browser.walking import WORKERS
from tests.browsers import Console
from tests.caller import calling
from tests.cap_node import MOBILE, cap_at, hand_in, rain, told
from tests.console import OpenEntrance, house_of
from tests.entering import DESK, ELSEWHERE, House, Officer, SoftwareKey, sure
from tests.filing import FileRooms
from tests.night import Night
from tests.papers import HUANJIANG, LIBO
from tests.releasing import SCOPES, approved, certify, drafted, officer_at
from tests.rosters import at, in_memory, room
from tests.seeded import seeded
from tests.world import OFFICER, County, World, alert_draft, policy_draft

_ACCOUNTS: Final = ("/me", "/system/officers", "/system/sessions", "/system/invitations", "/system/tokens")
_MANY: Final = 12
_ASKED: Final = {"wanted": ["household"], "answer_by": "2026-03-14T00:00:00.000+08:00"}


@dataclass
class Stage:
    """A console that is served, and who stands before it.

    Attributes:
        typed: What this officer alone can type, as ``Filler`` takes it.
        has_account: The officer has enrolled: pages of accounts are not empty.
    """

    console: Console
    officer: str = OFFICER
    roles: tuple[Role, ...] = WORKERS
    typed: Mapping[str, Typed] = field(default_factory=dict)
    has_account: bool = False

    def takes(self, path: str) -> bool:
        """Tell whether the forms of a page belong to this scene."""
        return self.has_account == path.startswith(_ACCOUNTS)


@dataclass(frozen=True)
class Scene:
    """One world as one officer sees it.

    Attributes:
        begins: Where the walk begins and what it keeps to; everything if it is empty.
        also: Addresses to which links lead with something filled in, opened without.
        most: Pages of one kind that are read.
    """

    name: str
    open: Callable[[], AbstractAsyncContextManager[Stage]]
    begins: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    most: int = _MANY


@asynccontextmanager
async def _served(console: Console) -> AsyncIterator[Console]:
    await console.up()
    try:
        yield console
    finally:
        await console.down()


@asynccontextmanager
async def staged(county: County, **how: Any) -> AsyncIterator[Stage]:  # noqa: ANN401 - any attribute of the stage
    """Serve a county's console to an officer who need not log in."""
    county.printer = _printed
    async with _served(Console(county, OpenEntrance(county.code))) as console:
        yield Stage(console, **how)


async def _printed(_: str) -> bytes:
    return b"%PDF-1.7 of a test"


# -- what happens on a border ------------------------------------------------------------------------------------------


@asynccontextmanager
async def border() -> AsyncIterator[Stage]:
    """Everything has happened once, there is a roster with a change in it, and the node has told of two matters."""
    world = await seeded()
    county = world[HUANJIANG]
    county.roster = room(in_memory())
    fields = {"starts_at": at("2026-03-20 08:30"), "ends_at": at("2026-03-21 08:30"), "officer": "duty-c"}
    said = fields | {"replaces": "duty-a", "reason": "病假", "plan": "", "tier": None}
    county.roster.rostering.record(Override, said, by="duty-a", now=world.clock.now())
    await _tell(county)
    async with staged(county) as stage:
        yield stage


async def _tell(county: County) -> None:
    for kind, about in ((NoticeKind.FORKED, "x"), (NoticeKind.EXPIRING, "y"), (NoticeKind.FORKED, "z")):
        await county.store.write(
            lambda tx, kind=kind, about=about: tx.waiting_room.tell(kind, about, LIBO, "请核对", papers.NOW)  # type: ignore[misc]
        )


@asynccontextmanager
async def neighbour() -> AsyncIterator[Stage]:
    """The same, from 荔波: it is asked to come, to answer and to join."""
    world = await seeded()
    async with staged(world[LIBO]) as stage:
        yield stage


@asynccontextmanager
async def author() -> AsyncIterator[Stage]:
    """Drafts of 值班员乙: one begun, one handed in, one approved."""
    county = World()[HUANJIANG]
    certify(county, "duty-b", Role.DUTY)
    async with calling(county, county.let_in("second", *SCOPES, officer="duty-a")) as second:
        first = officer_at(county, second, "duty-b", Role.DUTY)
        for number in (1, 2):
            content = papers.alert_content(alert_id=f"45122641600000_2026030407450{number}_7")
            shown = await drafted(first, alert_draft(content=content))
            if number == 1:
                assert (await approved(second, shown)).status == 200
        answer = await first.post("/drafts", json=policy_draft())
        assert answer.status == 201, answer.body
    async with staged(county, officer="duty-b") as stage:
        yield stage


@asynccontextmanager
async def alone() -> AsyncIterator[Stage]:
    """Two alerts that 值班员乙 sent alone at night; 值班员甲 comes in the morning."""
    world = World()
    county = world[HUANJIANG]
    certify(county, "duty-b", Role.DUTY)
    async with calling(county, county.let_in("first", *SCOPES, officer="duty-b")) as first:
        for number in (1, 2):
            content = papers.alert_content(alert_id=f"45122641600000_2026030407450{number}_8")
            answer = await first.post("/events", json=alert_draft(alone=True, content=content))
            assert answer.status == 202, answer.body
    async with staged(county) as stage:
        yield stage


@asynccontextmanager
async def awake() -> AsyncIterator[Stage]:
    """People are being told of two alerts; one of them is silenced."""
    night = Night()
    alerts = [await night.alert(3, number=number) for number in (1, 2)]
    token = night.county.let_in("duty", Scope.EVENTS_READ, Scope.ACKNOWLEDGE, officer=OFFICER)
    async with calling(night.county, token) as duty:
        said = {"minutes": 30, "reason": "已电话核实"}
        answer = await duty.post(f"/escalations/{alerts[1]}/silence", json=said)
        assert answer.status == 202, answer.body
    async with staged(night.county) as stage:
        yield stage


@asynccontextmanager
async def held() -> AsyncIterator[Stage]:
    """Two CAP documents wait for an officer."""
    county = World()[LIBO]
    token = county.let_in("hall", Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.UNATTENDED, Scope.OPERATE)
    with TemporaryDirectory() as folder:
        async with cap_at(county, Path(folder)):
            async with calling(county, token) as hall:
                for number in (1, 2):
                    answer = await hand_in(hall, told(rain(number), description=f"联系 {MOBILE}"))
                    assert answer.status == 202, answer.body
            async with staged(county) as stage:
                yield stage


@asynccontextmanager
async def exercised() -> AsyncIterator[Stage]:
    """A plan, and an exercise that was sent to try it."""
    world = World()
    await world[LIBO].send({"type": plans.PLAN, "agreement": papers.AGREEMENT, "content": plans.plan()})
    await world[LIBO].send(alert_draft(status="exercise", acknowledge_by="2026-03-04T09:00:00.000+08:00"))
    await world.carry()
    async with staged(world[LIBO]) as stage:
        yield stage


# -- for people --------------------------------------------------------------------------------------------------------


async def _people() -> World:
    """Referrals and requests at every step, and files about somebody."""
    world = await coursework.three_counties()
    for county in world.counties.values():
        county.directory.shelf = coursework.PAPERS
    for digit in "12":
        await coursework.offered(world, digit * 32)
    for digit in "3456":
        await coursework.requested(world, digit * 32)
    personal = {"class": "personal", "purpose": "cross_province_service", "to": [HUANJIANG]}
    file = await FileRooms(world[LIBO]).sent(b"%PDF-1.7 of nobody", **personal)
    token = world[LIBO].let_in("desk", *SCOPES, officer=OFFICER)
    async with calling(world[LIBO], token) as caller:
        body = {"agreement": papers.AGREEMENT, "content": coursework.request(), "evidence": [file.envelope_id]}
        answer = await caller.post("/services", data=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status in {201, 202}, answer.body
    await world.carry()
    await coursework.moved(world[HUANJIANG], "2" * 32, ReferralMove.ACCEPT, handled_by_role="窗口经办员")
    for digit in "456":
        await coursework.stepped(world[HUANJIANG], ServiceMove.RECEIVE, digit * 32)
    await coursework.stepped(world[HUANJIANG], ServiceMove.ASK, "5" * 32, **_ASKED)
    granted = {"decision": "granted", "reason": "conditions_met"}
    await coursework.stepped(world[HUANJIANG], ServiceMove.DECIDE, "6" * 32, **granted)
    await world.carry()
    return world


@asynccontextmanager
async def deciding() -> AsyncIterator[Stage]:
    """From the county that decides."""
    async with staged((await _people())[HUANJIANG]) as stage:
        yield stage


@asynccontextmanager
async def receiving() -> AsyncIterator[Stage]:
    """From the county that took the requests in."""
    async with staged((await _people())[LIBO]) as stage:
        yield stage


# -- accounts ----------------------------------------------------------------------------------------------------------


class OwnConsole(Console):
    """A console that an officer has entered: with an account, a session, and what was handed out."""

    def __init__(self, county: County, house: House, who: Officer) -> None:
        """Take a session of the house."""
        super().__init__(county, OpenEntrance(county.code))
        self.house, self.who = house, who

    def cookie(self, *_: Role, officer: str = OFFICER) -> dict[str, Any]:  # noqa: ARG002 - it is one officer's
        """Return the cookie of the session."""
        return {"name": "sihu", "value": self.who.secret, "url": self.url}

    def mount(self) -> Mount:
        """Let nobody in but by the door."""
        return console_mount(self.county.code, self.house.door, self.county.clock.now)


@asynccontextmanager
async def _entered(county: County, house: House, who: Officer, *roles: Role) -> AsyncIterator[Stage]:
    async with _served(OwnConsole(county, house, who)) as console:
        typed: dict[str, Typed] = dict.fromkeys(("code", "totp"), who.telephone.code)
        yield Stage(console, who.name, roles, typed, has_account=True)


@asynccontextmanager
async def own() -> AsyncIterator[Stage]:
    """An officer's own account, open at another desk, too, and with a security key."""
    county = World()[HUANJIANG]
    house = house_of(county)
    who = await house.enrolled(OFFICER, Role.DUTY)
    await house.entered(who, came=ELSEWHERE)
    visitor, accounts = await house.visitor(who), house.door.accounts
    options = sure(await accounts.begin_key(visitor, who.secret, await house.proof(who), DESK))
    await accounts.add_key(visitor, who.secret, "抽屉里的", SoftwareKey().register(options))
    await county.clock.move(STEP_SECONDS)
    async with _entered(county, house, who, Role.DUTY) as stage:
        yield stage


@asynccontextmanager
async def watcher() -> AsyncIterator[Stage]:
    """Who reads the logs."""
    async with staged(World()[HUANJIANG], roles=(Role.AUDITOR,)) as stage:
        yield stage


@asynccontextmanager
async def keeper() -> AsyncIterator[Stage]:
    """An administrator, others with accounts and open sessions, an invitation, and a token."""
    county = World()[HUANJIANG]
    house = house_of(county)
    await house.enrolled("duty-b", Role.DUTY)
    await house.enrolled("duty-c", Role.REVIEWER)
    who = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    visitor = await house.visitor(who)
    await house.door.enrolling.invite(visitor, "duty-d", "值班员丁", (Role.LIAISON,))
    await house.door.tokens.issue(visitor, "metrics", (Scope.OPERATE,), 30)
    async with _entered(county, house, who, Role.ADMINISTRATOR) as stage:
        yield stage


SCENES: Final = (
    Scene("awake", awake, ("/system", "/plans")),
    Scene("border", border, also=("/roster/new/override", "/roster/new/swap", "/roster/new/plan", "/roster/new/mark")),
    Scene("neighbour", neighbour),
    Scene("author", author, ("/drafts",)),
    Scene("alone", alone, ("/sent", "/events/")),
    Scene("held", held, ("/system/cap",)),
    Scene("exercised", exercised, ("/plans",)),
    Scene("receiving", receiving, ("/services", "/population", "/sent", "/events/")),
    Scene("deciding", deciding, ("/services", "/population")),
    Scene("own", own, ("/me",)),
    Scene("keeper", keeper, ("/system",)),
    Scene("watcher", watcher, ("/audit",)),
)
