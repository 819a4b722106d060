"""What goes wrong at a hub: streams are deleted, files damaged, servers killed, messages kept back."""

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles
from adapters.jetstream.embedded import CONFIG_FILE
from adapters.jetstream.refusals import parsed
from adapters.keys.county_files import read_secret
from schemas.errors import UnavailableError
from schemas.subjects import consumer_of
from services.bootstrap.hub_files import HubFiles
from services.bootstrap.hub_state import server_pid, server_state, stream_leader
from services.settings import read_hub_settings

SECONDS = 60
_LISTED = f'"{OWNER_PREFIX}.STREAM.INFO.*"'
_DELETING = f'"{OWNER_PREFIX}.STREAM.DELETE.*"'


@asynccontextmanager
async def registrar_at(home: Path) -> AsyncIterator[HubConnection]:
    """Log in as the registrar at one server of a hub that runs."""
    files, settings = HubFiles(home), read_hub_settings(home)
    tls = TlsFiles(files.tls.ca, files.tls.certificate, files.tls.key)
    credentials = Credentials((f"tls://{settings.names[0]}:{settings.port}",), read_secret(files.registrar_seed), tls)
    async with HubConnection(credentials, who="registrar").running() as registrar:
        await registrar.contact(timeout_seconds=SECONDS)
        yield registrar


async def hand_over(registrar: HubConnection, stream: str, county: str, subjects: Sequence[str]) -> tuple[str, ...]:
    """Hand a county of one stream these subjects alone from now on; return which ones it was handed before."""
    listed = await _ask(registrar, f"CONSUMER.LIST.{stream}", {"offset": 0})
    found = next(one["config"] for one in listed["consumers"] if one["name"] == consumer_of(county))
    before = tuple(found.get("filter_subjects") or (found["filter_subject"],))
    config = {key: value for key, value in found.items() if key not in {"filter_subject", "filter_subjects"}}
    body = {"stream_name": stream, "config": config | {"filter_subjects": list(subjects)}}
    await _ask(registrar, f"CONSUMER.CREATE.{stream}.{consumer_of(county)}", body)
    return before


async def _ask(registrar: HubConnection, request: str, body: Mapping[str, object]) -> dict[str, Any]:
    return parsed(await registrar.request(f"{OWNER_PREFIX}.{request}", json.dumps(body).encode()))


async def delete_stream(home: Path, stream: str) -> None:
    """Delete a stream as its operator can: until the server starts again, the registrar may do what else it may not."""
    async with asyncio.timeout(SECONDS):
        while True:
            with contextlib.suppress(UnavailableError, ProcessLookupError):
                _allow_deleting(home)
                async with registrar_at(home) as registrar:
                    parsed(await registrar.request(f"{OWNER_PREFIX}.STREAM.DELETE.{stream}", timeout_seconds=2.0))
                    return
            await asyncio.sleep(0.1)


def _allow_deleting(home: Path) -> None:
    """Let the server read a configuration by which the registrar may; a restart writes the old one again."""
    config = home / "server" / CONFIG_FILE
    text = config.read_text(encoding="utf-8")
    if _DELETING not in text:
        config.write_text(text.replace(_LISTED, f"{_LISTED}\n      {_DELETING}", 1), encoding="utf-8")
    os.kill(server_pid(home), signal.SIGHUP)  # each time: the last may have gone to a process that was ending


def blocks(home: Path, streams: Sequence[str]) -> list[Path]:
    """Return the files in which a server keeps the messages of some streams, if there is anything in them, by age."""
    places = [home / "jetstream" / "jetstream" / "HUB" / "streams" / stream / "msgs" for stream in streams]
    found = [path for place in places for path in place.glob("*.blk") if _size(path)]
    return sorted(found, key=lambda path: int(path.stem))


def _size(path: Path) -> int:
    """A file's size; 0 if it is gone, for its server works meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def flip_a_bit(path: Path, rng: random.Random) -> int:
    """Flip one bit of a file, somewhere; return where."""
    place = rng.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ (1 << rng.randrange(8))]))
    return place


def truncate(path: Path, rng: random.Random) -> int:
    """Cut a file off, somewhere in it; return how many bytes are left."""
    left = rng.randrange(path.stat().st_size)
    os.truncate(path, left)
    return left


async def kill_leader(homes: Sequence[Path], stream: str) -> str:
    """SIGKILL the server that leads a stream, as soon as one does; its supervisor starts it again. Return its name."""
    async with asyncio.timeout(SECONDS):
        while True:
            with contextlib.suppress(UnavailableError, ProcessLookupError):
                leader = await stream_leader([home for home in homes if await answers(home)], stream)
                os.kill(server_pid(leader), signal.SIGKILL)
                return leader.name
            await asyncio.sleep(0.05)


async def answers(home: Path) -> bool:
    """Tell whether a server answers at all."""
    try:
        await server_state(home)
    except UnavailableError:
        return False
    return True
