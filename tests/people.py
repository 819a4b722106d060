"""A county's people for tests of whole nodes: roster, credentials, providers, by files and the product's commands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.base import format_time
from services.cli.captured import captured
from tests.kannel import Kannel
from tests.papers import LONG_AGO

SERVICE_NUMBER = "10690778"
INBOUND_TOKEN = "a" * 48
TIERS = ("primary", "secondary", "leader")


@dataclass(frozen=True, slots=True)
class Person:
    """An officer of the roster."""

    officer: str
    display: str
    tier: str
    phone: str
    media: tuple[str, ...] = ("sms", "voice")


CREW = (
    Person("duty-a", "值班员甲", "primary", "13900000001"),
    Person("duty-b", "值班员乙", "secondary", "13900000002"),
    Person("leader-a", "带班领导", "leader", "13900000003"),
)


def add_people(home: Path, county: str, crew: Iterable[Person] = CREW) -> None:
    """Certify officers that are not yet, and write the roster; every number counts as verified."""
    crew = tuple(crew)
    for one in crew:
        if not (home / "officers" / f"{one.officer}.json").exists():
            arguments = ("officer", "add", one.officer, "--name", one.display, "--role", "duty", "--dir", str(home))
            captured(*arguments)
    (home / "roster.toml").write_text(roster_text(county, crew), encoding="utf-8")


def roster_text(county: str, crew: Iterable[Person]) -> str:
    """Return a roster in which the same persons are on duty for ever."""
    crew = tuple(crew)
    verified = format_time(LONG_AGO)
    text = f'county = "{county}"\n'
    for one in crew:
        text += f'[[contacts]]\nofficer = "{one.officer}"\ndisplay = "{one.display}"\n'
        for medium in one.media:
            text += f'[[contacts.numbers]]\nmedium = "{medium}"\naddress = "{one.phone}"\nverified_at = {verified}\n'
    for tier in TIERS:
        members = [one.officer for one in crew if one.tier == tier]
        if members:
            names = ", ".join(f'"{one}"' for one in members)
            text += f'[[layers]]\nname = "{tier}"\ntier = "{tier}"\nmembers = [{names}]\nrotation = "daily"\n'
            text += 'handover = "08:30"\nstarts_on = 2026-01-01\n'
    return text


def add_providers(
    home: Path, *providers: Mapping[str, Any], signature: str = "环江应急", inbound_port: int = 0
) -> None:
    """Write ``[paging]`` into a county's settings; a provider's ``secret`` goes into a file of its own."""
    secrets = home / "secrets"
    secrets.mkdir(exist_ok=True)
    text = f'[paging]\nsignature = "{signature}"\nsignature_place = "first"\nnumber_tests = false\n'
    if inbound_port:
        (secrets / "inbound.token").write_text(INBOUND_TOKEN + "\n", encoding="utf-8")
        text += f"[paging.inbound]\nport = {inbound_port}\n"
    for one in providers:
        path = secrets / one["name"]
        path.write_text(str(one.get("secret", "")) + "\n", encoding="utf-8")
        text += f'[[paging.providers]]\nname = "{one["name"]}"\ndriver = "{one["driver"]}"\n'
        text += f'secret_file = "secrets/{one["name"]}"\n[paging.providers.options]\n'
        text += "".join(f"{name} = {_spelt(value)}\n" for name, value in one["options"].items())
    with (home / "county.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def smpp(port: int, system_id: str, password: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a provider that speaks SMPP on loopback."""
    options = {"host": "127.0.0.1", "port": port, "system_id": system_id, "number": SERVICE_NUMBER, **settings}
    return {"name": "mobile", "driver": "smpp", "secret": password, "options": options}


def kannel(box: Kannel) -> dict[str, Any]:
    """Return a provider that is a Kannel on loopback."""
    base = box.sendsms.removesuffix("/cgi-bin/sendsms")
    options = {"username": box.username, "base_url": base, "service_number": SERVICE_NUMBER}
    return {"name": "box", "driver": "kannel", "secret": box.password, "options": options}


def pushes_to(port: int, provider: str, kind: str) -> str:
    """Return the address by which a provider reaches a node's listener."""
    return f"http://127.0.0.1:{port}/{INBOUND_TOKEN}/{provider}/{kind}"


def _spelt(value: Any) -> str:  # noqa: ANN401
    return f'"{value}"' if isinstance(value, str) else str(value)
