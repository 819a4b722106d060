"""After the play: whoever watches sits down at a desk. Accounts of every role are ready, and an alert waits."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.cells import set_cell_size

from schemas.counties import name_of
from services.demo.ceremony import Command, Say, Stage
from services.demo.console_desk import HandedOut, enrol
from services.demo.desks import Desk
from services.demo.sampling import sample
from services.ports import Clock

HOST: Final = "451226"
"""环江: the desk that opens."""
NEIGHBOUR: Final = "522722"
_CODES_SHOWN: Final = 3
_COLUMN: Final = 30
"""Cells of a terminal."""


@dataclass(frozen=True, slots=True)
class Seat:
    """An account that is made ready; never a person, always a role at a desk."""

    county: str
    officer: str
    name: str
    role: str


SEATS: Final = (
    Seat(HOST, "desk-duty", "值班员丙", "duty"),
    Seat(HOST, "desk-liaison", "联络员甲", "liaison"),
    Seat(HOST, "desk-reviewer", "审核员甲", "reviewer"),
    Seat(HOST, "desk-mediator", "调解员甲", "mediator"),
    Seat(HOST, "desk-auditor", "审计员甲", "auditor"),
    Seat(HOST, "desk-admin", "管理员甲", "administrator"),
    Seat(NEIGHBOUR, "desk-duty", "值班员丙", "duty"),
    Seat(NEIGHBOUR, "desk-liaison", "联络员甲", "liaison"),
)
_ROLES: Final = {
    "duty": "值班员：签收、拟稿",
    "liaison": "联络员：签收、拟稿、审核",
    "reviewer": "审核员：审核签发",
    "mediator": "调解员：联合调解",
    "auditor": "审计员：只看",
    "administrator": "管理员：账号、系统",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """An invitation that was printed for a seat."""

    seat: Seat
    link: str = field(repr=False)


def print_tickets(stage: Stage, command: Command) -> tuple[Ticket, ...]:
    """Invite every seat, as `sihu officer invite` does."""
    return tuple(Ticket(seat, _invited(stage, command, seat)) for seat in SEATS)


def _invited(stage: Stage, command: Command, seat: Seat) -> str:
    words = ("officer", "invite", seat.officer, "--name", seat.name, "--role", seat.role)
    made = json.loads(command(*words, "--json", "--dir", str(stage.county(seat.county))))
    return str(made["link"])


async def welcome(
    tickets: tuple[Ticket, ...], desks: Mapping[str, Desk], say: Say, *, clock: Clock, begin: datetime
) -> None:
    """Make the accounts, let an alert come in, and say where to sit down and as whom.

    Args:
        tickets: What was printed before the nodes began.
        desks: Of the counties.
        say: Tells people.
        clock: Its time is the telephones'.
        begin: When the alert was made; no earlier alert has its number.
    """
    password = f"sihu-{secrets.token_hex(5)}"
    seats = [(one.seat, await _taken(one, desks, password, clock)) for one in tickets]
    say("")
    say(f"坐到工作台前 sit down at a desk：{_places(desks)}")
    say(f"密码都是 the password of all: {password}")
    say("第二步选“恢复码”，每个只能用一次 in the second step give a recovery code, each counts once:")
    for seat, handed in seats:
        codes = "  ".join(handed.recovery_codes[:_CODES_SHOWN])
        say(f"  {name_of(seat.county)}  {seat.officer:<14}{set_cell_size(_ROLES[seat.role], _COLUMN)}{codes}")
    await desks[NEIGHBOUR].send(sample("rainstorm_issued", begin=begin))
    say(f"荔波刚发来一件预警，等{name_of(HOST)}签收 an alert waits for {name_of(HOST)}：")
    say("  用 desk-duty 登录，在值班台按“签收”；再到“发布”拟一份政策通报，按“签发”，它自动送审；")
    say("  退出，用 desk-reviewer 登录，在“待审稿件”里审核签发。")


def _places(desks: Mapping[str, Desk]) -> str:
    return "　".join(f"{name_of(code)} {desks[code].address}/" for code in (HOST, NEIGHBOUR))


async def _taken(ticket: Ticket, desks: Mapping[str, Desk], password: str, clock: Clock) -> HandedOut:
    return await enrol(desks[ticket.seat.county].address, ticket.link, password, clock=clock)
