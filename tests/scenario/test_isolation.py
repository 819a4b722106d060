"""A county attacks another one at the hub, over mutual TLS, directly and from behind a leaf that it controls itself.

An attack is refused when nothing of anybody else has changed at the hub, nothing was given away, and the victim's lane
and mail work as before. That the same requests work for whom they are meant is tested beside them.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.jetstream.accounts import REGISTRAR
from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles, new_nkey_seed
from adapters.jetstream.pull import JetStreamPuller
from adapters.jetstream.refusals import parsed
from adapters.jetstream.streams import StreamLimits
from adapters.jetstream.wire import command
from adapters.tls.authority import Authority
from schemas.carriage import Publication
from schemas.errors import UnavailableError
from schemas.subjects import Lane, consumer_of, streams
from tests.contract.buses import AGREEMENTS, BORDER, COUNTIES, LIBO, number_of, publications
from tests.hubs import RealHub, make_client_certificate, now, real_hub, real_leaf
from tests.scenario.attacks import AS_VICTIM, ATTACKER, ATTACKS, MINE, SHARD, TO_VICTIM, VICTIM, Attempt, unrestricted
from tests.scenario.raw_leaf import raw_leaf

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]
LIMIT = 3000
"""Messages of one subject, so that a flood is soon full."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealHub]:
    """One hub for all attacks: each must leave it as it was."""
    limits = StreamLimits(max_messages_per_subject=LIMIT)
    async with real_hub(tmp_path_factory.mktemp("isolation"), COUNTIES, AGREEMENTS, limits) as opened:
        async with opened.connect(VICTIM) as victim:
            await JetStreamAppender(victim, VICTIM).append(Lane.NORMAL, publications(1, 3, source=VICTIM))
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["direct", "leaf"])
async def attempt(hub: RealHub, request: pytest.FixtureRequest) -> AsyncIterator[Attempt]:
    """The attacker's connection: with its permissions at the hub, or from its own leaf without any."""
    if request.param == "direct":
        async with hub.connect(ATTACKER) as connection:
            yield Attempt(connection, behind_leaf=False)
        return
    async with real_leaf(hub, ATTACKER, unrestricted) as leaf, hub.connect(ATTACKER, leaf.credentials()) as connection:
        await _reaches(connection, ATTACKER)
        yield Attempt(connection, behind_leaf=True)


async def _reaches(connection: HubConnection, county: str) -> None:
    """Wait until the leaf's link to the hub is up."""
    async with asyncio.timeout(15):
        while True:
            with contextlib.suppress(UnavailableError):
                await JetStreamAppender(connection, county).last_held(Lane.URGENT)
                return
            await asyncio.sleep(0.05)


async def _owner(hub: RealHub, request: str, body: object = None) -> dict[str, Any]:
    async with hub.connect(REGISTRAR) as registrar:
        data = b"" if body is None else json.dumps(body).encode()
        return parsed(await registrar.request(f"{OWNER_PREFIX}.{request}", data))


async def everything_of_others(hub: RealHub) -> dict[str, object]:
    """What the hub holds, without the attacker's own lane and the attacker's own consumers."""
    found: dict[str, object] = {}
    for stream in streams():
        info = await _owner(hub, f"STREAM.INFO.{stream}", {"subjects_filter": ">"})
        subjects = info["state"].get("subjects") or {}
        found[stream] = (
            info["config"],
            info["created"],
            {subject: count for subject, count in subjects.items() if not subject.startswith(MINE)},
        )
        listed = await _owner(hub, f"CONSUMER.LIST.{stream}")
        for consumer in listed["consumers"]:
            if consumer["name"] != consumer_of(ATTACKER):
                state = {
                    key: consumer[key] for key in ("config", "created", "delivered", "ack_floor", "num_ack_pending")
                }
                found[f"{stream} {consumer['name']}"] = state
            else:
                found[f"{stream} {consumer['name']}"] = consumer["config"]
    return found


@pytest.mark.parametrize("name", ATTACKS)
async def test_the_attack_is_refused(hub: RealHub, attempt: Attempt, name: str) -> None:
    """The named attack gains nothing and changes nothing of anybody else; see tests/scenario/attacks.py."""
    attempt.gained.clear()
    before = await everything_of_others(hub)
    await ATTACKS[name](attempt)
    assert await everything_of_others(hub) == before
    attempt.go_deaf()
    assert attempt.gained == []
    async with hub.connect(VICTIM) as victim:
        assert await JetStreamAppender(victim, VICTIM).last_held(Lane.NORMAL) == 3


async def test_at_least_sixteen_attacks_were_tried() -> None:
    """An attack that lost its decorator would silently be no test."""
    assert len(ATTACKS) >= 16


async def test_a_listening_attacker_hears_nothing_while_others_talk(hub: RealHub, attempt: Attempt) -> None:
    """It listens to everything while the victim publishes, asks, pulls and acknowledges."""
    attempt.gained.clear()
    await ATTACKS["listen_to_everything"](attempt)
    async with hub.connect(VICTIM) as victim, hub.connect(LIBO) as reader:
        appender = JetStreamAppender(victim, VICTIM)
        await appender.append(Lane.URGENT, publications(1, 1, source=VICTIM, lane=Lane.URGENT))
        held = await appender.last_held(Lane.URGENT)
        await appender.append(Lane.URGENT, publications(held + 1, 2, source=VICTIM, lane=Lane.URGENT))
        puller = JetStreamPuller(reader, LIBO, "EVT_URGENT")
        async with asyncio.timeout(20), contextlib.aclosing(puller.batches()) as batches:
            async for batch in batches:
                await puller.acknowledge(batch)
                if number_of(batch.arrivals[-1].message) == held + 2:
                    break
    await attempt.hub.wire.flush(5)
    attempt.go_deaf()
    assert attempt.gained == []


@pytest.mark.parametrize("way", ["direct", "leaf"])
async def test_what_a_county_may_do_works(hub: RealHub, way: str) -> None:
    """Without this, refusing everybody everything would pass for isolation. Behind a leaf only the URL is another."""
    async with contextlib.AsyncExitStack() as stack:
        credentials = hub.credentials(VICTIM)
        if way == "leaf":
            credentials = (await stack.enter_async_context(real_leaf(hub, VICTIM))).credentials()
        mine = await stack.enter_async_context(hub.connect(VICTIM, credentials))
        await _reaches(mine, VICTIM)
        appender = JetStreamAppender(mine, VICTIM)
        first = await appender.last_held(Lane.REPAIR) + 1
        sent = publications(first, 20, source=VICTIM, destination=VICTIM, lane=Lane.REPAIR)
        assert await appender.append(Lane.REPAIR, sent) == first + 19
        consumer = f"hub.api.CONSUMER.INFO.{SHARD}.{consumer_of(VICTIM)}"
        assert parsed(await mine.request(consumer))["name"] == consumer_of(VICTIM)
        puller, found = JetStreamPuller(mine, VICTIM, SHARD), list[int]()
        async with asyncio.timeout(20), contextlib.aclosing(puller.batches()) as batches:
            async for batch in batches:
                found += [number_of(one.message) for one in batch.arrivals if one.subject == sent[0].subject]
                await puller.acknowledge(batch)
                if len(found) >= 20:
                    break
        assert found == list(range(first, first + 20))
        async with asyncio.timeout(5):
            while parsed(await mine.request(consumer))["num_ack_pending"]:
                await asyncio.sleep(0.01)


async def test_a_flood_fills_the_flooders_own_subjects_only(hub: RealHub, attempt: Attempt) -> None:
    """Flooder and victim in one shard: the flooder is told that it is full, the victim goes on."""
    flooder = JetStreamAppender(attempt.hub, ATTACKER)
    refused = ""
    while not refused:
        held = await flooder.last_held(Lane.REPAIR)
        flood = publications(held + 1, LIMIT // 4, source=ATTACKER, destination=LIBO, lane=Lane.REPAIR)
        try:
            await flooder.append(Lane.REPAIR, flood)
        except UnavailableError as exc:
            refused = exc.code
    assert refused == "hub.subject_full"
    async with hub.connect(VICTIM) as victim:
        appender = JetStreamAppender(victim, VICTIM)
        held = await appender.last_held(Lane.REPAIR)
        sent = publications(held + 1, 5, source=VICTIM, lane=Lane.REPAIR)
        assert await appender.append(Lane.REPAIR, sent) == held + 5


async def test_open_batches_do_not_shut_others_out(hub: RealHub, attempt: Attempt) -> None:
    """A flooder opens every batch that the shard allows and commits none: the victim still gets through, singly."""
    for number in range(300):
        headers = f"NATS/1.0\r\nNats-Batch-Id: open-{number}\r\nNats-Batch-Sequence: 1\r\n\r\n".encode()
        attempt.hub.wire.write(
            f"HPUB {MINE}repair.x.a.b.c {len(headers)} {len(headers)}\r\n".encode() + headers + b"\r\n"
        )
    await attempt.hub.wire.flush(10)
    async with hub.connect(VICTIM) as victim:
        appender = JetStreamAppender(victim, VICTIM, timeout_seconds=10)
        held = await appender.last_held(Lane.REPAIR)
        sent = publications(held + 1, 8, source=VICTIM, destination=LIBO, lane=Lane.REPAIR)
        assert await appender.append(Lane.REPAIR, sent) == held + 8


async def test_nothing_sent_to_the_victim_holds_its_mail_up(hub: RealHub, attempt: Attempt) -> None:
    """Messages without header and body, which end a request for good wherever they are an answer, then a real one."""
    for _ in range(100):
        attempt.hub.wire.write(command(TO_VICTIM, b"", b"", b""))
    await attempt.hub.wire.flush(10)
    async with hub.connect(LIBO) as other, hub.connect(VICTIM) as victim:
        appender = JetStreamAppender(other, LIBO)
        held = await appender.last_held(Lane.URGENT)
        alert = publications(held + 1, 1, source=LIBO, destination=VICTIM, lane=Lane.URGENT)
        behind = JetStreamAppender(victim, VICTIM)
        mine = await behind.last_held(Lane.REPAIR) + 1
        last = publications(mine, 1, source=VICTIM, destination=VICTIM, lane=Lane.REPAIR)
        await asyncio.gather(appender.append(Lane.URGENT, alert), behind.append(Lane.REPAIR, last))
        await asyncio.gather(until_arrived(victim, "EVT_URGENT", alert[0]), until_arrived(victim, SHARD, last[0]))


async def test_acknowledgements_forged_by_a_leaf_lose_nothing_and_stop_nothing(hub: RealHub) -> None:
    """A leaf that is no nats-server has the hub acknowledge for the victim: it is the one reply that imports let pass.

    The victim knows itself what it has worked off: after a reconnect it gets what it had not, and goes on.
    """
    async with hub.connect(VICTIM) as victim, hub.connect(LIBO) as other, raw_leaf(hub, ATTACKER) as leaf:
        appender, puller = JetStreamAppender(other, LIBO), JetStreamPuller(victim, VICTIM, "EVT_URGENT")
        first = await appender.last_held(Lane.URGENT) + 1
        sent = publications(first, 2500, source=LIBO, destination=f"_{BORDER}", lane=Lane.URGENT)
        await appender.append(Lane.URGENT, sent)
        found: list[int] = []
        async with asyncio.timeout(25), contextlib.aclosing(puller.batches()) as batches:
            async for batch in batches:
                mine = [number_of(one.message) for one in batch.arrivals if one.subject == sent[0].subject]
                if mine and not found:
                    reply = f"$JS.ACK.EVT_URGENT.{consumer_of(VICTIM)}.1.{batch.arrivals[-1].sequence}.999999.1.0"
                    headers = "Nats-Batch-Id: forged\r\nNats-Batch-Sequence: 1\r\n"
                    await leaf.send(f"{MINE}urgent.{VICTIM}.information.alert_issued.v1", reply, headers, b"x")
                    await until_believed(victim, 999999)
                found += mine
                await puller.acknowledge(batch)
                if len(set(found)) == 2500:
                    break
    assert sorted(set(found)) == list(range(first, first + 2500))


async def until_believed(victim: HubConnection, count: int) -> None:
    """Wait until the hub has taken a forged acknowledgement for the victim's."""
    consumer = f"hub.api.CONSUMER.INFO.EVT_URGENT.{consumer_of(VICTIM)}"
    async with asyncio.timeout(5):
        while parsed(await victim.request(consumer))["ack_floor"]["consumer_seq"] != count:
            await asyncio.sleep(0.01)


async def until_arrived(victim: HubConnection, stream: str, expected: Publication) -> None:
    """Work the victim's mail off until one message is there; soon, whatever stands before it."""
    puller = JetStreamPuller(victim, VICTIM, stream)
    async with asyncio.timeout(3), contextlib.aclosing(puller.batches()) as batches:
        async for batch in batches:
            await puller.acknowledge(batch)
            if any(one.message == expected.message for one in batch.arrivals):
                return


async def refused_connection(credentials: Credentials) -> str:
    """Return why no contact came about."""
    connection = HubConnection(credentials, who=ATTACKER, retry_seconds=0.05)
    async with connection.running():
        with pytest.raises(UnavailableError) as refused:
            await connection.contact(timeout_seconds=1.0)
    return str(refused.value)


async def test_a_stranger_does_not_get_in(hub: RealHub, tmp_path: Path) -> None:
    """Another authority's certificate, a key the registry does not name, no certificate, no TLS: no contact."""
    good = hub.credentials(ATTACKER)
    other, issued = Authority.create("other authority", now=now())
    files = TlsFiles(hub.directory / "ca.pem", tmp_path / "other.pem", tmp_path / "other.key")
    make_client_certificate(other, ATTACKER, files)
    assert await refused_connection(replace(good, tls=files))
    assert "uthorization" in await refused_connection(replace(good, nkey_seed=new_nkey_seed()))
    plain = tuple(url.replace("tls://", "nats://") for url in good.urls)
    assert await refused_connection(replace(good, urls=plain, tls=None))
    (tmp_path / "other-ca.pem").write_bytes(issued.certificate_pem)
    deceived = replace(files, ca=tmp_path / "other-ca.pem")
    assert "CERTIFICATE_VERIFY_FAILED" in await refused_connection(replace(good, tls=deceived))


async def test_the_victims_lane_is_as_the_victim_left_it(hub: RealHub) -> None:
    """After all of it: the victim's first lane holds its three messages, read back by their own bytes."""
    async with hub.connect(VICTIM) as victim:
        reply = await victim.request(f"hub.api.DIRECT.GET.{SHARD}.{AS_VICTIM.replace(ATTACKER, LIBO)}")
    assert reply.body == publications(3, 1, source=VICTIM)[0].message
