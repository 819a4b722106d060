"""环江's people on duty in the play, and the way to their telephones: an SMSC over SMPP, or a modem's spool folders.

荔波 has people on duty, too, who answer at the console alone: its node tells the neighbours' desks who they are.

What is written here is what an operator writes: ``roster.toml`` and ``[paging]`` in ``county.toml``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from schemas.errors import Fault, RequestError
from services.demo.ceremony import OFFICER, Command, Stage

TOLD: Final = "451226"
"""环江: its people are told by SMS."""
NEXT_DOOR: Final = "522722"
"""荔波: 环江's desk names who is on duty there."""
SERVICE_NUMBER: Final = "10690778"
SPOOL_FOLDERS: Final = ("outgoing", "checked", "sent", "failed", "incoming", "report")
_SINCE: Final = "2020-01-01"
_PAGING: Final = "[paging]\n"
_PORT_MAX: Final = 65535


@dataclass(frozen=True, slots=True)
class Person:
    """A role on duty, with a telephone that is made up; without one it answers at the console."""

    officer: str
    display: str
    tier: str
    phone: str


CREW: Final = (
    Person(OFFICER, "值班员甲", "primary", "13900000001"),
    Person("duty-b", "值班员乙", "secondary", "13900000002"),
    Person("leader-a", "带班领导", "leader", "13900000003"),
)
CREW_NEXT_DOOR: Final = (
    Person(OFFICER, "值班员甲", "primary", ""),
    Person("duty-d", "值班员丁", "secondary", ""),
    Person("leader-a", "带班领导", "leader", ""),
)
ROOM: Final = Person("room-a", "值班室", "office", "13900000004")


@dataclass(frozen=True, slots=True)
class Smsc:
    """A short message centre that speaks SMPP 3.4, in clear."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.host}:{self.port}"


def smsc_at(address: str, user: str, password: str) -> Smsc:
    """Return the SMSC that was named.

    Raises:
        RequestError: The address is not ``HOST:PORT``.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= _PORT_MAX:
        raise RequestError(Fault("demo.smsc", "--smsc", "write HOST:PORT, e.g. 127.0.0.1:2775"))
    return Smsc(host.strip("[]"), int(port), user, password)


def spool_of(stage: Stage) -> Path:
    """Return the folder that the modem's six lie in."""
    return stage.county(TOLD) / "spool"


def equip(stage: Stage, command: Command, smsc: Smsc | None) -> None:
    """Certify who is not yet, and write roster and ``[paging]``; before every start, for the SMSC may be another.

    Args:
        stage: Prepared.
        command: Runs a command.
        smsc: Where SMS go; None for the spool folders.
    """
    home = stage.county(TOLD)
    for one in CREW:
        if not (home / "officers" / f"{one.officer}.json").exists():
            command("officer", "add", one.officer, "--name", one.display, "--role", "duty", "--dir", str(home))
    (home / "roster.toml").write_text(_roster(TOLD, CREW) + _room(), encoding="utf-8")
    next_door = _roster(NEXT_DOOR, CREW_NEXT_DOOR)
    (stage.county(NEXT_DOOR) / "roster.toml").write_text(next_door, encoding="utf-8")
    settings = home / "county.toml"
    others = settings.read_text(encoding="utf-8").partition(_PAGING)[0]
    settings.write_text(others + (_by_modem(stage) if smsc is None else _by_smpp(home, smsc)), encoding="utf-8")


def _roster(county: str, crew: Iterable[Person]) -> str:
    text = f'county = "{county}"\n'
    for one in crew:
        reached = _number("contacts", one) if one.phone else "console_only = true\n"
        text += f'[[contacts]]\nofficer = "{one.officer}"\ndisplay = "{one.display}"\n{reached}'
        text += f'[[layers]]\nname = "{one.tier}"\ntier = "{one.tier}"\nmembers = ["{one.officer}"]\n'
        text += f'rotation = "daily"\nhandover = "08:30"\nstarts_on = {_SINCE}\n'
    return text


def _room() -> str:
    text = f'[[offices]]\noffice = "{ROOM.officer}"\ndisplay = "{ROOM.display}"\ntier = "{ROOM.tier}"\n'
    return text + _number("offices", ROOM)


def _number(owner: str, one: Person) -> str:
    return f'[[{owner}.numbers]]\nmedium = "sms"\naddress = "{one.phone}"\nverified_at = {_SINCE}T08:00:00+08:00\n'


def _by_modem(stage: Stage) -> str:
    spool = spool_of(stage)
    for name in SPOOL_FOLDERS:
        (spool / name).mkdir(parents=True, exist_ok=True)
    options: dict[str, str | float] = {"spool": str(spool), "own": str(spool / "own"), "look_seconds": 0.1}
    return _paging("modem", "smstools", options)


def _by_smpp(home: Path, smsc: Smsc) -> str:
    secret = home / "secrets" / "mobile"
    secret.parent.mkdir(exist_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(smsc.password + "\n", encoding="utf-8")
    options: dict[str, str | float] = {"host": smsc.host, "port": smsc.port}
    options |= {"system_id": smsc.user, "number": SERVICE_NUMBER}
    return _paging("mobile", "smpp", options, secret="secrets/mobile")  # noqa: S106 - the name of a file


def _paging(name: str, driver: str, options: Mapping[str, str | float], secret: str = "") -> str:
    # No monthly test of numbers: what its SMS would say is no part of the play, and it comes in office hours alone.
    lines = ['signature = "环江应急"', 'signature_place = "first"', "number_tests = false", "[[paging.providers]]"]
    lines += [f'name = "{name}"', f'driver = "{driver}"', *([f'secret_file = "{secret}"'] if secret else [])]
    spelt = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in options.items()]
    return _PAGING + "\n".join([*lines, "[paging.providers.options]", *spelt, ""])
