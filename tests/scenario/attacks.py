"""What one county tries against another at the hub: each attack is one function, with everything it needs."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.wire import command
from schemas.errors import UnavailableError
from schemas.subjects import Lane, Subject, consumer_of, shard_of, stream_of
from tests.contract.buses import ALERT, HUANJIANG, TIANE

ATTACKER: Final = HUANJIANG
VICTIM: Final = TIANE
SHARD: Final = stream_of(VICTIM, Lane.NORMAL)
assert shard_of(ATTACKER) == shard_of(VICTIM), "attacker and victim must share a stream"
TO_VICTIM: Final = str(Subject(ATTACKER, Lane.NORMAL, VICTIM, ALERT))
AS_VICTIM: Final = str(Subject(VICTIM, Lane.NORMAL, ATTACKER, ALERT))
MINE: Final = f"hub.in.{ATTACKER}."
PREFIXES: Final = ("hub.api", "$JS.HUB.API", "$JS.API")
"""The county's own prefix, JetStream's with the hub's domain, and JetStream's own."""
PATIENCE_SECONDS: Final = 0.25


@dataclass
class Attempt:
    """One attacker on one connection.

    Attributes:
        hub: The attacker's connection.
        behind_leaf: Then what its own server answers is its own, and no gain.
        gained: Everything the hub gave that it should not have given.
        taps: What it listens to.
    """

    hub: HubConnection
    behind_leaf: bool
    gained: list[str] = field(default_factory=list)
    taps: list[int] = field(default_factory=list)

    async def ask(self, request: str, body: Any = None, *, prefixes: tuple[str, ...] = PREFIXES) -> None:  # noqa: ANN401
        """Ask JetStream under every prefix at once; an answer that is no refusal is a gain."""
        data = b"" if body is None else json.dumps(body).encode()
        reach = [prefix for prefix in prefixes if not (self.behind_leaf and prefix == "$JS.API")]
        await asyncio.gather(*(self.request(f"{prefix}.{request}", data) for prefix in reach))

    async def request(self, subject: str, data: bytes = b"", headers: bytes = b"") -> None:
        """Ask on a subject; an answer that is no refusal is a gain."""
        try:
            reply = await self.hub.request(subject, data, headers=headers, timeout_seconds=PATIENCE_SECONDS)
        except UnavailableError:
            return
        own = self.behind_leaf and f'"name":"c{ATTACKER}"'.encode() in reply.body
        if reply.status == 0 and b'"error"' not in reply.body and not own:
            self.gained.append(f"{subject} -> {reply.headers!r} {reply.body[:80]!r}")

    async def send(self, subject: str, body: bytes = b"", *, reply: str = "", **headers: str) -> None:
        """Publish, and let the hub work it off."""
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        block = f"NATS/1.0\r\n{lines}\r\n".encode() if headers else b""
        self.hub.wire.write(command(subject, reply.encode(), block, body))
        await self.hub.wire.flush(5)

    async def listen(self, *subjects: str) -> None:
        """Subscribe; whatever is heard of the victim is a gain."""

        def heard(subject: bytes, reply: bytes, headers: bytes, body: bytes) -> None:
            if VICTIM.encode() in subject + reply + headers + body:
                self.gained.append(f"heard {subject!r} {body[:80]!r}")

        for subject in subjects:
            self.taps.append(await self.hub.wire.tap(subject, heard))
        await self.hub.wire.flush(5)

    def go_deaf(self) -> None:
        """End every subscription, before our own next publications are heard."""
        while self.taps:
            self.hub.wire.untap(self.taps.pop())


Attack = Callable[[Attempt], Awaitable[None]]
ATTACKS: Final[dict[str, Attack]] = {}


def attack(function: Attack) -> Attack:
    """Enter an attack under its name."""
    ATTACKS[getattr(function, "__name__", "")] = function
    return function


@attack
async def append_as_another(attempt: Attempt) -> None:
    """Write into the victim's lane."""
    for lane in Lane:
        await attempt.request(str(Subject(VICTIM, lane, ATTACKER, ALERT)), b"forged")


@attack
async def end_a_batch_in_anothers_subjects(attempt: Attempt) -> None:
    """Open an atomic batch in our lane and commit it with a message in the victim's."""
    await attempt.send(TO_VICTIM, b"1", Nats_Batch_Id="mixed", Nats_Batch_Sequence="1")
    await attempt.send(
        AS_VICTIM, b"2", Nats_Batch_Id="mixed", Nats_Batch_Sequence="2", Nats_Batch_Commit="1", Sihu_Seq="99"
    )


@attack
async def get_anothers_mail(attempt: Attempt) -> None:
    """Ask for the next messages to the victim, and listen where they are handed over."""
    await attempt.listen(f"hub.out.{VICTIM}.>", f"hub.out.{VICTIM}.{SHARD}", "hub.out.>", "hub.out.*.*")
    await attempt.ask(f"CONSUMER.MSG.NEXT.{SHARD}.{consumer_of(VICTIM)}", {"batch": 10, "no_wait": True})


@attack
async def hand_over_in_the_hubs_name(attempt: Attempt) -> None:
    """Put a message where the hub hands over the victim's mail; the victim takes what continues the hub's count."""
    reply = f"$JS.ACK.{SHARD}.{consumer_of(VICTIM)}.1.1.1.1.0"
    await attempt.send(f"hub.out.{VICTIM}.{SHARD}", b"forged")
    await attempt.send(TO_VICTIM, b"x", reply=f"hub.out.{VICTIM}.{SHARD}")
    if attempt.behind_leaf:  # elsewhere the connection is told off for such a reply before anything else
        await attempt.send(f"hub.out.{VICTIM}.{SHARD}", b"forged", reply=reply)


@attack
async def acknowledge_anothers_mail(attempt: Attempt) -> None:
    """Acknowledge for the victim, in both forms, so that it never sees its mail."""
    to = consumer_of(VICTIM)
    for form in (f"$JS.ACK.{SHARD}.{to}.1.1.1.1.0", f"$JS.ACK.HUB.hash.{SHARD}.{to}.1.1.1.1.0"):
        await attempt.send(form, b"+ACK")
        await attempt.send(form, b"+TERM")
    for form in (f"$JS.FC.{SHARD}.{to}.x", f"$JS.FC.HUB.hash.{SHARD}.{to}.x"):
        await attempt.send(form)


@attack
async def look_at_anothers_consumer(attempt: Attempt) -> None:
    """See how much mail the victim has, and how far it is."""
    await attempt.ask(f"CONSUMER.INFO.{SHARD}.{consumer_of(VICTIM)}")


@attack
async def set_anothers_consumer_back(attempt: Attempt) -> None:
    """Set the victim's consumer to the very end: everything before is skipped."""
    await attempt.ask(f"CONSUMER.RESET.{SHARD}.{consumer_of(VICTIM)}", {"seq": 1_000_000})


@attack
async def make_a_consumer(attempt: Attempt) -> None:
    """Make a consumer of our own that gets everybody's mail."""
    config = {"durable_name": "evil", "name": "evil", "ack_policy": "none"}
    body = {"stream_name": SHARD, "config": config}
    await attempt.ask(f"CONSUMER.CREATE.{SHARD}.evil", body)
    await attempt.ask(f"CONSUMER.DURABLE.CREATE.{SHARD}.evil", body)


@attack
async def widen_our_own_consumer(attempt: Attempt) -> None:
    """Change our own consumer so that it gets everybody's mail."""
    name = consumer_of(ATTACKER)
    config = {"durable_name": name, "name": name, "ack_policy": "all", "filter_subjects": ["hub.in.>"]}
    await attempt.ask(f"CONSUMER.CREATE.{SHARD}.{name}", {"stream_name": SHARD, "config": config})


@attack
async def remove_a_consumer(attempt: Attempt) -> None:
    """Delete the victim's consumer, or pause it."""
    await attempt.ask(f"CONSUMER.DELETE.{SHARD}.{consumer_of(VICTIM)}")
    await attempt.ask(f"CONSUMER.PAUSE.{SHARD}.{consumer_of(VICTIM)}", {"pause_until": "2099-01-01T00:00:00Z"})


@attack
async def purge_the_stream(attempt: Attempt) -> None:
    """Empty the shard, or the victim's part of it."""
    await attempt.ask(f"STREAM.PURGE.{SHARD}")
    await attempt.ask(f"STREAM.PURGE.{SHARD}", {"filter": f"hub.in.{VICTIM}.>"})


@attack
async def delete_the_stream(attempt: Attempt) -> None:
    """Delete the shard."""
    await attempt.ask(f"STREAM.DELETE.{SHARD}")


@attack
async def change_the_stream(attempt: Attempt) -> None:
    """Let the shard keep one message only."""
    await attempt.ask(f"STREAM.UPDATE.{SHARD}", {"name": SHARD, "subjects": ["hub.in.>"], "max_msgs": 1})


@attack
async def make_a_stream_over_anothers_subjects(attempt: Attempt) -> None:
    """Capture, mirror or restore the victim's messages in a stream of our own."""
    await attempt.ask("STREAM.CREATE.EVIL", {"name": "EVIL", "subjects": [f"hub.in.{VICTIM}.>"]})
    await attempt.ask("STREAM.CREATE.EVIL", {"name": "EVIL", "mirror": {"name": SHARD}})
    await attempt.ask("STREAM.RESTORE.EVIL", {"config": {"name": "EVIL"}})


@attack
async def look_at_the_stream(attempt: Attempt) -> None:
    """See who writes how much to whom."""
    await attempt.ask(f"STREAM.INFO.{SHARD}", {"subjects_filter": ">"})
    for request in ("STREAM.LIST", "STREAM.NAMES", f"CONSUMER.LIST.{SHARD}", f"CONSUMER.NAMES.{SHARD}", "INFO"):
        await attempt.ask(request)


@attack
async def copy_the_stream(attempt: Attempt) -> None:
    """Take a snapshot of the whole shard."""
    await attempt.ask(f"STREAM.SNAPSHOT.{SHARD}", {"deliver_subject": f"_R.{ATTACKER}.snapshot"})


@attack
async def read_a_message_by_number(attempt: Attempt) -> None:
    """Read any message of the shard."""
    for body in ({"seq": 1}, {"last_by_subj": f"hub.in.{VICTIM}.>"}, {"multi_last": ["hub.in.>"]}):
        await attempt.ask(f"STREAM.MSG.GET.{SHARD}", body)
        await attempt.ask(f"DIRECT.GET.{SHARD}", body)
        await attempt.ask(f"DIRECT.GET.{SHARD}.{MINE}>", body)


@attack
async def read_anothers_last_message(attempt: Attempt) -> None:
    """Read the victim's last message, where the subject stands in the address."""
    await attempt.ask(f"DIRECT.GET.{SHARD}.hub.in.{VICTIM}.>")
    await attempt.ask(f"DIRECT.GET.{SHARD}.hub.in.*.>")


@attack
async def delete_a_message(attempt: Attempt) -> None:
    """Delete one message of the victim."""
    await attempt.ask(f"STREAM.MSG.DELETE.{SHARD}", {"seq": 1, "no_erase": False})


@attack
async def listen_to_everything(attempt: Attempt) -> None:
    """Hear what others publish, what they are answered, and what they acknowledge."""
    await attempt.listen(
        ">", "hub.in.>", "_R.>", f"_R.{VICTIM}.>", "hub.out.>", "$JS.>", "$JS.ACK.>", "$SYS.>", "hub.api.>"
    )


@attack
async def let_the_hub_answer_into_anothers_subjects(attempt: Attempt) -> None:
    """Ask what we may ask, but have the answer sent into the victim's lane: the hub itself would write there."""
    for reply in (AS_VICTIM, f"hub.in.{VICTIM}.urgent.x"):
        await attempt.send(TO_VICTIM, b"x", reply=reply, Sihu_Seq="1000000")
        await attempt.send(f"hub.api.DIRECT.GET.{SHARD}.{MINE}>", reply=reply)
        await attempt.send(f"hub.api.CONSUMER.INFO.{SHARD}.{consumer_of(ATTACKER)}", reply=reply)


@attack
async def let_the_hub_ask_its_own_api(attempt: Attempt) -> None:
    """Have an empty answer sent to JetStream's API: the hub itself would delete the stream. It does, in one account."""
    requests = (f"CONSUMER.DELETE.{SHARD}.{consumer_of(VICTIM)}", f"STREAM.PURGE.{SHARD}", f"STREAM.DELETE.{SHARD}")
    await attempt.send(TO_VICTIM, b"")
    for number, request in enumerate(requests):
        for prefix in PREFIXES:
            reply = f"{prefix}.{request}"
            batch = {"Nats_Batch_Id": f"deputy-{prefix[-8:]}-{number}", "Nats_Batch_Sequence": "1"}
            await attempt.send(TO_VICTIM, b"", reply=reply, **batch)
            await attempt.send(f"hub.api.DIRECT.GET.{SHARD}.{TO_VICTIM}", reply=reply)


@attack
async def let_the_hub_acknowledge_for_another(attempt: Attempt) -> None:
    """Have an empty answer, which counts as an acknowledgement, sent to where the victim acknowledges."""
    reply = f"$JS.ACK.{SHARD}.{consumer_of(VICTIM)}.1.1.1.1.0"
    await attempt.send(TO_VICTIM, b"", reply=reply, Nats_Batch_Id="ack-deputy", Nats_Batch_Sequence="1")
    await attempt.send(f"hub.api.DIRECT.GET.{SHARD}.{MINE}>", reply=reply)


@attack
async def roll_everything_up(attempt: Attempt) -> None:
    """Publish a message that replaces all others of the stream, or expires, or counts."""
    for headers in ({"Nats_Rollup": "all"}, {"Nats_Rollup": "sub"}, {"Nats_TTL": "1s"}, {"Nats_Incr": "1"}):
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        await attempt.request(TO_VICTIM, b"", f"NATS/1.0\r\n{lines}\r\n".encode())


@attack
async def schedule_a_message_for_another(attempt: Attempt) -> None:
    """Have the hub publish in the victim's name later."""
    block = f"NATS/1.0\r\nNats-Schedule: @every 1s\r\nNats-Schedule-Target: {AS_VICTIM}\r\n\r\n"
    await attempt.request(TO_VICTIM, b"forged", block.encode())


@attack
async def trace_into_anothers_subjects(attempt: Attempt) -> None:
    """Have the hub send the trace of a message into the victim's lane."""
    await attempt.send(TO_VICTIM, b"x", Nats_Trace_Dest=AS_VICTIM)
    await attempt.send(TO_VICTIM, b"x", Nats_Trace_Dest=AS_VICTIM, Nats_Trace_Only="true")


@attack
async def ask_the_system(attempt: Attempt) -> None:
    """Ask the server about its connections, or to reload or stop."""
    for subject in ("$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.HUB.CONNZ"):
        await attempt.request(subject)
    await attempt.ask("META.LEADER.STEPDOWN")
    await attempt.ask("ACCOUNT.PURGE.HUB")


@attack
async def ask_another_county(attempt: Attempt) -> None:
    """Ask another county's own JetStream, behind its leaf."""
    await attempt.ask("INFO", prefixes=(f"$JS.c{VICTIM}.API", f"$JS.{VICTIM}.API"))
    await attempt.ask("STREAM.NAMES", prefixes=(f"$JS.c{VICTIM}.API",))


@attack
async def write_where_no_lane_is(attempt: Attempt) -> None:
    """Use a lane, or a depth, that is nobody's."""
    for subject in (f"{MINE}junk.{VICTIM}.x", f"hub.in.{ATTACKER}", "hub.in", f"hub.nobody.{shard_of(ATTACKER)}"):
        await attempt.request(subject, b"x")


def unrestricted(config: str) -> str:
    """Take the permissions of its own users out of a leaf's configuration: its owner may do that."""
    edited, count = re.subn(r"permissions \{.*?\n        \}\n", "", config, flags=re.DOTALL)
    assert count == 1, config
    return edited
