"""The registrar: the hub's streams and consumers become what the registry says, however often it is run."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.jetstream.accounts import REGISTRAR
from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.refusals import parsed
from adapters.jetstream.signals import JetStreamSignaller
from adapters.jetstream.streams import Registrar, StreamLimits, Usage
from schemas.carriage import Publication
from schemas.control import HeadBeaconed
from schemas.errors import UnavailableError
from schemas.subjects import (
    BLOB_STREAM,
    SIGNAL_STREAM,
    URGENT_STREAM,
    Lane,
    SignalSubject,
    consumer_of,
    stream_of,
    streams,
)
from tests.contract.buses import BORDER, HUANJIANG, LIBO, NANDAN, TIANE, publications
from tests.hubs import RealHub, real_hub


async def asked(hub: RealHub, request: str, body: object = None) -> dict[str, Any]:
    async with hub.connect(REGISTRAR) as registrar:
        data = b"" if body is None else json.dumps(body).encode()
        return parsed(await registrar.request(f"{OWNER_PREFIX}.{request}", data))


async def filters(hub: RealHub, stream: str, county: str) -> list[str]:
    """The subjects of a county's consumer."""
    for consumer in (await asked(hub, f"CONSUMER.LIST.{stream}"))["consumers"]:
        if consumer["name"] == consumer_of(county):
            config = consumer["config"]
            return list(config.get("filter_subjects") or [config["filter_subject"]])
    return []


async def test_running_it_again_changes_nothing(tmp_path: Path) -> None:
    """It runs at every start of the hub: a second run that changes something would make consumers forget."""
    parties = {BORDER: (HUANJIANG, LIBO)}
    async with real_hub(tmp_path, (HUANJIANG, LIBO), parties) as hub, hub.connect(REGISTRAR) as connection:
        assert await Registrar(connection, hub.limits).arrange([LIBO, HUANJIANG], {BORDER: (LIBO, HUANJIANG)}) == 0


async def test_streams_refuse_instead_of_forgetting(tmp_path: Path) -> None:
    """Each of these settings keeps a promise: one that is lost in an update breaks it in silence."""
    limits = StreamLimits(max_messages_per_subject=77, max_age_seconds=3600)
    async with real_hub(tmp_path, (HUANJIANG,), {}, limits) as hub:
        for stream in streams():
            config = (await asked(hub, f"STREAM.INFO.{stream}"))["config"]
            promised = {
                "retention": "limits",
                "storage": "file",
                "discard": "new",
                "discard_new_per_subject": True,
                "max_msgs_per_subject": 77,
                "max_age": 3600 * 10**9,
                "allow_atomic": True,
                "allow_direct": True,
                "deny_delete": True,
                "deny_purge": True,
            }
            assert {key: config.get(key) for key in promised} == promised


async def test_of_signals_the_hub_keeps_the_newest(tmp_path: Path) -> None:
    """A beacon a minute from everybody to everybody for fourteen days fills the disk that the alerts need."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO)) as hub, hub.connect(LIBO) as connection:
        signaller = JetStreamSignaller(connection)
        subject = str(SignalSubject(LIBO, HUANJIANG, HeadBeaconed.wire_type))
        for number in range(5):
            await signaller.signal(subject, b"beacon %d" % number)
        info = await asked(hub, f"STREAM.INFO.{SIGNAL_STREAM}")
        assert info["state"]["messages"] == 1
        assert info["config"]["max_age"] == 600 * 10**9
        assert await filters(hub, SIGNAL_STREAM, HUANJIANG) == [f"hub.in.*.*.{HUANJIANG}.>"]
        with pytest.raises(UnavailableError):
            await JetStreamSignaller(connection, timeout_seconds=0.5).signal(
                str(SignalSubject(HUANJIANG, LIBO, HeadBeaconed.wire_type)), b"in another county's name"
            )


async def test_a_countys_lanes_are_kept_where_the_shards_say(tmp_path: Path) -> None:
    """Appender and registrar count shards alike, or the appender finds nobody."""
    async with real_hub(tmp_path, (NANDAN, HUANJIANG, TIANE)) as hub:
        for county in (NANDAN, HUANJIANG, TIANE):
            for lane in Lane:
                config = (await asked(hub, f"STREAM.INFO.{stream_of(county, lane)}"))["config"]
                space = "hub.in.*.urgent.>" if lane is Lane.URGENT else f"hub.in.{county}.{lane}.>"
                assert space in config["subjects"]
        empty = (await asked(hub, "STREAM.INFO.EVT_1"))["config"]
        assert empty["subjects"] == ["hub.nobody.1"]


async def test_a_consumer_gets_its_countys_mail_and_that_of_its_agreements(tmp_path: Path) -> None:
    """A county that left an agreement must not hear its audience any longer; one that joined must."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO, TIANE), {BORDER: (HUANJIANG, LIBO)}) as hub:
        mine = [f"hub.in.*.*.{LIBO}.>", f"hub.in.*.*._{BORDER}.>"]
        assert [await filters(hub, stream, LIBO) for stream in streams()] == [mine] * 5
        assert await filters(hub, URGENT_STREAM, TIANE) == [f"hub.in.*.*.{TIANE}.>"]
        assert await filters(hub, BLOB_STREAM, LIBO) == [f"hub.in.*.*.{LIBO}.>", f"hub.in.{HUANJIANG}.*._{BORDER}.>"]
        # LIBO and TIANE on each stream of events and that of chunks; there HUANJIANG, too, who hears another party.
        assert await hub.admit([], {BORDER: (HUANJIANG, TIANE)}) == 13
        assert await filters(hub, URGENT_STREAM, LIBO) == [f"hub.in.*.*.{LIBO}.>"]
        assert await filters(hub, URGENT_STREAM, TIANE) == [f"hub.in.*.*.{TIANE}.>", f"hub.in.*.*._{BORDER}.>"]


async def test_members_come_and_go_and_messages_stay(tmp_path: Path) -> None:
    """A newcomer changes the stream of its shard: what others have in it stays; who left is handed nothing more."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO)) as hub:
        async with hub.connect(HUANJIANG) as connection:
            appender = JetStreamAppender(connection, HUANJIANG)
            await appender.append(Lane.NORMAL, publications(1, 50))
            await hub.admit([TIANE], {})
            assert await appender.append(Lane.NORMAL, publications(51, 10)) == 60
        assert (await asked(hub, f"STREAM.INFO.{stream_of(TIANE, Lane.NORMAL)}"))["state"]["messages"] == 60
        del hub.seeds[LIBO]
        await hub.admit([], {})
        assert await filters(hub, URGENT_STREAM, LIBO) == []
        assert await filters(hub, URGENT_STREAM, TIANE) != []


async def test_a_stream_that_somebody_changed_is_put_right(tmp_path: Path) -> None:
    """An administrator's slip is undone at the next run, and nothing else of the stream is touched."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub:
        stream = stream_of(HUANJIANG, Lane.NORMAL)
        config = (await asked(hub, f"STREAM.INFO.{stream}"))["config"]
        await asked(hub, f"STREAM.UPDATE.{stream}", config | {"max_msgs_per_subject": 1, "description": "mine"})
        await asked(hub, f"CONSUMER.DELETE.{URGENT_STREAM}.{consumer_of(HUANJIANG)}")
        async with hub.connect(REGISTRAR) as connection:
            registrar = Registrar(connection, hub.limits)
            assert await registrar.missing([HUANJIANG]) == [URGENT_STREAM, stream]
            assert await registrar.arrange([HUANJIANG], {}) == 2
            assert await registrar.missing([HUANJIANG]) == []
        config = (await asked(hub, f"STREAM.INFO.{stream}"))["config"]
        assert (config["max_msgs_per_subject"], config["description"]) == (100_000, "mine")


async def test_a_county_that_fills_the_hub_stands_out(tmp_path: Path) -> None:
    """The bound per subject does not catch a county that invents subjects: somebody must see who it is."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO)) as hub:
        async with hub.connect(HUANJIANG) as connection, hub.connect(LIBO) as neighbour:
            appender = JetStreamAppender(connection, HUANJIANG)
            await appender.append(Lane.NORMAL, publications(1, 30))
            await appender.append(Lane.URGENT, publications(1, 5, lane=Lane.URGENT))
            flood = [Publication(n, f"hub.in.{LIBO}.urgent.x{n}.a.b.c", b"") for n in range(1, 401)]
            await JetStreamAppender(neighbour, LIBO).append(Lane.URGENT, flood)
        async with hub.connect(REGISTRAR) as connection:
            usage = await Registrar(connection, hub.limits).usage()
    assert usage == {HUANJIANG: Usage(2, 35), LIBO: Usage(400, 400)}


async def test_the_registrar_itself_may_not_empty_or_delete_a_stream(tmp_path: Path) -> None:
    """Its key lies on the hub's machine: whoever takes it can stop the mail, but not make it unhappened in silence."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, hub.connect(REGISTRAR) as connection:
        stream = stream_of(HUANJIANG, Lane.NORMAL)
        for request in (f"STREAM.DELETE.{stream}", f"STREAM.PURGE.{stream}", f"STREAM.MSG.GET.{stream}"):
            with pytest.raises(UnavailableError):
                await connection.request(f"{OWNER_PREFIX}.{request}", b'{"seq": 1}', timeout_seconds=0.3)
        assert len((await asked(hub, f"STREAM.INFO.{stream}"))["config"]["subjects"]) == 2
