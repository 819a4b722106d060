"""The benchmark itself: a figure comes with its floor and its correctness, and goes when anything is lost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kannel import kannel_programs
from tests.smsc import node_with_smpp

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 150
ALWAYS = {"ratio", "rate", "floor_rate", "lost", "doubled", "out_of_order", "receipts_missing", "chain_breaks"}


def bench(*words: str) -> tuple[int, dict[str, Any]]:
    """Run the benchmark with tiny N; return the exit code and the last line of standard output."""
    command = [sys.executable, "-m", "tests.bench", "--json", "--rounds", "1", "--count", str(EVENTS), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(300)
def test_a_figure_stands_beside_its_floor_and_says_that_nothing_was_lost() -> None:
    """A program that reads the last line would miss the ratio, or take a figure whose correctness nobody counted."""
    code, figures = bench("--only", "S1,W1")

    assert code == 0
    assert list(figures) == ["S1", "W1"]
    for figure in figures.values():
        assert figure.keys() >= ALWAYS
        assert figure["n"] == EVENTS
        assert figure["ratio"] == pytest.approx(figure["rate"] / figure["floor_rate"], rel=0.01)
        assert figure["lost"] == figure["doubled"] == figure["out_of_order"] == figure["receipts_missing"] == 0
    assert figures["W1"]["faststream_rate"] > 0
    assert figures["W1"]["ratio_faststream"] > 0


@pytest.mark.timeout(300)
def test_an_event_that_was_accepted_and_never_arrived_takes_the_figure_away() -> None:
    """A loss that is averaged away would be published as speed."""
    code, figures = bench("--only", "S1,W1", "--plant", "loss")

    assert code == 1
    for name, sides in {"S1": ("floor", "sihu"), "W1": ("floor", "faststream", "sihu")}.items():
        assert figures[name]["ratio"] is figures[name]["rate"] is figures[name]["floor_rate"] is None
        assert figures[name]["lost"] == len(sides)
    assert figures["W1"]["receipts_missing"] == 1


@pytest.mark.timeout(300)
def test_a_page_that_was_never_told_takes_the_figure_away() -> None:
    """What pages people must lose nothing: once at rest, and once when it is killed in the middle."""
    code, figures = bench("--only", "W8", "--count", "40", "--plant", "loss")
    assert code == 1
    assert figures["W8"]["rate"] is None
    assert figures["W8"]["lost"] == 2 * len(("floor", "singly", "sihu"))


@pytest.mark.timeout(300)
def test_a_text_that_the_carrier_never_got_takes_the_figure_away() -> None:
    """A durable outbox whose last text was never sent must not be fast."""
    node_with_smpp()
    code, figures = bench("--only", "W9", "--plant", "loss")
    assert code == 1
    assert figures["W9"]["rate"] is None
    assert figures["W9"]["lost"] == (3 if kannel_programs() else 2)
    assert figures["W9"]["note"].startswith("measured earlier")
