"""What is kept of a run must be what was measured, whenever each part of it was."""

import json
from pathlib import Path

from tests.bench.evidence import write_evidence
from tests.bench.figures import Better, Figure, figure_of
from tests.bench.samples import Sample
from tests.bench.surroundings import Surroundings


def around(commit: str) -> Surroundings:
    return Surroundings("2026-11-30T00:00:00+00:00", commit, "bench", "2 cores", "versions", 0.1)


def figure(name: str) -> Figure:
    rounds = [{"floor": Sample(1000, 2.0), "sihu": Sample(1000, 1.0)}] * 3
    return figure_of(name, "a link", "rate", Better.HIGHER, 1000, rounds, ())


def test_a_workload_measured_again_replaces_its_own_figures_and_no_others(tmp_path: Path) -> None:
    """A run that is cut off, or measures one workload alone, must not take the rest away."""
    first, second = figure("S1"), figure("W1")
    write_evidence(first, around("a"), tmp_path)
    write_evidence(second, around("a"), tmp_path)
    path = write_evidence(first, around("b"), tmp_path)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {name: one["surroundings"]["commit"] for name, one in found.items()} == {"S1": "b", "W1": "a"}
    assert found["W1"]["figure"] == json.loads(json.dumps(second.as_dict()))
