"""The table of commands: every entry works, help is quick, and an error is one line with its exit code."""

import os
import subprocess
import sys
import time
from importlib import import_module

import pytest
import typer

from schemas.errors import Fault
from services.cli.app import COMMANDS, exit_code_of, overview
from tests.commands import sihu


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded(name: str) -> None:
    """A line of the help that leads nowhere is found out by whoever needs it most."""
    module, _, attribute = COMMANDS[name].target.partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, typer.Typer) or callable(found)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "bench"])
def test_every_command_explains_itself(name: str) -> None:
    """`--help` must work without a county, a node or a network."""
    outcome = sihu(name, "--help")
    assert outcome.code == 0
    assert "Usage" in outcome.out


def test_help_lists_every_command() -> None:
    """What is not listed does not exist for an officer."""
    for words in ((), ("--help",)):
        assert sihu(*words).out == overview()
    for name in COMMANDS:
        assert f"\n  {name} " in overview()
        assert f"{COMMANDS[name].zh}  " in overview(), "the Chinese name runs into what it does"


def test_help_loads_neither_rich_nor_pydantic() -> None:
    """`sihu --help` answers at once because nothing heavy is loaded before a command is chosen."""
    heavy = "{'aiohttp', 'cryptography', 'nats', 'pydantic', 'rich', 'typer'}"
    code = f"import sys; from services.cli import main; main(['--help']); sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_help_is_quick() -> None:
    """The best of five starts, on any machine that can run the node at all."""
    took = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "services.cli", "--help"], check=True, capture_output=True)
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("inbx",), "did you mean `sihu inbox`?"),
        (("zzz",), "`sihu --help` lists the commands"),
        (("show",), "Missing argument 'ID'"),
        (("hub",), "Missing command; `sihu hub --help`"),
        (("notices", "close"), "`sihu notices close --help` explains it"),
        (("inbox", "--lmit", "3"), "No such option: --lmit"),
        (("inbox", "--limit", "many"), "--limit"),
        (("token", "issue", "desk", "--scope", "everything"), "everything"),
    ],
)
def test_a_slip_of_the_fingers_is_one_line(words: tuple[str, ...], said: str) -> None:
    """A traceback or a page of usage tells nothing at three in the morning."""
    outcome = sihu(*words)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("sihu: ")
    assert outcome.err.count("\n") == 1
    assert said in outcome.err


def test_a_schema_is_found_by_what_an_officer_calls_the_type() -> None:
    """The table shows 预警发布, so that is what is typed."""
    assert "cn.sihu.information.alert_issued.v1" in sihu("schema", "预警发布").out


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
@pytest.mark.parametrize("words", [("--help",), ("schema",), ("inbox", "--dir", "/nowhere")])
def test_a_terminal_of_another_encoding_gets_words(encoding: str, words: tuple[str, ...]) -> None:
    """A county's old terminal speaks GBK, which has no check mark: a traceback came instead of the table."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *words], check=False, capture_output=True, env=environment
    )
    assert done.returncode == (2 if words[0] == "inbox" else 0)
    assert b"Traceback" not in done.stderr
    assert b"sihu" in done.stdout + done.stderr


def test_no_command_at_all_is_usage() -> None:
    """A script that lost its argument must not succeed."""
    assert sihu().code == 2
    assert sihu("--version").out.startswith("sihu ")


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("registry.not_pinned", 3),
        ("agreement.unsigned", 3),
        ("sharing.no_agreement", 3),
        ("access.revoked", 3),
        ("content.unknown_field", 2),
        ("request.not_found", 2),
        ("key.wrong_passphrase", 2),
    ],
)
def test_the_exit_code_tells_usage_from_refusal(code: str, exit_code: int) -> None:
    """A script must know whether to mend its input or to ask the neighbours."""
    assert exit_code_of(Fault(code, "", "")) == exit_code
