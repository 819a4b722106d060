"""``run.py`` as a person or a program calls it: exit codes, one-line errors, nothing left behind."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import run
from tests import lanes

ROOT = Path(run.__file__).parent


def call(*arguments: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``run.py`` of a folder."""
    command = [sys.executable, str(folder / "run.py"), *arguments]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)


def test_without_arguments_it_explains_itself() -> None:
    """A newcomer types the bare command first: every command is listed, in English and once in Chinese."""
    shown = call()
    assert shown.returncode == 0
    assert all(f"\n  {name} " in shown.stdout for name in run.COMMANDS)
    assert "演示 python3 run.py demo" in shown.stdout


def test_an_old_python_can_read_it_far_enough_to_say_so() -> None:
    """A server's Python 3.7 must tell the person which Python is needed, not that a line of ours is a syntax error."""
    tree = ast.parse(Path(run.__file__).read_text(encoding="utf-8"), feature_version=(3, 7))
    first = [type(node) for node in tree.body[:3]]
    assert first == [ast.Expr, ast.Import, ast.If], "docstring, `import sys`, the version: nothing may fail before"


@pytest.mark.parametrize("arguments", [("dmeo",), ("check", "lnit")])
def test_a_typing_mistake_is_one_line_and_code_2(arguments: tuple[str, ...]) -> None:
    """A mistyped name must not install an environment or run something else."""
    refused = call(*arguments)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert arguments[-1] in refused.stderr


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_the_exit_code_of_a_child_is_kept(script: str, code: int) -> None:
    """CI must see the tool's own verdict."""
    assert run.run(["sh", "-c", script]) == code


def test_a_failed_part_fails_the_whole_and_the_others_still_run(tmp_path: Path) -> None:
    """One red tool must neither hide the next one's findings nor be outvoted by it."""
    witness = tmp_path / "ran"
    parts = {"first": ["sh", "-c", "exit 3"], "second": ["touch", str(witness)]}
    assert run.run_all(parts) == 3
    assert witness.exists()


@pytest.mark.parametrize(("codes", "expected"), [((0, 3), 3), ((5, 0), 0), ((5, 5), 5), ((0, 0), 0)])
def test_lanes_run_beside_each_other_and_no_failure_is_lost(
    capsys: pytest.CaptureFixture[str], codes: tuple[int, int], expected: int
) -> None:
    """A red lane that a green one outlives, or lanes of which none had a test, must not pass for success."""
    first, second = (
        f"echo begins; sleep {wait}; echo ends; exit {code}" for wait, code in zip((0.2, 0.1), codes, strict=True)
    )
    beside = [lanes.Lane("one", [["sh", "-c", first], ["echo", "behind"]]), lanes.Lane("two", [["sh", "-c", second]])]
    if expected:
        beside[0].commands = [["sh", "-c", first]]
    assert lanes.run_beside(beside) == expected
    lines = capsys.readouterr().out.splitlines()
    assert lines.index("two      | ends") < lines.index("one      | ends")
    assert any(line.startswith("two      | ends | ") for line in lines[-3:])


def test_what_failed_is_told_again_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """A log that is cut to its end, as a builder keeps it, must still say which test failed and why."""
    said = "E       assert 3 <= 2\\ntests/test_one.py:7: AssertionError\\nFAILED tests/test_one.py::test_two"
    bad = ["sh", "-c", f"printf '{said}\\n'; echo '1 failed'; exit 1"]
    good = ["sh", "-c", "echo 'E   not told: nothing failed here'; echo '1 passed'"]
    assert lanes.run_beside([lanes.Lane("one", [bad, good])]) == 1
    end = capsys.readouterr().out.splitlines()[-5:]
    assert [line.removeprefix("one      | ").split(" | ")[0] for line in end] == [
        *("1 failed", "1 passed"),
        *("E       assert 3 <= 2", "tests/test_one.py:7: AssertionError", "FAILED tests/test_one.py::test_two"),
    ]


def test_a_signal_ends_every_lane(tmp_path: Path) -> None:
    """Ctrl-C must not leave half of a test run going on, nor start its second half."""
    pids = [tmp_path / "one", tmp_path / "two"]
    after = tmp_path / "after"
    scripts = [f"trap 'exit 2' INT TERM; echo $$ > {pid}; while :; do sleep 0.05; done" for pid in pids]
    beside = [[["sh", "-c", script], ["touch", str(after)]] for script in scripts]
    program = (
        "import sys; from tests.lanes import Lane, run_beside; "
        f"sys.exit(run_beside([Lane(str(n), one) for n, one in enumerate({beside!r})]))"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=-3) as parent:
        found = [int(wait_for(pid)) for pid in pids]
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(timeout=10) == run.SIGNAL_CODE + signal.SIGTERM
    assert not after.exists()
    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_child_and_leaves_none_behind(tmp_path: Path, number: signal.Signals) -> None:
    """`kill` or Ctrl-C on run.py must not leave a test run, or a hub, going on alone."""
    child_pid = tmp_path / "pid"
    after = tmp_path / "after"
    script = (
        f"trap 'exit 2' INT TERM; echo $$ > {child_pid}; while :; do sleep 0.05; done"  # ends politely, as pytest does
    )
    program = (
        "import sys, run; "
        f"sys.exit(run.run_all({{'first': ['sh', '-c', {script!r}], 'second': ['touch', {str(after)!r}]}}))"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=-3) as parent:
        pid = int(wait_for(child_pid))
        parent.send_signal(number)
        assert parent.wait(timeout=10) == run.SIGNAL_CODE + number
    assert not after.exists(), "whoever interrupts one part means all of them"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def wait_for(path: Path) -> str:
    """Return what another process writes to a file, at most ten seconds later."""
    deadline = time.monotonic() + 10
    while not path.exists() or not path.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with what an installation needs, and no environment yet."""
    for name in ("run.py", "pyproject.toml", run.BUILD, run.RUNTIME, run.DEV):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_pip_failing_is_one_clear_line(copy: Path) -> None:
    """No network on the first day: the person reads what failed and where the rest is written, not a traceback."""
    failed = call("demo", folder=copy, PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS="")

    assert failed.returncode == run.SETUP_CODE
    assert "Traceback" not in failed.stderr
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("run.py: error: pip failed")
    assert str(copy / ".venv" / "pip.log") in last
    assert not (copy / ".venv" / "sihu-stamp").exists()


@pytest.mark.parametrize(
    ("changed", "levels"),
    [
        ("pyproject.toml", {"runtime", "dev"}),
        (run.BUILD, {"runtime", "dev"}),
        (run.RUNTIME, {"runtime"}),
        (run.DEV, {"dev"}),
    ],
)
def test_whatever_an_installation_depends_on_is_in_the_stamp(copy: Path, changed: str, levels: set[str]) -> None:
    """A lock that changed under an old environment would be tested with yesterday's packages."""
    before = {level: run.stamp(level, copy) for level in run.LOCKS}

    (copy / changed).write_text("# changed\n", encoding="utf-8")

    assert {level for level in run.LOCKS if run.stamp(level, copy) != before[level]} == levels
