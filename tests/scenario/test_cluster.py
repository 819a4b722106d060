"""A hub of three servers, by its engines: leaders die under load, replicas lie behind, servers lose the others."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.jetstream.accounts import REGISTRAR
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.pull import JetStreamPuller
from adapters.jetstream.refusals import BatchesBusyError, ReplicaBehindError, parsed
from adapters.jetstream.streams import DocumentsBehindError, Edition, Registrar
from adapters.jetstream.wire import Reply, command
from schemas.errors import UnavailableError
from schemas.subjects import URGENT_STREAM, Lane, consumer_of, stream_of
from tests.clusters import RealCluster, freeze, kill, real_cluster, thaw
from tests.contract.buses import BORDER, HUANJIANG, LIBO, TIANE, number_of, publications
from tests.counties import report
from tests.hubs import CONTACT_SECONDS

pytestmark = pytest.mark.timeout(300)
STREAM = stream_of(HUANJIANG, Lane.NORMAL)
SIZES = (1, 2, 7, 40, 300, 1500)
KILLS = 2


@dataclass
class Load:
    """Appends as the relay does until it is told to end; remembers the longest pause between two confirmations."""

    appender: JetStreamAppender
    held: int = 0
    ended: bool = False
    pause: float = 0.0
    refusals: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        sizes, known, since = iter(SIZES * 10_000), False, time.monotonic()
        while not self.ended:
            try:
                if not known:
                    self.held = await self.appender.last_held(Lane.NORMAL)
                known = False
                self.held = await self.appender.append(Lane.NORMAL, publications(self.held + 1, next(sizes), size=200))
                known = True
                self.pause, since = max(self.pause, time.monotonic() - since), time.monotonic()
            except UnavailableError as exc:
                self.refusals[exc.code] = self.refusals.get(exc.code, 0) + 1
                await asyncio.sleep(0.1)


@asynccontextmanager
async def loaded(connection: HubConnection) -> AsyncIterator[Load]:
    """Append beside the block; afterwards everything that was said to be held is."""
    load = Load(JetStreamAppender(connection, HUANJIANG))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(load.run())
        yield load
        load.ended = True


async def received(cluster: RealCluster, total: int) -> list[int]:
    """All that 荔波 is handed of 环江's lane, from the first message, up to ``total`` and what comes just behind."""
    async with cluster.connect(LIBO) as connection:
        puller = JetStreamPuller(connection, LIBO, STREAM)
        puller.rewind()
        found: list[int] = []
        async with aclosing(puller.batches()) as batches:
            while True:
                try:
                    batch = await asyncio.wait_for(anext(batches), 30 if len(found) < total else 2)
                except TimeoutError:
                    return found
                found += [number_of(one.message) for one in batch.arrivals]
                await puller.acknowledge(batch)


async def test_leaders_killed_under_load_lose_double_and_swap_nothing(tmp_path: Path) -> None:
    """What a dead leader had taken may or may not be kept by the next one: only the next one can say."""
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO), {BORDER: (HUANJIANG, LIBO)}) as cluster,
        cluster.connect(HUANJIANG) as connection,
    ):
        pauses = []
        async with loaded(connection) as load:
            for _ in range(KILLS):
                before = load.held
                async with asyncio.timeout(60):
                    while load.held < before + 3000:
                        await asyncio.sleep(0.005)
                leader, load.pause, before = await cluster.leader_of(STREAM), 0.0, load.held
                kill(leader)
                async with asyncio.timeout(60):
                    while load.held < before + 3000:
                        await asyncio.sleep(0.005)
                pauses.append(round(load.pause, 2))
                await cluster.whole()
        got = await received(cluster, load.held)
        report(f"leader killed {KILLS} times: {load.held} held, without writes {pauses} s, refusals {load.refusals}")
        assert got == list(range(1, load.held + 1))
        assert sum(server.restarts for server in cluster.servers) == KILLS


async def test_a_batch_begun_at_a_leader_that_is_no_more_is_refused_whole(tmp_path: Path) -> None:
    """What the dead leader had put aside is gone: its end alone must not be stored, and single messages go on."""
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster,
        cluster.connect(HUANJIANG) as connection,
    ):
        appender = JetStreamAppender(connection, HUANJIANG)
        assert await appender.append(Lane.NORMAL, publications(1, 5)) == 5
        leader = await cluster.leader_of(STREAM)
        while server_of(cluster, connection) is leader:
            connection.wire.leave()
            await connection.contact(connection.contacts, timeout_seconds=CONTACT_SECONDS)
        first, last = publications(6, 2)
        head = b"NATS/1.0\r\nNats-Batch-Id: begun\r\nNats-Batch-Sequence: %d\r\nSihu-Seq: %d\r\n"
        connection.wire.write(command(first.subject, b"", head % (1, 6) + b"\r\n", first.message))
        await connection.wire.flush(5)
        kill(leader)
        commit = head % (2, 7) + b"Nats-Batch-Commit: 1\r\n\r\n"
        async with asyncio.timeout(60):
            while not (reply := await _answered(connection, last.subject, commit, last.message)):
                await asyncio.sleep(0.1)
        with pytest.raises(BatchesBusyError, match="incomplete"):
            parsed(reply)
        await persistently(appender, 6, 40)
        assert await received(cluster, 45) == list(range(1, 46))


async def _answered(connection: HubConnection, subject: str, headers: bytes, body: bytes) -> Reply | None:
    """The answer of a leader; None while there is none."""
    try:
        reply = await connection.request(subject, body, headers=headers, timeout_seconds=1.0)
    except UnavailableError:
        return None
    return reply if reply.body else None


@pytest.mark.parametrize("at", ["consumer", "connection"])
async def test_mail_is_handed_over_while_a_server_is_away(tmp_path: Path, at: str) -> None:
    """A consumer with one copy would be away with its server, and so would be a county that stays connected to it."""
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster,
        cluster.connect(HUANJIANG) as source,
        cluster.connect(LIBO) as sink,
    ):
        puller = JetStreamPuller(sink, LIBO, STREAM)
        appender = JetStreamAppender(source, HUANJIANG)
        async with aclosing(puller.batches()) as batches:
            assert await appender.append(Lane.NORMAL, publications(1, 5)) == 5
            assert [number_of(one.message) for one in (await anext(batches)).arrivals][-1] <= 5
            where = await cluster.leader_of(STREAM, consumer_of(LIBO)) if at == "consumer" else server_of(cluster, sink)
            await freeze(where)
            began = time.monotonic()
            try:
                async with asyncio.timeout(60):
                    await persistently(appender, 6, 10)
                    last = 0
                    while last < 15:
                        batch = await anext(batches)
                        last = number_of(batch.arrivals[-1].message)
                        await puller.acknowledge(batch)
            finally:
                thaw(where)
            report(f"server of the {at} away: handed over after {time.monotonic() - began:.1f} s")


async def persistently(appender: JetStreamAppender, first: int, count: int) -> None:
    """Append what is not held yet until all is, as the relay does."""
    held = first - 1
    while held < first + count - 1:
        try:
            held = await appender.last_held(Lane.NORMAL)
            held = await appender.append(Lane.NORMAL, publications(held + 1, first + count - 1 - held))
        except UnavailableError:
            await asyncio.sleep(0.1)


def server_of(cluster: RealCluster, connection: HubConnection) -> EmbeddedServer:
    """The server that a county talks to."""
    url = connection.wire.connected_url
    assert url is not None
    return next(server for server in cluster.servers if server.ports.client == url.port)


async def test_a_server_that_has_lost_the_others_is_left(tmp_path: Path) -> None:
    """It answers every PING and can store nothing: who stays with it sends nothing more while the cut lasts."""
    async with real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster:
        credentials = cluster.credentials(HUANJIANG)
        connection = HubConnection(credentials, who=HUANJIANG, retry_seconds=0.05, patience_seconds=1.0)
        async with connection.running():
            await connection.contact(timeout_seconds=CONTACT_SECONDS)
            appender = JetStreamAppender(connection, HUANJIANG, timeout_seconds=0.5)
            assert await appender.append(Lane.NORMAL, publications(1, 3)) == 3
            mine, contacts = server_of(cluster, connection), connection.contacts
            others = [server for server in cluster.servers if server is not mine]
            await freeze(*others)
            try:
                async with asyncio.timeout(40):
                    while connection.connected and connection.contacts == contacts:
                        with pytest.raises(UnavailableError):
                            await appender.append(Lane.NORMAL, publications(4, 1))
            finally:
                thaw(*others)
            async with asyncio.timeout(60):
                await persistently(appender, 4, 1)


class BehindConnection(HubConnection):
    """Reaches a replica that tells an old end of every lane, as one does that has just come back."""

    old: Reply | None = None

    async def request(
        self, subject: str, body: bytes = b"", *, headers: bytes = b"", timeout_seconds: float = 5.0
    ) -> Reply:
        if self.old is not None and ".DIRECT.GET." in subject:
            return self.old
        reply = await super().request(subject, body, headers=headers, timeout_seconds=timeout_seconds)
        if ".DIRECT.GET." in subject:
            self.old = reply
        return reply


async def test_a_replica_that_is_behind_is_not_believed(tmp_path: Path) -> None:
    """A restored outbox would number what it holds by the old end, and pass over what then seems to be held already."""
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster,
        cluster.connect(HUANJIANG) as connection,
        BehindConnection(cluster.credentials(HUANJIANG), who=HUANJIANG).running() as behind,
    ):
        await behind.contact(timeout_seconds=CONTACT_SECONDS)
        appender, late = JetStreamAppender(connection, HUANJIANG), JetStreamAppender(behind, HUANJIANG)
        for held, count in ((0, 3), (3, 4)):  # an empty lane is told wrongly, too
            assert await late.last_held(Lane.NORMAL) == held
            assert await appender.append(Lane.NORMAL, publications(held + 1, count)) == held + count
            with pytest.raises(ReplicaBehindError, match=str(held + count)):
                await late.last_held(Lane.NORMAL)
            with pytest.raises(UnavailableError):
                await late.append(Lane.NORMAL, publications(held + 1, 2))
            behind.old = None
        assert await received(cluster, 7) == list(range(1, 8))


async def greeted(port: int, files: TlsFiles) -> bool:
    """Open the servers' port as a server does; True if it begins to talk after the handshake."""
    context = Credentials((), "", files).ssl_context()
    writer: asyncio.StreamWriter | None = None
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        async with asyncio.timeout(5):
            return (await reader.readline()).startswith(b"INFO ")
    except (ssl.SSLError, ConnectionError):
        return False
    finally:
        if writer is not None:
            writer.transport.abort()


async def test_a_server_with_older_documents_takes_nobody_out(tmp_path: Path) -> None:
    """The operator updates one after the other: a server that restarts in between must not undo what the first did."""
    parties = {BORDER: (HUANJIANG, TIANE)}
    async with real_cluster(tmp_path, (HUANJIANG,)) as cluster:
        await cluster.admit([TIANE], {})
        async with cluster.connect(REGISTRAR) as connection:

            def registrar(version: int, agreements: dict[str, int]) -> Registrar:
                return Registrar(connection, cluster.limits, Edition(version, agreements))

            newest = registrar(2, {BORDER: 2})
            assert await newest.arrange([HUANJIANG, TIANE], parties) > 0
            for older in (registrar(1, {BORDER: 2}), registrar(2, {BORDER: 1}), registrar(2, {})):
                with pytest.raises(DocumentsBehindError):
                    await older.arrange([HUANJIANG], {})
                assert await older.missing([HUANJIANG]) == [], "or it would complain every second"
            assert await newest.arrange([HUANJIANG, TIANE], parties) == 0, "nothing was undone"
            assert await registrar(3, {}).arrange([HUANJIANG], {}) > 0, "a newer registry decides"


async def _held_by_then(appender: JetStreamAppender) -> int:
    """Ask until the server has what its leader has: a relay asks again, too."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await appender.last_held(Lane.URGENT)
            except ReplicaBehindError:
                await asyncio.sleep(0.1)


async def test_a_county_is_let_in_at_every_server_and_at_no_other_name_or_port(tmp_path: Path) -> None:
    """Clients are not told addresses of their own accord: one that no certificate holds would only cost time.

    Whoever is let in at the servers' own port speaks for every account: a county's certificate, which another authority
    of the hub gave it, must not open that.
    """
    async with real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster:
        ours = TlsFiles(tmp_path / "routes-ca.pem", tmp_path / "routes.pem", tmp_path / "routes.key")
        county = cluster.tls_of(HUANJIANG)
        assert await greeted(cluster.route_ports[0], ours)
        assert not await greeted(cluster.route_ports[0], TlsFiles(ours.ca, county.certificate, county.key))
        for url in cluster.urls:
            credentials = cluster.credentials(HUANJIANG)
            alone = Credentials((url,), credentials.nkey_seed, credentials.tls)
            async with cluster.connect(HUANJIANG, alone) as connection:
                appender = JetStreamAppender(connection, HUANJIANG)
                held = await _held_by_then(appender)
                assert await appender.append(Lane.URGENT, publications(held + 1, 1, lane=Lane.URGENT)) == held + 1
                assert connection.wire.discovered_servers == []
        leader = await cluster.leader_of(URGENT_STREAM)
        assert leader in cluster.servers
