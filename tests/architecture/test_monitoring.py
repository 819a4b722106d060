"""Dashboard and alert rules use figures that a node really gives, and every figure has a place where it is seen."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.state import State
from deploy.grafana.make import text
from schemas.subjects import Lane
from services.gateway.meters import Facts, Meters
from tests.architecture.tracked import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "sihu.json"
RULES = ROOT / "deploy" / "prometheus" / "sihu.rules.yml"
NAME = re.compile(r"\bsihu_[a-z_]+\b")
LABEL = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
OF_PROMETHEUS = {"instance", "job", "value"}
"""Labels that the scrape adds, and the value."""


def given() -> dict[str, set[str]]:
    """Every name that a node exposes, with its labels; each figure has at least one sample."""
    meters = Meters()
    meters.answered("submit", 202, 0.01)
    meters.refused("http.not_found")
    now = datetime(2026, 3, 4, tzinfo=UTC)
    counts = MemorySnapshot(State()).counts()
    facts = Facts(
        counts,
        dict.fromkeys(Lane, (2, 1)),
        {"451226": now},
        {"451226": now},
        {"451226": 1.0},
        {"451226": now},
        MemorySnapshot(State()).files.figures(),
        MemorySnapshot(State()).paging.figures(),
        MemorySnapshot(State()).cap.figures(),
        MemorySnapshot(State()).search.figures(),
    )
    ways = {"providers": {"mobile": True}, "feeds": {"weather": True}}
    exposition = meters.text(facts, now=now, live_clients=1, checks={"hub": True}, **ways).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def queries() -> dict[str, str]:
    """Every query of dashboard and rules, by where it stands."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    found = {f"panel {panel['title']} {one['refId']}": one["expr"] for panel in panels for one in panel["targets"]}
    return found | {f"rule {one['alert']}": str(one["expr"]) for one in rules()}


def rules() -> list[dict[str, Any]]:
    """Every alert rule."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_dashboard_is_what_its_maker_writes() -> None:
    """One that somebody edited by hand is lost at the next change; write it again by deploy/grafana/make.py."""
    assert DASHBOARD.read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("where", queries())
def test_a_query_names_figures_that_exist(where: str) -> None:
    """A panel of a renamed figure is empty, and an empty panel looks like calm."""
    names = set(NAME.findall(queries()[where]))
    assert names or "up{" in queries()[where]
    assert names - set(given()) == set()


def test_every_figure_is_shown_somewhere() -> None:
    """A figure that nobody looks at costs, and is missed on the day it is needed."""
    shown = {name for query in queries().values() for name in NAME.findall(query)}
    unseen = {name for name in given() if not name.endswith(("_created", "_count", "_sum"))} - shown
    assert unseen == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_says_whom_it_concerns_and_where_to_read_on(rule: dict[str, Any]) -> None:
    """At three in the morning somebody reads this one line."""
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert (ROOT / rule["annotations"]["runbook"]).exists()
    names = NAME.findall(str(rule["expr"]))
    labels = OF_PROMETHEUS.union(*(given()[name] for name in names))
    assert set(LABEL.findall(rule["annotations"]["summary"])) <= labels


def test_every_rule_is_in_the_manual() -> None:
    """And its name can be looked up."""
    manual = (ROOT / "docs" / "operator" / "running.md").read_text(encoding="utf-8")
    assert [one["alert"] for one in rules() if f"`{one['alert']}`" not in manual] == []
