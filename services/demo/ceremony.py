"""Set the stage with the product's own commands: keys, registry, agreement, hub, officers.

What happens here is what counties do with files and a telephone; nothing is trusted that was not signed and pinned.
"""

import asyncio
import contextlib
import itertools
import json
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from schemas.base import BEIJING, InformationClass
from schemas.catalogue import TYPES
from schemas.errors import UnavailableError
from schemas.governance.mediation import CASE_PURPOSE
from schemas.governance.services import PURPOSE as SERVICE_PURPOSE
from schemas.information.referrals import ReferralOffered
from services.bootstrap.hub_files import servers_in
from services.demo.cast import AGREEMENT, AGREEMENT_ID, AGREEMENT_TITLE, PEOPLE_ID, PEOPLE_TITLE, Part
from services.domain.sharing import CONTROL_PREFIX

OFFICER: Final = "duty-a"
EVENTS_PER_HOUR: Final = 20_000
_LOWEST_PORT: Final = 10_000
_BLOCKS: Final = 220
_BLOCK_PORTS: Final = 100
"""Up to 31,999: from 32,768 on the system hands ports out by itself."""
_turns: Final = itertools.count()
_COORDINATOR: Final = "451226"
_EVERYTHING: Final = frozenset(purpose for one in TYPES for purpose in one.purposes)
_ABOUT_PEOPLE: Final = frozenset({CASE_PURPOSE, SERVICE_PURPOSE, *ReferralOffered.purposes})
_SCOPES: Final = ("events:read", "events:write", "events:unattended", "node:operate", "content:erase")
_PLAY_SCOPES: Final = tuple(word for one in _SCOPES for word in ("--scope", one))
"""The play sends like an automatic source, but for the one alert that two officers release."""
_PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a file

Say = Callable[[str], None]
Command = Callable[..., str]
"""Runs one `sihu` command, given as its words, and returns what it printed; a failure raises."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Folders of a prepared world: one per county, one for the hub, one for documents that were passed around."""

    root: Path

    def county(self, code: str) -> Path:
        """Return a county's directory."""
        return self.root / code

    @property
    def hub(self) -> Path:
        """The hub's directory."""
        return self.root / "hub"

    @property
    def servers(self) -> tuple[Path, ...]:
        """The directory of each of the hub's servers."""
        return servers_in(self.hub)

    @property
    def documents(self) -> Path:
        """What went from county to county."""
        return self.root / "documents"

    @property
    def prepared(self) -> bool:
        """True once everything was signed and adopted."""
        return (self.documents / "ready").exists()


@dataclass(frozen=True, slots=True)
class HubPorts:
    """Loopback ports of one server of the hub."""

    client: int
    leaf_listener: int
    monitor: int
    routes: int


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports that stay the same over restarts."""

    servers: tuple[HubPorts, ...]
    """Of a hub of one server, or of three."""
    api: dict[str, int]
    leaf: dict[str, tuple[int, int]]
    """Client and monitor port of each county's own leaf."""

    @property
    def hub(self) -> int:
        """Where counties reach the hub's first server."""
        return self.servers[0].client


async def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody uses now, and that the system hands to nobody who asks for any.

    Each process looks in a block of its own: two that look at the same time do not find the same.

    Raises:
        UnavailableError: Nearly all of the block is in use.
    """
    first, found = _LOWEST_PORT + os.getpid() % _BLOCKS * _BLOCK_PORTS, list[int]()
    for _ in range(_BLOCK_PORTS):
        port = first + next(_turns) % _BLOCK_PORTS
        with contextlib.suppress(OSError):
            (await asyncio.start_server(lambda *_: None, "127.0.0.1", port)).close()
            found.append(port)
        if len(found) == count:
            return found
    raise UnavailableError(f"no {count} free ports from {first} to {first + _BLOCK_PORTS - 1}")


def choose_ports(cast: Sequence[Part], servers: int = 1) -> Ports:
    """Pick free loopback ports for every process of the play."""
    leafs = [part.code for part in cast if part.behind_leaf]
    found = iter(asyncio.run(free_ports(4 * servers + len(cast) + 2 * len(leafs))))
    hub = tuple(HubPorts(next(found), next(found), next(found), next(found)) for _ in range(servers))
    api = {part.code: next(found) for part in cast}
    return Ports(hub, api, {code: (next(found), next(found)) for code in leafs})


class Ceremony:
    """What counties do with files and a telephone, played by the product's own commands."""

    def __init__(self, stage: Stage, cast: Sequence[Part], ports: Ports, command: Command) -> None:
        """Prepare; write nothing yet.

        Args:
            stage: Where to.
            cast: The counties.
            ports: Written into every settings file.
            command: Runs a command.
        """
        self._stage, self._cast, self._ports, self._command = stage, cast, ports, command
        self._homes = [str(stage.county(part.code)) for part in cast]

    def perform(
        self,
        say: Say,
        *,
        today: datetime,
        stored_seconds: int = 60,
        events_per_hour: int = EVENTS_PER_HOUR,
        class_ceiling: InformationClass = InformationClass.INTERNAL,
        people: Sequence[str] = (),
    ) -> None:
        """Play the whole ceremony; takes a few seconds.

        Args:
            say: Told each step.
            today: Aware time; the agreement is in force from the day before, for a year.
            stored_seconds: After so long without *stored* the source's own officer is told of a level-1 alert.
            events_per_hour: The quota of each county.
            class_ceiling: How personal what is sent may be.
            people: Counties of a second agreement, on what is about persons; none makes none.
        """
        self._stage.documents.mkdir(parents=True, exist_ok=True)
        say("六县各自建立密钥和成员卡 each county makes its keys and card")
        for part in self._cast:
            self._init(part)
        self._make_hub()
        say("名册：提议、签署、汇总、电话核对 registry: proposed, signed, assembled, read out")
        registry = self._registry()
        say("协议：提议、签署、采纳 agreement: proposed, signed, adopted")
        limits = {"stored_seconds": stored_seconds, "events_per_hour": events_per_hour}
        pacts = [_Pact(AGREEMENT_ID, AGREEMENT_TITLE, self._cast, class_ceiling, _EVERYTHING)]
        if people:
            few = [part for part in self._cast if part.code in people]
            pacts.append(_Pact(PEOPLE_ID, PEOPLE_TITLE, few, InformationClass.PERSONAL, _ABOUT_PEOPLE))
        agreements = [self._agreement(one, _agreement_text(one, today, **limits)) for one in pacts]
        say("枢纽据名册放行，值班员领取凭证 hub updated, officers certified")
        hub = str(self._stage.hub)
        words = [word for one in agreements for word in ("--agreement", str(one))]
        self._command("hub", "update", "--dir", hub, "--registry", str(registry), *words)
        for home in self._homes:
            self._command("officer", "add", OFFICER, "--name", "值班员甲", "--role", "duty", "--dir", home)
        (self._stage.documents / "ready").write_text("ready\n", encoding="utf-8")

    def _init(self, part: Part) -> None:
        home = self._stage.county(part.code)
        home.mkdir(parents=True)
        secret = home / _PASSPHRASE
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
        self._command(
            *("init", part.code, "--office", part.office, "--duty-phone", part.duty_phone),
            *("--dir", str(home), "--passphrase-file", str(secret)),
        )
        (home / "county.toml").write_text(_settings(part, self._ports), encoding="utf-8")
        issued = self._command("token", "issue", "play", *_PLAY_SCOPES, "--dir", str(home), "--json")
        (home / "cli.token").write_text(json.loads(issued)["token"] + "\n", encoding="utf-8")

    def _make_hub(self) -> None:
        hub, servers = str(self._stage.hub), self._ports.servers
        words = ["--name", "127.0.0.1"]
        if len(servers) > 1:
            words = [word for one in servers for word in ("--server", "127.0.0.1", "--cluster-port", str(one.routes))]
        for one in servers:
            words += ["--port", str(one.client), "--leaf-port", str(one.leaf_listener)]
            words += ["--monitor-port", str(one.monitor)]
        self._command("hub", "init", "--dir", hub, *words)
        for home in self._homes:
            self._command("hub", "certify", f"{home}/card.json", "-o", f"{home}/transport", "--dir", hub)

    def _registry(self) -> Path:
        draft, final = self._stage.documents / "registry-1.draft.json", self._stage.documents / "registry-1.json"
        cards = [f"{home}/card.json" for home in self._homes]
        threshold = str(len(self._cast) // 2 + 1)
        self._command(
            "registry", "propose", *cards, "--threshold", threshold, "-o", str(draft), "--dir", self._homes[0]
        )
        self._command(
            "registry", "assemble", str(draft), *self._signed_by_each("registry", draft, self._homes), "-o", str(final)
        )
        digest = json.loads(self._command("registry", "show", str(final), "--json"))["digest"]
        for home in self._homes:
            self._command("registry", "trust", digest, "--file", str(final), "--dir", home)
        return final

    def _signed_by_each(self, what: str, draft: Path, homes: Sequence[str]) -> list[str]:
        copies = []
        for home in homes:
            copy = draft.with_name(f"{draft.stem}-{Path(home).name}.json")
            copy.write_bytes(draft.read_bytes())
            self._command(what, "sign", str(copy), "--dir", home)
            copies.append(str(copy))
        return copies

    def _agreement(self, pact: "_Pact", terms: str) -> Path:
        documents, homes = self._stage.documents, [str(self._stage.county(part.code)) for part in pact.cast]
        text, draft, final = (documents / f"{pact.id}{end}" for end in (".toml", "-1.draft.json", "@1.json"))
        text.write_text(terms, encoding="utf-8")
        self._command("agreement", "propose", "--file", str(text), "-o", str(draft), "--dir", homes[0])
        copies = self._signed_by_each("agreement", draft, homes)
        self._command("agreement", "assemble", str(draft), *copies, "-o", str(final), "--dir", homes[0])
        for home in homes:
            self._command("agreement", "adopt", str(final), "--dir", home)
        return final


@dataclass(frozen=True, slots=True)
class _Pact:
    """An agreement to be made.

    Attributes:
        purposes: Of what is granted.
    """

    id: str
    title: str
    cast: Sequence[Part]
    class_ceiling: InformationClass
    purposes: frozenset[str]


def _settings(part: Part, ports: Ports) -> str:
    urls, leaf = _addresses(one.client for one in ports.servers), ""
    if part.behind_leaf:
        client, monitor = ports.leaf[part.code]
        listeners = _addresses(one.leaf_listener for one in ports.servers)
        urls = f'["nats://127.0.0.1:{client}"]'
        leaf = f"[leaf]\nhub_urls = {listeners}\nport = {client}\nmonitor_port = {monitor}\n"
    return (
        f'county = "{part.code}"\noffice = "{part.office}"\nduty_phone = "{part.duty_phone}"\n'
        f"[api]\nport = {ports.api[part.code]}\n"
        f"[hub]\nurls = {urls}\n{leaf}"
        f'[keys]\npassphrase_file = "{_PASSPHRASE}"\n[log]\nformat = "json"\n'
    )


def _addresses(ports: Iterable[int]) -> str:
    return "[" + ", ".join(f'"tls://127.0.0.1:{port}"' for port in ports) + "]"


def set_hub_url(stage: Stage, code: str, *ports: int) -> None:
    """Let a county reach the hub's servers through other ports, as the demonstration's links that can be cut."""
    path = stage.county(code) / "county.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [f"urls = {_addresses(ports)}" if line.startswith("urls = ") else line for line in lines]
    path.write_text("\n".join([*kept, ""]), encoding="utf-8")


def _agreement_text(pact: _Pact, today: datetime, *, stored_seconds: int, events_per_hour: int) -> str:
    events = [
        one
        for one in TYPES
        if not one.wire_type.startswith(CONTROL_PREFIX) and not pact.purposes.isdisjoint(one.purposes)
    ]
    midnight = today.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    purposes = dict.fromkeys(purpose for one in events for purpose in one.purposes)
    codes = [part.code for part in pact.cast]
    return AGREEMENT.format(
        id=pact.id,
        title=pact.title,
        coordinator=_COORDINATOR if _COORDINATOR in codes else codes[0],
        class_ceiling=pact.class_ceiling,
        parties=", ".join(f'"{code}"' for code in codes),
        valid_from=(midnight - timedelta(days=1)).isoformat(timespec="seconds"),
        valid_until=(midnight + timedelta(days=365)).isoformat(timespec="seconds"),
        purposes='", "'.join(purposes),
        types=", ".join(f'"{one.wire_type}"' for one in events),
        stored_seconds=stored_seconds,
        events_per_hour=events_per_hour,
    )
