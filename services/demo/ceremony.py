"""Set the stage with the product's own commands: keys, registry, agreement, hub, officers.

What happens here is what counties do with files and a telephone; nothing is trusted that was not signed and pinned.
"""

import asyncio
import contextlib
import io
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from schemas.base import BEIJING
from schemas.catalogue import TYPES
from schemas.errors import InvariantError
from services.demo.cast import AGREEMENT, AGREEMENT_ID, Part
from services.domain.sharing import CONTROL_PREFIX

OFFICER: Final = "duty-a"
_PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a file

Say = Callable[[str], None]


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
    def documents(self) -> Path:
        """What went from county to county."""
        return self.root / "documents"

    @property
    def prepared(self) -> bool:
        """True once everything was signed and adopted."""
        return (self.documents / "ready").exists()


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports that stay the same over restarts."""

    hub: int
    leaf_listener: int
    monitor: int
    api: dict[str, int]
    leaf: dict[str, tuple[int, int]]
    """Client and monitor port of each county's own leaf."""


def command(*words: str) -> str:
    """Run one `sihu` command and return what it printed.

    Raises:
        InvariantError: It failed; what it said is in the text.
    """
    from services.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    if code != 0:
        raise InvariantError(f"sihu {' '.join(words)} ended with {code}: {err.getvalue()}")
    return out.getvalue()


async def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody uses now."""
    servers = [await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) for _ in range(count)]
    ports = [int(server.sockets[0].getsockname()[1]) for server in servers]
    for server in servers:
        server.close()
    return ports


def prepare(stage: Stage, cast: Sequence[Part], ports: Ports, say: Say, *, stored_seconds: int = 60) -> None:
    """Play the whole ceremony; takes a few seconds.

    Args:
        stage: Where to.
        cast: The counties.
        ports: Written into every settings file.
        say: Told each step.
        stored_seconds: After so long without *stored* the source's own officer is told of a level-1 alert.
    """
    stage.documents.mkdir(parents=True, exist_ok=True)
    say("六县各自建立密钥和成员卡 each county makes its keys and card")
    for part in cast:
        _init(stage, part, ports)
    _make_hub(stage, cast, ports)
    say("名册：提议、签署、汇总、电话核对 registry: proposed, signed, assembled, read out")
    _registry(stage, cast)
    say("协议：提议、签署、采纳 agreement: proposed, signed, adopted")
    _agreement(stage, cast, stored_seconds)
    say("枢纽据名册放行，值班员领取凭证 hub updated, officers certified")
    command(
        *("hub", "update", "--dir", str(stage.hub), "--registry", str(stage.documents / "registry-1.json")),
        *("--agreement", str(stage.documents / f"{AGREEMENT_ID}@1.json")),
    )
    for part in cast:
        command(
            *("officer", "add", OFFICER, "--name", "值班员甲", "--role", "duty"),
            *("--dir", str(stage.county(part.code))),
        )
    (stage.documents / "ready").write_text("ready\n", encoding="utf-8")


def _init(stage: Stage, part: Part, ports: Ports) -> None:
    home = stage.county(part.code)
    home.mkdir(parents=True)
    secret = home / _PASSPHRASE
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    command(
        *("init", part.code, "--office", part.office, "--duty-phone", part.duty_phone),
        *("--dir", str(home), "--passphrase-file", str(secret)),
    )
    (home / "county.toml").write_text(_settings(part, ports), encoding="utf-8")


def _settings(part: Part, ports: Ports) -> str:
    url, leaf = f"tls://127.0.0.1:{ports.hub}", ""
    if part.behind_leaf:
        client, monitor = ports.leaf[part.code]
        url = f"nats://127.0.0.1:{client}"
        leaf = f'[leaf]\nhub_urls = ["tls://127.0.0.1:{ports.leaf_listener}"]\nport = {client}\nmonitor_port = {monitor}\n'
    return (
        f'county = "{part.code}"\noffice = "{part.office}"\nduty_phone = "{part.duty_phone}"\n'
        f"[api]\nport = {ports.api[part.code]}\n"
        f'[hub]\nurls = ["{url}"]\n{leaf}'
        f'[keys]\npassphrase_file = "{_PASSPHRASE}"\n[log]\nformat = "json"\n'
    )


def set_hub_url(stage: Stage, code: str, port: int) -> None:
    """Let a county reach the hub through another port, as the demonstration's link that can be cut."""
    path = stage.county(code) / "county.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [f'urls = ["tls://127.0.0.1:{port}"]' if line.startswith("urls = ") else line for line in lines]
    path.write_text("\n".join([*kept, ""]), encoding="utf-8")


def _make_hub(stage: Stage, cast: Iterable[Part], ports: Ports) -> None:
    command(
        *("hub", "init", "--dir", str(stage.hub), "--name", "127.0.0.1"),
        *("--port", str(ports.hub), "--leaf-port", str(ports.leaf_listener), "--monitor-port", str(ports.monitor)),
    )
    for part in cast:
        home = stage.county(part.code)
        command("hub", "certify", str(home / "card.json"), "-o", str(home / "transport"), "--dir", str(stage.hub))


def _registry(stage: Stage, cast: Sequence[Part]) -> None:
    draft, final = stage.documents / "registry-1.draft.json", stage.documents / "registry-1.json"
    cards = [str(stage.county(part.code) / "card.json") for part in cast]
    homes = [str(stage.county(part.code)) for part in cast]
    command("registry", "propose", *cards, "--threshold", str(len(cast) // 2 + 1), "-o", str(draft), "--dir", homes[0])
    copies = _signed_by_each("registry", draft, homes)
    command("registry", "assemble", str(draft), *copies, "-o", str(final))
    shown = json.loads(command("registry", "show", str(final), "--json"))
    for home in homes:
        command("registry", "trust", shown["digest"], "--file", str(final), "--dir", home)


def _signed_by_each(what: str, draft: Path, homes: Sequence[str]) -> list[str]:
    copies = []
    for home in homes:
        copy = draft.with_name(f"{draft.stem}-{Path(home).name}.json")
        copy.write_bytes(draft.read_bytes())
        command(what, "sign", str(copy), "--dir", home)
        copies.append(str(copy))
    return copies


def _agreement(stage: Stage, cast: Sequence[Part], stored_seconds: int) -> None:
    text, draft = stage.documents / "agreement.toml", stage.documents / "agreement-1.draft.json"
    final = stage.documents / f"{AGREEMENT_ID}@1.json"
    text.write_text(_agreement_text(cast, stored_seconds), encoding="utf-8")
    homes = [str(stage.county(part.code)) for part in cast]
    command("agreement", "propose", "--file", str(text), "-o", str(draft), "--dir", homes[0])
    copies = _signed_by_each("agreement", draft, homes)
    command("agreement", "assemble", str(draft), *copies, "-o", str(final), "--dir", homes[0])
    for home in homes:
        command("agreement", "adopt", str(final), "--dir", home)


def _agreement_text(cast: Sequence[Part], stored_seconds: int) -> str:
    from services.bootstrap.cli import open_county

    events = [one for one in TYPES if not one.wire_type.startswith(CONTROL_PREFIX)]
    today = open_county(Path()).clock.now().astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    purposes = dict.fromkeys(purpose for one in events for purpose in one.purposes)
    return AGREEMENT.format(
        id=AGREEMENT_ID,
        parties=", ".join(f'"{part.code}"' for part in cast),
        valid_from=_spelled(today - timedelta(days=1)),
        valid_until=_spelled(today + timedelta(days=365)),
        purposes='", "'.join(purposes),
        types=", ".join(f'"{one.wire_type}"' for one in events),
        stored_seconds=stored_seconds,
    )


def _spelled(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
