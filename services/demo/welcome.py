"""After the play: whoever watches sits down at a desk. Accounts of every role are ready, and an alert waits."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rich.cells import set_cell_size

from schemas.counties import name_of
from schemas.officers import Role
from services.demo.ceremony import Command, Say, Stage
from services.demo.console_desk import SEATS, Seat, enrol_all
from services.demo.desks import Desk
from services.demo.sampling import sample
from services.ports import Clock

HOST: Final = "451226"
"""环江: the desk that opens."""
NEIGHBOUR: Final = "522722"
_CODES_SHOWN: Final = 3
_NAME_CELLS: Final = 14
_ROLE_CELLS: Final = 30
_ROLES: Final[Mapping[Role, str]] = {
    Role.DUTY: "值班员：签收、拟稿",
    Role.LIAISON: "联络员：签收、拟稿、审核",
    Role.REVIEWER: "审核员：审核签发",
    Role.MEDIATOR: "调解员：联合调解",
    Role.AUDITOR: "审计员：只看",
    Role.ADMINISTRATOR: "管理员：账号、系统",
}

Links = Mapping[tuple[str, Seat], str]
"""Invitations by county and seat."""


def invite_all(stage: Stage, command: Command) -> Links:
    """Invite everybody who is to sit at a console, as `sihu officer invite` does."""
    return {
        (county, seat): _invited(command, seat, str(stage.county(county))) for county in SEATS for seat in SEATS[county]
    }


def _invited(command: Command, seat: Seat, home: str) -> str:
    words = ("officer", "invite", seat.officer, "--name", seat.display_name, "--role", seat.role.value)
    return str(json.loads(command(*words, "--json", "--dir", home))["link"])


async def welcome(links: Links, desks: Mapping[str, Desk], say: Say, *, clock: Clock, begin: datetime) -> None:
    """Make the accounts, let an alert come in, and say where to sit down and as whom.

    Args:
        links: As they were printed before the nodes began.
        desks: Of the counties.
        say: Tells people.
        clock: Its time is the telephones'.
        begin: When the alert was made; no earlier alert has its number.
    """
    password = f"sihu-{secrets.token_hex(5)}"
    lines = [line for county in SEATS for line in await _seated(county, links, desks[county], password, clock)]
    say("")
    say(f"坐到工作台前 sit down at a desk：{_places(desks)}")
    say(f"密码都是 the password of all: {password}")
    say("第二步选“恢复码”，每个只能用一次 in the second step give a recovery code, each counts once:")
    for line in lines:
        say(line)
    await desks[NEIGHBOUR].send(sample("rainstorm_issued", begin=begin))
    say(f"荔波刚发来一件预警，等{name_of(HOST)}签收 an alert waits for {name_of(HOST)}：")
    say("  用 desk-duty 登录，在值班台按“签收”；再到“发布”拟一份政策通报，按“签发”，它自动送审；")
    say("  退出，用 desk-reviewer 登录，在“待审稿件”里审核签发。")


async def _seated(county: str, links: Links, desk: Desk, password: str, clock: Clock) -> list[str]:
    handed = await enrol_all(desk.address, county, lambda seat: links[county, seat], password, clock=clock)
    return [
        f"  {name_of(county)}  {set_cell_size(seat.officer, _NAME_CELLS)}{set_cell_size(_ROLES[seat.role], _ROLE_CELLS)}"
        + "  ".join(one.recovery_codes[:_CODES_SHOWN])
        for seat, one in handed.items()
    ]


def _places(desks: Mapping[str, Desk]) -> str:
    return "　".join(f"{name_of(code)} {desks[code].address}/" for code in (HOST, NEIGHBOUR))
