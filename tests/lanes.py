"""Every test, in four lanes beside each other: ``python3 run.py test`` without anything selected.

Real processes wait more than they work. Two lanes of them share a machine with one browser and with the tests that only
compute, which yield to them; towards the end each lane takes what is left. What a command used of the processor stands
behind its line: the whole is bound by that, not by waiting.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from run import NO_TESTS_CODE, OFFLINE_TESTS, PYTHON, ROOT, SIGNAL_CODE, VENV, environment, passing_on, run_all, say

SCENES: Final = ("tests/browser", "tests/scenario")  # real processes: each file is run by itself
AGAIN_MOST: Final = 3  # scenarios; more of them is no matter of what ran beside
RETOLD: Final = re.compile(r"FAILED |ERROR |E   |\S+:\d+: ")
"""What pytest says of a failure: told again at the end, where a log that is cut off still has it."""
RETOLD_MOST: Final = 50
_LINE_MOST: Final = 500
_TOGETHER: Final = 8
"""So many short scenarios share one process of pytest, whose own start costs more than many of them."""
_PATIENCE: Final = re.compile(r"timeout\((\d+)\)")
_YIELDING: Final = ("nice", "-n", "10")
"""For what only computes: it fills the time in which the others wait, from the beginning to the end."""

# In a network of its own even this machine's loopback is down; the API's tests call it. There is nothing else in it.
LOOPBACK_ONLY: Final = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
os.execv(sys.argv[1], sys.argv[1:])
"""

Command = Sequence[str]


class Lane(threading.Thread):
    """Commands one after the other, beside other lanes; each of their lines is printed with the lane's name."""

    def __init__(self, name: str, commands: Iterable[Command]) -> None:
        """Take what is to be run; lanes may share an iterator, and each takes the next command when it is free."""
        super().__init__(name=name)
        self.commands, self.stopped = commands, threading.Event()
        self.failed, self.codes = list[Command](), list[int]()
        self.last, self.why = list[str](), list[str]()
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Run the commands; kept are the codes, the last line of each, and what a failed one said of it."""
        for command in itertools.takewhile(lambda _: not self.stopped.is_set(), self.commands):
            self._run(command)

    def _run(self, command: Command) -> None:
        say(f"{self.name}: {command[-1]}")
        line, why = "", list[str]()
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        ) as process:
            self.process = process
            if self.stopped.is_set():  # a signal came while it started
                process.terminate()
            for line in process.stdout or ():
                print(f"{self.name:8} | {line}", end="", flush=True)
                why += [f"{self.name:8} | {line.rstrip()[:_LINE_MOST]}"] if RETOLD.match(line) else []
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = code = os.waitstatus_to_exitcode(status)
        busy = f"{used.ru_utime + used.ru_stime:.0f} s of the processor"
        self.last.append(f"{self.name:8} | {line.strip().strip('= ')} | {busy} | {command[-1]}")
        if code not in {0, NO_TESTS_CODE}:
            self.failed.append(command)
            self.why += why[-RETOLD_MOST:]
        self.codes.append(code if code >= 0 else SIGNAL_CODE - code)

    def send_signal(self, number: int) -> None:
        """Pass a signal on to the command that runs now; none follows it."""
        self.stopped.set()
        if self.process is not None:
            self.process.send_signal(number)


def run_beside(lanes: Sequence[Lane]) -> int:
    """Run lanes beside each other.

    Returns:
        The first code that is neither 0 nor "no test was selected here"; the latter if no lane selected any.
    """
    with passing_on(lanes) as received:
        for lane in lanes:
            lane.start()
        while any(lane.is_alive() for lane in lanes):
            time.sleep(0.1)  # a signal is handled between two of these
    print("\n".join(line for lane in lanes for line in (*lane.last, *lane.why)), flush=True)
    codes = [code for lane in lanes for code in lane.codes]
    bad = [code for code in codes if code not in {0, NO_TESTS_CODE}]
    if bad:
        say("FAILED: " + ", ".join(lane.name for lane in lanes if {*lane.codes} - {0, NO_TESTS_CODE}))
    if received:
        return SIGNAL_CODE + received[0]
    return bad[0] if bad else min(codes)


def longest_first(room: str) -> list[list[Path]]:
    """Return the test files of a room as they are run: by itself what may take long, as its own marks say, and first.

    Those that name no patience of their own are short, and share a process.
    """
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in (ROOT / room).glob("test_*.py")}
    patience = {path: sum(map(int, _PATIENCE.findall(text))) for path, text in texts.items()}
    long = sorted((path for path in texts if patience[path]), key=lambda path: (-patience[path], path))
    short = sorted(path for path in texts if not patience[path])
    return [[path] for path in long] + [short[at : at + _TOGETHER] for at in range(0, len(short), _TOGETHER)]


def network_switch() -> list[str] | None:
    """Return the words that start a command without a network, or None where the kernel refuses."""
    unshare = shutil.which("unshare")
    for flags in ("-n", "-rn"):
        if unshare and subprocess.run([unshare, flags, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, flags]
    return None


def main(arguments: Sequence[str]) -> int:
    """Run every test with these further arguments of pytest; a few scenarios that fail are run again alone."""

    def tests(places: Iterable[str | Path]) -> list[str]:
        names = [str(place) for place in places]
        cache = f"cache_dir=.pytest_cache/{Path(names[0]).stem}"  # one each: they run beside each other
        return [str(VENV / "bin" / "pytest"), *arguments, "-o", cache, "-q", *names]

    switch = network_switch()
    if switch is None:
        say("WARNING: `unshare` cannot switch the network off here: that unit and property tests are pure is NOT shown")
    alone = [*switch, str(PYTHON), "-c", LOOPBACK_ONLY] if switch else []
    rooms = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").iterdir() if any(path.rglob("test_*.py"))}
    others = sorted(rooms - {*OFFLINE_TESTS, *SCENES})
    calm = [[*_YIELDING, *alone, *tests([room])] for room in OFFLINE_TESTS] + [[*_YIELDING, *tests(others)]]
    quiet = iter(calm)
    browser, scenario = (iter([tests(files) for files in longest_first(room)]) for room in SCENES)
    queues = {"first": (quiet, scenario, browser), "browser": (browser, scenario, quiet)}
    queues |= dict.fromkeys(("scenes 1", "scenes 2"), (scenario, browser, quiet))
    lanes = [Lane(name, itertools.chain(*queue)) for name, queue in queues.items()]
    code = run_beside(lanes)
    failed = [command for lane in lanes for command in lane.failed]
    if failed and not any(command in calm for command in failed) and len(failed) <= AGAIN_MOST and code < SIGNAL_CODE:
        code = run_all({f"AGAIN, alone: {command[-1]}": command for command in failed})
    return code or (int(bool(os.environ.get("CI"))) if switch is None else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
