"""One member: what outlives its node (store, clock, line), and its node's lives, made of the real rooms.

A new room of the product is plugged in by one line in ``ROOMS``.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final, cast

from adapters.memory.ids import SequentialIds
from adapters.memory.state import State
from adapters.memory.store import MemoryStore
from schemas.ids import CountyCode
from schemas.registry import KeyUse
from schemas.subjects import SIGNAL_STREAM, streams
from services.bootstrap.restoring import mark_restored
from services.completeness.resender import Resender
from services.completeness.watch import Watch
from services.completeness.writing import SignalWriter
from services.completeness_ports import Signaller
from services.domain.releasing import UNATTENDED
from services.domain.trust import Trust
from services.gateway.submit import Submitter
from services.hub_ports import Appender, Puller
from services.ports import Ids, Signer, Store
from services.posting import Posted, Posting
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from services.upkeep.sweeper import Sweeper
from tests import papers
from tests.simulation.carrier import Hub, Line, LinePuller
from tests.simulation.encryption import DrawnEncryption
from tests.simulation.loop import VirtualLoop
from tests.simulation.process import MemberClock, Process, ProcessAppender, ProcessSignaller, ProcessStore
from tests.simulation.trace import Trace
from tests.world import OpenDirectory

_NO_THREADS: Final = cast("Executor", None)
"""The loop does the work of threads itself."""
_IDLE_SECONDS: Final = 8.0


class KeptStore(MemoryStore):
    """A memory store that can be copied while it runs, as a disk is."""

    def state(self) -> State:
        """Return what is committed: never changed afterwards, a commit replaces it."""
        return self._state

    def put_back(self, state: State) -> None:
        """Begin with a state that was committed before."""
        self._state = state


@dataclass(frozen=True, slots=True)
class Ports:
    """What the rooms of one life are given."""

    store: Store
    posting: Posting
    appender: Appender
    pullers: Sequence[Puller]
    clock: MemberClock
    directory: OpenDirectory
    ids: Ids
    signaller: Signaller
    signals: Puller
    event_key: Signer
    contact: Callable[[], int]


def _receiver(ports: Ports) -> AbstractAsyncContextManager[object]:
    return Receiver(
        store=ports.store,
        posting=ports.posting,
        pullers=ports.pullers,
        trust=ports.directory.trust,
        clock=ports.clock,
        executor=_NO_THREADS,
    ).running(look_seconds=60)


def _relay(ports: Ports) -> AbstractAsyncContextManager[object]:
    return Relay(store=ports.store, appender=ports.appender, clock=ports.clock).running(_IDLE_SECONDS)


def _sweeper(ports: Ports) -> AbstractAsyncContextManager[object]:
    return Sweeper(store=ports.store, clock=ports.clock).running()


def _resender(ports: Ports) -> AbstractAsyncContextManager[object]:
    resender = Resender(
        store=ports.store, posting=ports.posting, appender=ports.appender, clock=ports.clock, ids=ports.ids
    )
    return resender.running()


def _watch(ports: Ports) -> AbstractAsyncContextManager[object]:
    writer = SignalWriter(
        county=ports.posting.county,
        signer=ports.event_key,
        signaller=ports.signaller,
        trust=ports.directory.trust,
        clock=ports.clock,
        ids=ports.ids,
        encryption=ports.posting.encryption,
    )
    return Watch(
        store=ports.store,
        posting=ports.posting,
        writer=writer,
        puller=ports.signals,
        trust=ports.directory.trust,
        clock=ports.clock,
        contact=ports.contact,
    ).running()


Room = Callable[[Ports], AbstractAsyncContextManager[object]]
ROOMS: Final[Sequence[Room]] = (_receiver, _relay, _sweeper)
"""Every loop of a node that this simulation runs, in the order in which ``services.bootstrap.node`` opens them."""
WATCHFUL_ROOMS: Final = (*ROOMS, _resender, _watch)
"""With those that prove completeness, which take most of the time."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a member's disk, and how much of what came it had taken then."""

    state: State
    taken: int


@dataclass(frozen=True, slots=True)
class Around:
    """What every member shares."""

    seed: int
    loop: VirtualLoop
    rng: Random
    trace: Trace
    hub: Hub
    trust: Trust
    fail: Callable[[str], None]
    is_watchful: bool
    in_runs: bool


class Member:
    """One county."""

    def __init__(self, code: CountyCode, around: Around, *, name: str = "") -> None:
        """Start with an empty store and no node; ``name`` tells a clone from the original."""
        self.code, self.name, self._around = code, name or code, around
        self.store = KeptStore()
        self.store_number = self._new_number()
        self.ahead = 0.0
        """Seconds by which the wall clock is wrong."""
        self.line_down = False
        self.process: Process | None = None
        self.submitter: Submitter | None = None
        self.backup: Backup | None = None
        self._line: Line | None = None
        self._lives = 0
        self._up = asyncio.Event()

    def _new_number(self) -> int:
        number = len(self._around.hub.taken) + 1
        self._around.hub.taken[number] = []
        return number

    # -- lives -------------------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether the node runs."""
        return self.process is not None and self.process.alive

    async def up(self) -> None:
        """Wait until the node runs."""
        while not self.is_up:
            self._up.clear()
            await self._up.wait()

    def start(self) -> None:
        """Start the node anew on what the store holds."""
        around = self._around
        self._lives += 1
        name = f"{self.name}.{self._lives}"
        process = Process(name, loop=around.loop, trace=around.trace, rng=around.rng, weather=around.hub.weather)
        line = Line(around.hub, self.code, check=process.check, down=self.line_down)
        clock = MemberClock(around.loop, lambda: self.ahead)
        directory = OpenDirectory(around.trust)
        signers = {use: papers.signer(self.code, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
        ids = SequentialIds(f"{around.seed} {name}")
        keys = DrawnEncryption(SequentialIds(f"{around.seed} {name} keys"), papers.encryption_name(self.code))
        posting = Posting(
            county=self.code,
            signers=signers,
            trust=directory.trust,
            ids=ids,
            encryption=keys,
            in_runs=around.in_runs,
        )
        store = ProcessStore(self.store, process)
        pull = partial(LinePuller, around.hub, line, store_number=self.store_number, point=process.point)
        ports = Ports(
            store=store,
            posting=posting,
            appender=ProcessAppender(line, process),
            pullers=[pull(one) for one in streams()],
            clock=clock,
            directory=directory,
            ids=ids,
            signaller=ProcessSignaller(line, process),
            signals=pull(SIGNAL_STREAM),
            event_key=signers[KeyUse.EVENT],
            contact=lambda: 0 if line.down else line.contacts,
        )
        self.submitter = Submitter(store=store, posting=posting, directory=directory, clock=clock)
        self.process, self._line = process, line
        process.start(_live(ports, WATCHFUL_ROOMS if around.is_watchful else ROOMS), self._died)
        self._up.set()

    def _died(self, bug: BaseException) -> None:
        self._around.fail(f"{self.name} died of its own bug: {_said(bug)}")

    def kill(self) -> None:
        """End the node."""
        if self.process is not None:
            self.process.kill()
            self.process = None
        if self._line is not None:
            self._line.hang_up()
            self._line = None

    async def submit(self, body: bytes, key: str | None) -> Posted:
        """Hand an event in, as an office does over HTTP.

        Raises:
            ConnectionResetError: The node is not there, or was killed before it answered.
        """
        if self.process is None or self.submitter is None or not self.process.alive:
            raise ConnectionResetError(self.name)
        process = self.process
        posted = await process.call(
            self.submitter.submit(body, idempotency_key=key, access_name="office", standing=UNATTENDED)
        )
        if process.rng.random() < process.weather.lost_reply:
            raise ConnectionResetError(self.name)
        return posted

    # -- line, disk --------------------------------------------------------------------------------------

    def set_line(self, *, down: bool) -> None:
        """Cut or mend the line to the hub."""
        self.line_down = down
        if self._line is not None:
            self._line.down = down
            self._around.hub.wake()

    def make_backup(self) -> None:
        """Copy the disk as it is now."""
        self.backup = self.copied()

    def copied(self) -> Backup:
        """Return a copy of the disk."""
        return Backup(self.store.state(), len(self._around.hub.taken[self.store_number]))

    def put_back(self, backup: Backup) -> None:
        """Begin with an older disk; the node must not run."""
        taken = self._around.hub.taken
        before = taken[self.store_number][: backup.taken]
        self.store = KeptStore()
        self.store.put_back(backup.state)
        self.store_number = self._new_number()
        taken[self.store_number] += before

    async def found(self) -> None:
        """Write the first facts of a new store."""
        await self.store.write(lambda tx: tx.memory.put_setting("county", self.code))

    async def mark_restored(self) -> None:
        """Do what `sihu restore` does to the store that came back."""
        await self.store.write(lambda tx: mark_restored(tx, self.code))


async def _live(ports: Ports, rooms: Sequence[Room]) -> None:
    async with AsyncExitStack() as stack:
        for room in rooms:
            await stack.enter_async_context(room(ports))
        await asyncio.get_running_loop().create_future()


def _said(bug: BaseException) -> str:
    while isinstance(bug, BaseExceptionGroup):
        bug = bug.exceptions[0]
    return f"{type(bug).__name__}: {bug}"
