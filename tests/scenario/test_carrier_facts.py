"""What nats-server and nats-py do by themselves, which our engines and configuration answer.

Each is a measured fact of the versions that we pin. If one goes red the carrier has changed: then read
docs/decisions/0006-carry-events-over-jetstream.md again, something may have become simpler.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nats
from nats.aio.client import Client

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.refusals import parsed
from adapters.jetstream.server_config import Ports
from adapters.jetstream.wire import command
from tests.contract.buses import HUANJIANG, TIANE

STREAM = {"name": "EVT", "subjects": ["hub.in.>"], "allow_atomic": True, "allow_direct": True, "deny_purge": True}


def bare(directory: Path, accounts: str = "") -> Callable[[Ports], str]:
    """The text of a server without TLS, with the given accounts or with none."""

    def render(ports: Ports) -> str:
        return f"""
listen: "127.0.0.1:{ports.client}"
http: "127.0.0.1:{ports.monitor}"
leafnodes {{ listen: "127.0.0.1:{ports.leaf}" }}
jetstream {{ store_dir: {json.dumps(str(directory / "store"))}, sync_interval: always, max_file_store: 1GB }}
{accounts}
"""

    return render


@asynccontextmanager
async def connected(server: EmbeddedServer, seed: str = "", who: str = HUANJIANG) -> AsyncIterator[HubConnection]:
    """Our connection to a bare server."""
    credentials = Credentials((f"nats://127.0.0.1:{server.ports.client}",), seed or new_nkey_seed(), None)
    async with HubConnection(credentials, who=who, retry_seconds=0.05).running() as connection:
        await connection.contact(timeout_seconds=10)
        yield connection


async def ask(connection: HubConnection, request: str, body: object = None) -> dict[str, object]:
    data = b"" if body is None else json.dumps(body).encode()
    return parsed(await connection.request(f"$JS.API.{request}", data))


async def test_one_account_for_all_would_let_a_county_delete_the_stream(tmp_path: Path) -> None:
    """Permissions look at the subject, not at the reply: the hub itself sends its empty answer to its own API."""
    owner, county = new_nkey_seed(), new_nkey_seed()
    accounts = f"""
accounts {{ ONE {{ jetstream: enabled, users: [
  {{ nkey: {nkey_public_of(owner)} }}
  {{ nkey: {nkey_public_of(county)}, permissions {{
    publish {{ allow: ["hub.in.{HUANJIANG}.>"] }}
    subscribe {{ allow: ["_R.{HUANJIANG}.>"] }}
  }} }}
] }} }}
"""
    server = EmbeddedServer(tmp_path, bare(tmp_path, accounts))
    async with server.running(), connected(server, owner, "owner") as master, connected(server, county) as attacker:
        await ask(master, "STREAM.CREATE.EVT", STREAM)
        headers = b"NATS/1.0\r\nNats-Batch-Id: x\r\nNats-Batch-Sequence: 1\r\n\r\n"
        attacker.wire.write(command(f"hub.in.{HUANJIANG}.a", b"$JS.API.STREAM.DELETE.EVT", headers, b"x"))
        await attacker.wire.flush(5)
        async with asyncio.timeout(5):
            while (await ask(master, "STREAM.NAMES"))["streams"]:
                await asyncio.sleep(0.01)


async def test_a_predicted_sequence_can_come_true_for_the_wrong_message(tmp_path: Path) -> None:
    """Three messages with predicted sequences, a foreign one before them: the first and the third are stored."""
    server = EmbeddedServer(tmp_path, bare(tmp_path))
    async with server.running(), connected(server) as connection:
        await ask(connection, "STREAM.CREATE.EVT", STREAM)
        wire, tickets = connection.wire, []
        wire.write(command(f"hub.in.{TIANE}.a", b"", b"", b"foreign"))
        for expected in (0, 1, 2):
            headers = (
                f"NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: {expected}\r\n"
                f"Nats-Expected-Last-Subject-Sequence-Subject: hub.in.{HUANJIANG}.>\r\n\r\n"
            )
            tickets.append(wire.ticket())
            wire.write(command(f"hub.in.{HUANJIANG}.a", tickets[-1][0], headers.encode(), b"x"))
        answers = [json.loads((await wire.answer(ticket, 5)).body) for ticket in tickets]
        assert ["error" in answer for answer in answers] == [False, True, False]


async def test_an_empty_message_ends_a_pull_across_accounts(tmp_path: Path) -> None:
    """Pulled messages are answers there, and one without header and body is taken for the last: the rest is lost."""
    owner, county = new_nkey_seed(), new_nkey_seed()
    accounts = f"""
accounts {{
  OWNER {{ jetstream: enabled, users: [ {{ nkey: {nkey_public_of(owner)} }} ], exports: [
    {{ service: "$JS.API.CONSUMER.MSG.NEXT.EVT.c", response_type: Stream }} ] }}
  COUNTY {{ users: [ {{ nkey: {nkey_public_of(county)} }} ], imports: [
    {{ service: {{ account: OWNER, subject: "$JS.API.CONSUMER.MSG.NEXT.EVT.c" }}, to: "next" }} ] }}
}}
"""
    server = EmbeddedServer(tmp_path, bare(tmp_path, accounts))
    async with server.running(), connected(server, owner, "owner") as master, connected(server, county) as reader:
        await ask(master, "STREAM.CREATE.EVT", STREAM)
        config = {"durable_name": "c", "name": "c", "ack_policy": "all"}
        await ask(master, "CONSUMER.CREATE.EVT.c", {"stream_name": "EVT", "config": config})
        for body in (b"1", b"", b"3"):
            await master.request("hub.in.a", body)
        heard: list[bytes] = []
        inbox = f"_R.{HUANJIANG}.inbox"
        await reader.wire.tap(inbox, lambda _s, reply, _h, body: heard.append(body) if reply else None)
        reader.wire.write(command("next", inbox.encode(), b"", b'{"batch": 10, "expires": 1000000000}'))
        await asyncio.sleep(0.5)
        assert heard == [b"1", b""]


async def test_nats_py_sends_a_failed_publish_later_and_our_wire_does_not(tmp_path: Path) -> None:
    """What was reported as failed, and perhaps sent again by then, appears at the hub after the reconnect."""
    server = EmbeddedServer(tmp_path, bare(tmp_path))
    async with server.running(), connected(server) as connection:
        await ask(connection, "STREAM.CREATE.EVT", STREAM)
        client = await _nats_py(server)
        confirmed = 0
        while True:
            contact = connection.contacts
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.sleep(0.02)  # nats-py has noticed, and now keeps what it is given for later
            try:
                await client.jetstream().publish("hub.in.theirs", b"ghost", timeout=0.02)
                confirmed += 1  # the server was back sooner than we asked: once more
            except nats.errors.Error:
                break
            await connection.contact(after=contact, timeout_seconds=20)
        with contextlib.suppress(Exception):
            await connection.request("hub.in.ours", b"ghost", timeout_seconds=0.02)
        await connection.contact(after=contact, timeout_seconds=20)
        async with asyncio.timeout(10):
            while await _count(connection, "hub.in.theirs") <= confirmed:
                await asyncio.sleep(0.02)
        assert await _count(connection, "hub.in.ours") == 0
        await client.close()


async def _nats_py(server: EmbeddedServer) -> Client:
    async def quiet(_error: Exception) -> None:
        pass

    client = Client()
    await client.connect(f"nats://127.0.0.1:{server.ports.client}", error_cb=quiet, reconnect_time_wait=0.05)  # type: ignore[arg-type]
    return client


async def _count(connection: HubConnection, subject: str) -> int:
    info = await ask(connection, "STREAM.INFO.EVT", {"subjects_filter": subject})
    state = info["state"]
    assert isinstance(state, dict)
    return sum((state.get("subjects") or {}).values())
