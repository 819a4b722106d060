"""What is kept of a run: the figures with commit, date, versions and command."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.surroundings import Surroundings


def write_evidence(figures: Sequence[Figure], around: Surroundings, folder: Path) -> Path:
    """Write ``bench.json``: surroundings, every figure, and every number of every round that counted."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "surroundings": asdict(around),
        "figures": {figure.workload: figure.as_dict() for figure in figures},
        "rounds": {figure.workload: rounds_of(figure) for figure in figures},
    }
    path = folder / "bench.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def rounds_of(figure: Figure) -> list[dict[str, dict[str, float]]]:
    """Return each round: side -> numbers."""
    return [
        {
            side: {name: float(f"{value:.4g}") for name, value in sample.numbers().items()}
            for side, sample in one.items()
        }
        for one in figure.rounds
    ]
