"""What is kept of a run: each workload's figures with the commit, date, versions and command that they came by.

A workload is written as soon as it was measured, in place of what was kept of it before: a run that is cut off leaves
what it had, and a single workload can be measured again on a quieter day.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.bench.surroundings import Surroundings

NAME = "bench.json"


def write_evidence(figure: Figure, around: Surroundings, folder: Path) -> Path:
    """Put one workload into ``bench.json``: surroundings, figure, and every number of every round that counted."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found[figure.workload] = {
        "surroundings": asdict(around),
        "figure": figure.as_dict(),
        "rounds": rounds_of(figure),
    }
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
