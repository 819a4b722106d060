"""The cost of each guarantee, shown apart: a table that adds up part by part, and its picture."""

from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table

from tests.bench.bars import Bar, bars_svg
from tests.bench.figures import Figure

PREFIX: Final = "part_"
ADDING: Final[Mapping[str, str]] = {
    "append": "bytes alone, durable at the hub",
    "content": "+ strict JSON and the type's content model",
    "guards": "+ guards: no personal numbers, no banned fields",
    "agreement": "+ what the agreement permits",
    "chain": "+ header, digests, place in the chain",
    "signature": "+ Ed25519 signature",
    "outbox": "+ fsynced outbox, commits of 100",
    "opened": "+ at the neighbour: strict header, digests",
    "verified": "+ the signature verified",
    "judged": "+ content, guards and agreement judged again",
    "inbox": "+ chain judged, fsynced inbox, commits of 100",
    "receipts": "+ one signed receipt for 100 events",
}
INSTEAD: Final[Mapping[str, str]] = {
    "receipt_each": "a signed receipt for each event, instead",
    "encryption": "encrypted to one reader and the source",
    "decryption": "opened by that reader",
    "tls": "TLS 1.3 records, both ends of one connection",
}
REST: Final = "event loops, relay, pull, log, receipts' way back"


def parts_of(figure: Figure) -> dict[str, float]:
    """Return the parts of a figure by name, in microseconds of CPU per event; none for most figures."""
    found = {name: figure.numbers.get(f"{PREFIX}{name}_us") for name in (*ADDING, *INSTEAD)}
    return {name: value for name, value in found.items() if value is not None}


def rest_us(whole_us: float, parts: Mapping[str, float]) -> float:
    """Return what the whole takes beyond the parts that add up."""
    return whole_us - sum(parts[name] for name in ADDING)


def print_costs(figures: Sequence[Figure], stream: TextIO) -> None:
    """Print the table of each figure that has parts."""
    for figure in figures:
        parts = parts_of(figure) if figure.stands else {}
        if parts:
            Console(file=stream, width=None if stream.isatty() else 160).print(_table(figure, parts))


def _table(figure: Figure, parts: Mapping[str, float]) -> Table:
    table = Table(title=f"{figure.workload}: CPU per event of 1 KiB, part by part, medians")
    for name, side in (("part", "left"), ("µs", "right"), ("together", "right")):
        table.add_column(name, justify="left" if side == "left" else "right")
    total = 0.0
    for name, label in ADDING.items():
        total += parts[name]
        table.add_row(label, f"{parts[name]:.1f}", f"{total:.0f}")
    whole = figure.numbers["cpu_us"]
    table.add_row(REST, f"{rest_us(whole, parts):.1f}", f"{whole:.0f}", end_section=True)
    for name, label in INSTEAD.items():
        table.add_row(label, f"{parts[name]:.1f}", "")
    table.add_row("the floor's whole link", "", f"{figure.numbers['floor_cpu_us']:.0f}")
    return table


_ADDS: Final = "#b3261e"
_ASIDE: Final = "#9aa7ad"


def costs_svg(figure: Figure, foot: str) -> str:
    """Draw the parts: those that add up as steps, each beginning where the one before ended; the others from zero."""
    parts, whole = parts_of(figure), figure.numbers["cpu_us"]
    steps = [(label, parts[name]) for name, label in ADDING.items()] + [(REST, rest_us(whole, parts))]
    aside = [(label, parts[name]) for name, label in INSTEAD.items()]
    most, begun = max(whole, *(value for _, value in aside)), 0.0
    bars: list[Bar] = []
    for label, value in steps:
        bars.append(Bar(label, value, most, _ADDS, begun=begun))
        begun += value
    bars += [Bar(label, value, most, _ASIDE) for label, value in aside]
    floor = figure.numbers["floor_cpu_us"]
    sub = f"µs of CPU per event of 1 KiB; the whole link {whole:.0f} µs, the floor's {floor:.0f} µs"
    return bars_svg(f"{figure.workload} · {figure.title}", sub, bars, foot)
