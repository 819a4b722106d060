"""Run the demonstration: prepare, start, play, show, recount, and stay up or end."""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from schemas.base import BEIJING
from schemas.counties import name_of
from schemas.errors import Fault, RequestError
from services.bootstrap.cli import open_county
from services.bootstrap.stopping import stop_event
from services.demo.board import board_of, line_of, table_of
from services.demo.cast import CAST, PEOPLE
from services.demo.ceremony import Ceremony, Command, Say, Stage, choose_ports, set_hub_url
from services.demo.crew import TOLD, Smsc, equip
from services.demo.desks import Desk
from services.demo.link import Link
from services.demo.morning import CUT, Morning
from services.demo.pair import certify_pair
from services.demo.stories import Told, tell_stories
from services.demo.telling import telling
from services.demo.troupe import Troupe, start_hub
from services.demo.welcome import Links, invite_all, welcome
from services.settings import read_hub_settings, read_settings

_SERVERS: Final = (1, 3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one demonstration; ``holds`` decides the exit code."""

    figures: Mapping[str, Any]
    holds: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """How it is to be played.

    Attributes:
        servers: Of the hub: 1 or 3; what is kept stays as it was made.
        smsc: Where 环江's SMS go; None for the spool folders of a modem, whose far side the play has itself.
        once: End after the play instead of staying up.
        as_json: People's lines go to standard error, and the last line of standard output is one JSON object.
    """

    servers: int = 1
    smsc: Smsc | None = None
    once: bool = False
    as_json: bool = False


def run_demo(directory: Path | None, command: Command, wishes: Wishes) -> int:
    """Play the demonstration.

    Args:
        directory: Keeps the data; a second start goes on from it. None plays in a folder that goes away.
        command: Runs a `sihu` command in this process.
        wishes: How it is to be played.

    Returns:
        0 only if nothing was lost or doubled, every story ended as it should, and an officer who was told by SMS
        answered by SMS.

    Raises:
        RequestError: A hub has one server or three.
        UnavailableError: A process did not start, or the SMSC is not there.
    """
    if wishes.servers not in _SERVERS:
        raise RequestError(Fault("demo.servers", "--hub", "a hub has one server or three"))
    say = _sayer(as_json=wishes.as_json)
    kept = directory.resolve() if directory else None
    root = kept or Path(tempfile.mkdtemp(prefix="sihu-demo-"))
    try:
        stage = Stage(root)
        if not stage.prepared:
            today = open_county(root).clock.now()
            Ceremony(stage, CAST, choose_ports(CAST, wishes.servers), command).perform(say, today=today, people=PEOPLE)
        say("环江排定值班表，接通短信 环江's roster and its way to telephones")
        equip(stage, command, wishes.smsc)
        certify_pair(stage, command)
        links = {} if wishes.once else invite_all(stage, command)
        return asyncio.run(_run(stage, say, wishes, links))
    finally:
        if kept is None:
            shutil.rmtree(root, ignore_errors=True)


def _sayer(*, as_json: bool) -> Say:
    stream = sys.stderr if as_json else sys.stdout

    def say(text: str) -> None:
        stream.write(text + "\n")
        stream.flush()

    return say


async def _run(stage: Stage, say: Say, wishes: Wishes, links: Links) -> int:
    async with stop_event(until_stdin_closes=False) as stop:
        playing = asyncio.create_task(_play(stage, say, stop, wishes, links))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done() and not wishes.once:
            return await playing  # it sees the event itself once it stays up
        if not playing.done():
            playing.cancel()
        stopping.cancel()
        results = await asyncio.gather(playing, return_exceptions=True)
    return _code_of(results[0])


def _code_of(result: int | BaseException) -> int:
    if isinstance(result, asyncio.CancelledError):
        return 130  # as shells say of a program that Ctrl-C ended
    if isinstance(result, BaseException):
        raise result
    return result


async def _play(stage: Stage, say: Say, stop: asyncio.Event, wishes: Wishes, links: Links) -> int:
    troupe = Troupe(stage.root / "logs")
    try:
        async with AsyncExitStack() as stack:
            watched = _Watched(say)
            morning = await _open(stage, watched, troupe, stack, wishes.smsc)
            await morning.play()
            watched.each = False
            say("六县之间的小故事 short stories between two or three counties")
            told = await tell_stories(morning.desks, say, morning.begin)
            watched.each = True
            details = [await morning.detail(sent) for sent in morning.sent]
            _show(details, as_json=wishes.as_json)
            if not wishes.once:
                outcome = await _recounted(stage, morning, details, told)
                _tell(outcome, say, as_json=wishes.as_json)
                clock = open_county(stage.root).clock
                await welcome(links, morning.desks, say, clock=clock, begin=clock.now())
                await _stay(morning, say, stop)
                return 0 if outcome.holds else 1
        await troupe.stop_all()
        outcome = await _recounted(stage, morning, details, told)
        _tell(outcome, say, as_json=wishes.as_json)
        return 0 if outcome.holds else 1
    finally:
        await asyncio.shield(troupe.stop_all())


@dataclass(slots=True)
class _Watched:
    """What is said of each change at a desk, as long as each is: a story tells its own."""

    say: Say
    each: bool = True

    def __call__(self, code: str, entry: Mapping[str, Any]) -> None:
        """Say a line for a change that is worth one."""
        if self.each and (line := line_of(code, entry)):
            self.say(line)


async def _open(stage: Stage, watched: _Watched, troupe: Troupe, stack: AsyncExitStack, smsc: Smsc | None) -> Morning:
    say = watched.say
    say("枢纽、叶节点和六县节点启动 hub, leaf and six nodes start")
    links = [Link(read_hub_settings(home).port) for home in stage.servers]
    for link in links:
        await stack.enter_async_context(link.opened())
    set_hub_url(stage, CUT, *(link.port for link in links))
    homes = {part.code: str(stage.county(part.code)) for part in CAST}
    leafs = [part.code for part in CAST if part.behind_leaf]
    starting = (troupe.start(f"leaf-{code}", "leaf", "--dir", homes[code]) for code in leafs)
    await asyncio.gather(start_hub(stage, troupe), *starting)
    # Not before: a node that finds no streams looks again only seconds later, and the first alert would wait for that.
    await asyncio.gather(*(troupe.start(code, "node", "--dir", home) for code, home in homes.items()))
    desks = {part.code: Desk(stage, part.code, read_settings(stage.county(part.code)).api.port) for part in CAST}
    for desk in desks.values():
        await stack.enter_async_context(desk.watched(watched))
    told = await stack.enter_async_context(telling(stage, desks[TOLD], say, smsc))
    await told.reach()
    return Morning(stage, desks, troupe, links, told, say, open_county(stage.root).clock.now().astimezone(BEIJING))


def _show(details: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    stream = sys.stderr if as_json else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else 150, highlight=False)
    console.print()
    console.print(table_of([part.code for part in CAST], details))
    console.print(board_of(details[0]))


async def _stay(morning: Morning, say: Say, stop: asyncio.Event) -> None:
    say("演示继续运行，按 Ctrl-C 结束 stays up, Ctrl-C ends it. 试一试 try:")
    for code, desk in morning.desks.items():
        say(f"  {name_of(code)} {desk.address}/api/v1/events   sihu inbox --dir {morning.stage.county(code)}")
    await stop.wait()


async def _recounted(stage: Stage, morning: Morning, details: Sequence[Mapping[str, Any]], told: Told) -> Outcome:
    """Let the separate program recount, and put its figures beside what the API said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.demo.recount", str(stage.root)), stdout=asyncio.subprocess.PIPE
    )
    count = json.loads((await process.communicate())[0])
    acknowledged = sum(1 for one in details for delivery in one["deliveries"] if delivery["acknowledged_at"])
    calm, disturbed = _latencies(details, morning.disturbed)
    figures = {
        "members": len(CAST),
        "servers": len(stage.servers),
        **{name: count[name] for name in ("events", "deliveries", "stored", "lost", "duplicated", "out_of_order")},
        "unexpected": count["unexpected"],
        "acknowledged": acknowledged,
        "stories": told.ends,
        "paging": {"driver": morning.telling.driver, **count["paging"]},
        "latency_ms": {"p50": _percentile(calm, 0.5), "p99": _percentile(calm, 0.99), "count": len(calm)},
        "disturbed_ms": {"max": _percentile(disturbed, 1.0), "count": len(disturbed)},
    }
    paged = count["paging"]
    by_telephone = paged["answered"] > 0 and paged["late"] == 0
    return Outcome(figures, process.returncode == 0 and acknowledged > 0 and by_telephone and told.holds)


def _latencies(details: Sequence[Mapping[str, Any]], disturbed: set[str]) -> tuple[list[float], list[float]]:
    """Return milliseconds from the source's time to the receiver's, apart for events sent during a fault."""
    found: tuple[list[float], list[float]] = ([], [])
    for detail in details:
        made = datetime.fromisoformat(detail["header"]["time"])
        for delivery in detail["deliveries"]:
            passed = (datetime.fromisoformat(delivery["stored_at"]) - made).total_seconds() * 1000
            found[detail["envelope_id"] in disturbed].append(passed)
    return found


def _percentile(values: Sequence[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else None


def _tell(outcome: Outcome, say: Say, *, as_json: bool) -> None:
    figures = outcome.figures
    verdict = "无一丢失，无一重复 nothing lost, nothing doubled" if outcome.holds else "不完整 NOT complete"
    say(
        f"{figures['events']} 个事件，{figures['deliveries']} 次投递，{figures['stored']} 份入库回执，"
        f"{figures['acknowledged']} 次签收：{verdict}"
    )
    told = figures["paging"]
    took = "–" if told["seconds"] is None else f"{told['seconds']} 秒"
    say(
        f"短信 {told['paged']} 条，{told['answered']} 件由短信回复签收（至多 {took}），签收后又发 {told['late']} 条 "
        "SMS sent, answered, sent after the answer"
    )
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
