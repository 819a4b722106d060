#!/usr/bin/env python3
"""Set Sihu up and run it: standard library only, so that a fresh clone needs nothing but Python.

The environment is ``.venv`` beside this file, installed from the hashed locks and stamped with their
digest; a stamp that fits costs nothing at the next start. See docs/decisions/0003-install-from-hashed-locks.md.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  said here, before anything below fails with a riddle
    sys.exit(f"run.py: Sihu needs Python 3.11 or newer, this is {sys.version.split()[0]} ({sys.executable})")

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, Protocol

HELP: Final = """\
Sihu, the signed event bus between neighbouring counties.

usage: python3 run.py COMMAND [ARGUMENTS]

  demo      a hub and six counties on this machine play a morning on the border
  test      every test, with a real nats-server; --full: with the stated N; other arguments go to pytest
  check     lint, format, types, contracts and the fast tests with coverage; or only those named
  bench     the benchmarks, beside bare nats-py in the same run
  simulate  counties under faults in virtual time, e.g. `--seeds 1000`, or `--seed 7 --trace`
  sihu      any command of the product, e.g. `python3 run.py sihu --help`
  shell     a shell that finds `sihu` and the tools
  wheels    fill a folder for an offline install on x86-64 and arm64: `python3 run.py wheels FOLDER`
  lock      resolve the dependencies anew and write the hashed locks

四互：相邻县之间的签名事件总线。首次运行自动安装环境；演示 python3 run.py demo，测试 python3 run.py test。"""

ROOT: Final = Path(__file__).resolve().parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
STAMP: Final = VENV / "sihu-stamp"
PIP_LOG: Final = VENV / "pip.log"

BUILD: Final = "requirements-build.lock.txt"
RUNTIME: Final = "requirements.lock.txt"
DEV: Final = "requirements-dev.lock.txt"
LOCKS: Final[Mapping[str, tuple[str, ...]]] = {"runtime": (BUILD, RUNTIME), "dev": (BUILD, DEV)}

OFFLINE_TESTS: Final = ("tests/unit", "tests/property")
FAST_TESTS: Final = (*OFFLINE_TESTS, "tests/architecture")
CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "contracts": ("lint-imports",),
    "files": ("pytest", "-q", "tests/architecture/test_tracked_files.py"),
    "tests": ("pytest", "-q", *FAST_TESTS, "--cov"),  # last: it would take the folder behind it for what to cover
}

USAGE_CODE: Final = 2
SETUP_CODE: Final = 69  # EX_UNAVAILABLE of sysexits.h: not to be confused with a failed test
NO_TESTS_CODE: Final = 5  # pytest: nothing was selected
SIGNAL_CODE: Final = 128  # a child that a signal ended returns this plus its number, as in shells


class SetupError(Exception):
    """The environment cannot be made; the text is one line and says what to do."""


def say(text: str) -> None:
    """Print one short line of progress on standard error."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """Return the variables every child gets: the environment first on PATH, UTF-8, kept bytecode, a quiet pip."""
    variables = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
    return variables | {
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # empty is off: else each start of a node compiles everything anew
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",  # a person's pip.conf may say `user = true`, which a virtual environment refuses
    }


# --- the environment -------------------------------------------------------------------------------


def prepare(level: str) -> None:
    """Make sure that ``.venv`` holds what ``level`` ("runtime" or "dev") needs."""
    if stamp(level) in stamps():
        return
    with one_at_a_time():
        if stamp(level) not in stamps():
            install(level)


def stamp(level: str, root: Path = ROOT) -> str:
    """Digest of everything an installation depends on: locks, project, Python, place."""
    digest = hashlib.sha256(f"{level} {sys.version_info[:2]} {root}".encode())
    for name in ("pyproject.toml", *LOCKS[level]):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def stamps() -> set[str]:
    """Return the stamps that the environment satisfies; none if it is missing or another Python's."""
    return set(STAMP.read_text(encoding="utf-8").split()) if STAMP.exists() and PYTHON.exists() else set()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one installation run at a time; the lock ends with the process, whatever ends it."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def install(level: str) -> None:
    """Install the locks of ``level`` and the project itself, then write the stamps."""
    started = time.monotonic()
    make_venv()
    STAMP.unlink(missing_ok=True)
    PIP_LOG.unlink(missing_ok=True)
    for lock in LOCKS[level]:
        count = len(re.findall(r"^[a-z0-9].*==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        say(f"installing {lock} ({count} packages)")
        # Without build isolation a package that comes as source is built by the hashed tools of the first lock.
        pip("install", "--require-hashes", "--no-build-isolation", "-r", lock)
    say("installing the project itself")
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
    satisfied = {"runtime", level}
    STAMP.write_text("\n".join(stamp(each) for each in sorted(satisfied)) + "\n", encoding="utf-8")
    say(f"ready in {time.monotonic() - started:.0f} s")


def make_venv() -> None:
    """Make ``.venv``; one that is sound is kept and brought up to date in place."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and (VENV / "lib" / version).is_dir() and made_here():
        return
    say(f"making .venv with {version} ({sys.executable})")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = last_line(done.stdout + done.stderr)
        raise SetupError(f"cannot make .venv: {reason} (on Debian: apt-get install python3-venv)")


def made_here() -> bool:
    """Tell whether the scripts of ``.venv`` point to it: a folder that was moved must be made anew."""
    activate = VENV / "bin" / "activate"
    return activate.exists() and str(VENV) in activate.read_text(encoding="utf-8")


def pip(*arguments: str) -> None:
    """Run pip in ``.venv``; its words go to ``.venv/pip.log``, a line of progress now and then to us."""
    command = [str(PYTHON), "-m", "pip", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    with process, PIP_LOG.open("a", encoding="utf-8") as log:
        fetched = 0
        for line in process.stdout or ():
            log.write(line)
            fetched += line.startswith("Collecting ")
            if line.startswith("Collecting ") and fetched % 15 == 0:
                say(f"  {fetched} fetched")
    if process.returncode != 0:
        reason = last_line(PIP_LOG.read_text(encoding="utf-8"))
        raise SetupError(f"pip failed ({process.returncode}): {reason} (all of it: {PIP_LOG})")


def last_line(text: str) -> str:
    """Return the last error that ``text`` names, or else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or line.startswith("Error")]
    return (errors or lines or ["no message"])[-1]


# --- children --------------------------------------------------------------------------------------


def become(program: str, *arguments: str) -> NoReturn:
    """Turn into ``program``: signals and the exit code are then its own, and nothing is left behind."""
    sys.stdout.flush()
    os.execvpe(program, [program, *arguments], environment())


def run(command: Sequence[str]) -> int:
    """Run one command in the project's folder and return its exit code; signals reach it, we outlive it.

    Returns:
        The child's code; 128 + N if signal N ended it or came to us meanwhile, however politely the child ended.
    """
    running: list[subprocess.Popen[bytes]] = []
    with passing_on(running) as received:
        process = subprocess.Popen(command, cwd=ROOT, env=environment())
        running.append(process)
        if received:  # it came before there was anybody to pass it on to
            process.send_signal(received[0])
        code = process.wait()
    if received:
        return SIGNAL_CODE + received[0]
    return code if code >= 0 else SIGNAL_CODE - code


class Signalled(Protocol):
    """Whoever can be sent a signal: a process, or several in a row."""

    def send_signal(self, __number: int) -> None:  # noqa: PYI063  an old Python reads this file, too
        """Send it."""


@contextlib.contextmanager
def passing_on(processes: Sequence[Signalled]) -> Iterator[list[int]]:
    """Let signals reach children as long as the block lasts; the list holds those that came."""
    received: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        # A terminal sends Ctrl-C to the child as well: twice would cut its tidying up.
        if number != signal.SIGINT or not sys.stdin.isatty():
            for process in processes:
                process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_all(parts: Mapping[str, Sequence[str]]) -> int:
    """Run every part, then say which failed; the exit code is the first one that is not 0."""
    codes: dict[str, int] = {}
    for name, command in parts.items():
        say(f"{name}: {' '.join(command)}")
        codes[name] = run(command)
        if codes[name] >= SIGNAL_CODE:  # a person who interrupts one part means all of them
            break
    if any(codes.values()):
        say("FAILED: " + ", ".join(f"{name} ({code})" for name, code in codes.items() if code))
    return next((code for code in codes.values() if code), 0)


# --- commands --------------------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> int:
    """Play the demonstration."""
    prepare("runtime")
    become(str(VENV / "bin" / "sihu"), "demo", *arguments)


def bench(arguments: Sequence[str]) -> int:
    """Measure. The peers that it measures beside are no part of the product: they come with what tests need."""
    prepare("dev")
    become(str(VENV / "bin" / "sihu"), "bench", *arguments)


def simulate(arguments: Sequence[str]) -> int:
    """Simulate counties under faults; see docs/simulation.md."""
    prepare("runtime")
    return run([str(PYTHON), "-m", "tests.simulation", *arguments])


def sihu(arguments: Sequence[str]) -> int:
    """Run any command of the product."""
    prepare("runtime")
    become(str(VENV / "bin" / "sihu"), *arguments)


def shell(arguments: Sequence[str]) -> int:
    """Open the person's own shell with the environment on PATH."""
    prepare("runtime")
    become(os.environ.get("SHELL") or "/bin/sh", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run every test, or those selected; ``tests/lanes.py`` says what runs beside what."""
    prepare("dev")
    if any(not each.startswith("-") for each in arguments):
        return run_all({"tests selected": [str(VENV / "bin" / "pytest"), *arguments]})
    return run([str(PYTHON), "-m", "tests.lanes", *arguments])


def check(arguments: Sequence[str]) -> int:
    """Run the checks named, or all of them."""
    unknown = [name for name in arguments if name not in CHECKS]
    if unknown:
        say(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        return USAGE_CODE
    prepare("dev")
    names = arguments or [name for name in CHECKS if name != "files"]  # `tests` holds `files`
    return run_all({name: [str(VENV / "bin" / CHECKS[name][0]), *CHECKS[name][1:]] for name in names})


def wheels(arguments: Sequence[str]) -> int:
    """Fill a folder from which an office without a network installs."""
    prepare("runtime")
    become(str(PYTHON), str(ROOT / "deploy" / "offline" / "make_wheelhouse.py"), *arguments)


def lock(arguments: Sequence[str]) -> int:
    """Write the locks: universal, hashed, without the name of any host. Arguments go to uv, e.g. ``--upgrade``."""
    prepare("dev")
    common = [str(VENV / "bin" / "uv"), "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
    # An extra stays in its pin: pip before 23.3 takes the newest version for it else, and refuses what has no hash.
    common += ["--generate-hashes", "--no-strip-extras"]
    common += ["--no-emit-index-url", "--no-header", "--no-config", *arguments]
    runtime = ["pyproject.toml", "--output-file", RUNTIME]
    dev = ["pyproject.toml", "--extra", "dev", "--constraint", RUNTIME, "--output-file", DEV]
    build = ["--group", "build", "--constraint", DEV, "--output-file", BUILD]
    return run_all({RUNTIME: [*common, *runtime], DEV: [*common, *dev], BUILD: [*common, *build]})


_ALL: Final = (demo, test, check, bench, simulate, sihu, shell, wheels, lock)
COMMANDS: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {command.__name__: command for command in _ALL}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(HELP)
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        say(f"no such command: {arguments[0]}; `python3 run.py` lists them")
        return USAGE_CODE
    try:
        return command(arguments[1:])
    except SetupError as error:
        say(f"error: {error}")
        return SETUP_CODE
    except KeyboardInterrupt:
        return SIGNAL_CODE + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
