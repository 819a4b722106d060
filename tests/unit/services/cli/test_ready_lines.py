"""A line that another program waits for is in its pipe at once: Python keeps what goes to a pipe until 8 KiB are there.

With PYTHONUNBUFFERED in the environment, as on a developer's machine, no such fault shows; here the stream is buffered
whatever the environment says.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, BinaryIO, Final

import pytest

import services.bootstrap.hub
import services.bootstrap.leaf
import services.bootstrap.logs
import services.bootstrap.node
from services.cli import main
from services.cli.output import print_json, show

PORTS: Final = SimpleNamespace(client=4222, leaf=7422, monitor=8222)


class Waiting:
    """The other end of a pipe: who waits for a line."""

    def __init__(self, end: BinaryIO) -> None:
        self._end = end

    def seen(self) -> str:
        """Return what can be read now."""
        return (self._end.read() or b"").decode()


@contextmanager
def piped() -> Iterator[Waiting]:
    """Make standard output a pipe for as long as the block lasts."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe, os.fdopen(reading, "rb") as end, redirect_stdout(pipe):
        yield Waiting(end)


def test_a_json_value_waits_for_nothing() -> None:
    """Every command with ``--json`` prints by this one function."""
    with piped() as waiting:
        print_json({"ready": True})
        assert waiting.seen() == '{"ready":true}\n'


def test_what_people_read_waits_for_nothing() -> None:
    """Somebody may look at a log that a program writes."""
    with piped() as waiting:
        show("节点已就绪 ready")
        assert waiting.seen() == "节点已就绪 ready\n"


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "people"])
@pytest.mark.parametrize(
    ("module", "runs", "words"),
    [
        (services.bootstrap.node, "run_node", ("node",)),
        (services.bootstrap.leaf, "run_leaf", ("leaf",)),
        (services.bootstrap.hub, "run_hub", ("hub", "run")),
    ],
)
def test_the_ready_line_comes_while_the_process_runs(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    module: ModuleType,
    runs: str,
    words: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """The demonstration, the tests and the benchmarks wait for this line: a child that keeps it hangs them."""
    seen: list[str] = []
    (tmp_path / "county.toml").write_text('county = "451226"\noffice = "环江"\nduty_phone = "0778-8820110"\n', "utf-8")
    monkeypatch.setenv("SIHU_PASSPHRASE", "four words of a test")
    monkeypatch.setattr(services.bootstrap.logs, "set_up_logging", lambda *_, **__: None)
    with piped() as waiting:

        async def run(*given: Any) -> None:  # noqa: ANN401 - settings and passphrase, or a directory; stop; ready
            tell = given[-1]
            tell(SimpleNamespace(settings=given[0], port=8640) if runs == "run_node" else PORTS)
            seen.append(waiting.seen())

        monkeypatch.setattr(module, runs, run)
        assert main([*words, "--dir", str(tmp_path), *(["--json"] if as_json else [])]) == 0
    assert seen[0].endswith("\n")
    if as_json:
        assert json.loads(seen[0])["ready"] is True
