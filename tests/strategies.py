"""Hypothesis strategies for the events of the catalogue: ``alerts()``, ``bulletins()``, ``flow_reports()``.

Each draws content as JSON first and gives the model of it, so that what is drawn is what can travel.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st

from schemas.base import BEIJING, Event, format_time
from schemas.catalogue import parse_new
from schemas.counties import COUNTIES
from schemas.information.alert_parts import Certainty, HelpKind, ReportStage, ResponseType, Severity, Urgency
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.bulletins import BulletinKind, Openness, PolicyBulletinPublished, WorkBulletinPublished
from schemas.information.event_codes import EVENT_CODES, EventClass
from schemas.information.population import VALUES, Dimension, PeriodKind, PopulationFlowReported, ServicePlan

Content = dict[str, Any]

_CHARACTERS = "环江荔波天峨南丹暴雨洪水预警通报山河村镇一二三ABCxyz019·，。（）-"
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)
_LAST = datetime(2039, 12, 31, tzinfo=UTC)

counties = st.sampled_from(sorted(COUNTIES))
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
levels = st.none() | st.integers(1, 4)
amounts = st.builds("{}.{:02}".format, st.integers(0, 10**9), st.integers(0, 99))
phones = st.sampled_from(["110", "12345", "0778-1234567", "0854 3612345", "+86 778 1234567", "13800000000"])
moments = st.datetimes(_FIRST.replace(tzinfo=None), _LAST.replace(tzinfo=None), timezones=st.just(UTC))
days = st.dates(_FIRST.date(), _LAST.date())


def lines(max_size: int = 30) -> st.SearchStrategy[str]:
    """One line of text without a blank at its ends."""
    return st.text(_CHARACTERS, min_size=1, max_size=max_size)


def texts(max_size: int = 80) -> st.SearchStrategy[str]:
    """Text of several lines."""
    return st.lists(lines(max_size // 4), min_size=1, max_size=4).map("\n".join)


def spell(moment: datetime) -> str:
    """Spell a time as it travels."""
    return format_time(moment)


def alert_ids(moment: datetime, county: str = "522722") -> st.SearchStrategy[str]:
    """Ids of alerts recorded at a moment."""
    stamp = moment.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")
    return st.integers(0, 9).map(lambda number: f"{county}41600000_{stamp}_{number}")


def optional(drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or null."""
    return st.none() | drawn


@st.composite
def polygons(draw: st.DrawFn) -> str:
    """A closed line of at least four points, degrees."""
    numbers = st.integers(-89_000, 89_000).map(lambda number: f"{number / 1000:.3f}")
    points = draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=6))
    return " ".join(f"{north},{east}" for north, east in [*points, points[0]])


areas: st.SearchStrategy[Content] = st.fixed_dictionaries(
    {"desc": lines()},
    optional={
        "adcodes": st.lists(counties, max_size=3),
        "polygon": st.lists(polygons(), max_size=2),
        "circle": st.lists(st.just("25.41,107.88 12.5"), max_size=1),
        "altitude": st.just("1200.5"),
    },
)

impacts: st.SearchStrategy[Content] = st.fixed_dictionaries(
    {"reviewed": st.just(value=True)},
    optional={name: optional(st.integers(0, 10_000)) for name in ("dead", "missing", "injured", "trapped", "moved")}
    | {"loss_cny": optional(amounts)},
)


def _safe_scales(content: Content) -> Content:
    if content["class"] == EventClass.SAFETY:
        content |= {"warning_level": None, "event_grade": None}
    return content


@st.composite
def alert_contents(draw: st.DrawFn, model: type[Alert] = AlertIssued) -> Content:
    """Content of one alert type."""
    effective = draw(moments)
    code = draw(st.sampled_from(sorted(EVENT_CODES)))
    stage = draw(st.sampled_from(ReportStage))
    alert_id = draw(alert_ids(effective))
    content: Content = {
        "alert_id": alert_id,
        "report_stage": stage,
        "report_no": 1 if stage is ReportStage.FIRST else draw(st.integers(2, 99)),
        "class": EVENT_CODES[code].event_class,
        "event_code": code,
        "event_name": EVENT_CODES[code].name,
        "warning_level": draw(levels),
        "event_grade": draw(levels),
        "response_level": draw(levels),
        "urgency": draw(st.sampled_from(Urgency)),
        "severity": draw(st.sampled_from(Severity)),
        "certainty": draw(st.sampled_from(Certainty)),
        "effective": spell(effective),
        "expires": spell(effective + timedelta(minutes=draw(st.integers(1, 60 * 24 * 30)))),
        "headline": draw(lines(60)),
        "description": draw(texts()),
        "instruction": draw(optional(texts())),
        "response_types": draw(st.lists(st.sampled_from(ResponseType), unique=True, max_size=4)),
        "areas": draw(st.lists(areas, min_size=1, max_size=3)),
        "neighbour_risk": draw(_risks(effective)),
        "impact": draw(impacts) if stage is ReportStage.FINAL else draw(optional(impacts)),
        "help_wanted": draw(st.lists(_helps, max_size=2)),
        "duty_contact": {"office": draw(lines()), "phone": draw(phones)},
        "hotlines": draw(st.lists(st.fixed_dictionaries({"name": lines(), "phone": phones}), max_size=2)),
        "approved_by_role": "值班领导",
        "approved_at": spell(effective),
        "note": "险情已经解除。" if model is AlertCancelled else draw(optional(texts())),
    }
    if model is not AlertIssued:
        earlier = draw(alert_ids(effective - timedelta(hours=1)))
        content["predecessors"] = [{"alert_id": earlier}]
    return _safe_scales(content)


_helps = st.fixed_dictionaries({"kind": st.sampled_from(HelpKind), "quantity": amounts, "unit": lines(4)})


def _risks(effective: datetime) -> st.SearchStrategy[list[Content]]:
    expected = optional(st.just(spell(effective + timedelta(hours=2))))
    risk = st.fixed_dictionaries({"adcode": counties, "expected_at": expected, "why": lines()})
    return st.lists(risk, max_size=2, unique_by=lambda one: one["adcode"])


def _attachments() -> st.SearchStrategy[list[Content]]:
    one = st.fixed_dictionaries(
        {
            "name": st.integers(1, 99).map("附件{}.pdf".format),
            "media_type": st.just("application/pdf"),
            "size": st.integers(1, 10**6),
            "sha256": digests,
        }
    )
    return st.lists(one, max_size=2, unique_by=lambda attachment: attachment["name"])


@st.composite
def policy_contents(draw: st.DrawFn) -> Content:
    """Content of a policy bulletin."""
    issued = draw(days)
    due = draw(optional(moments))
    return {
        "doc_no": draw(lines(20)),
        "title": draw(lines(60)),
        "issuer": draw(lines()),
        "issued_on": issued.isoformat(),
        "effective_on": draw(optional(st.just((issued + timedelta(days=20)).isoformat()))),
        "expires_on": draw(optional(st.just((issued + timedelta(days=800)).isoformat()))),
        "topics": draw(st.lists(lines(10), max_size=3, unique=True)),
        "applies_to": draw(lines()),
        "summary": draw(texts()),
        "attachments": draw(_attachments()),
        "openness": draw(st.sampled_from(Openness)),
        "reply_wanted": due is not None,
        "reply_due": due and spell(due),
    }


@st.composite
def work_contents(draw: st.DrawFn) -> Content:
    """Content of a work bulletin."""
    start = draw(days)
    action = st.fixed_dictionaries(
        {"text": lines(), "owner_office": lines(), "due": optional(days.map(date.isoformat))}
    )
    return {
        "period": {"starts_on": start.isoformat(), "ends_on": (start + timedelta(days=30)).isoformat()},
        "kind": draw(st.sampled_from(BulletinKind)),
        "title": draw(lines(60)),
        "body": draw(texts(400)),
        "topics": draw(st.lists(lines(10), max_size=3, unique=True)),
        "actions": draw(st.lists(action, max_size=3)),
        "attachments": draw(_attachments()),
    }


def _cell(keys: Content, count: int | None) -> Content:
    return {"keys": keys, "value": count, "state": "suppressed" if count is None else "shown"}


@st.composite
def flow_contents(draw: st.DrawFn) -> Content:
    """Content of a population report that gives no hidden count away: totals only where they do not."""
    dimensions = draw(st.lists(st.sampled_from(Dimension), unique=True, max_size=2))
    origin, destination = draw(st.lists(counties, min_size=2, max_size=2, unique=True))
    k = draw(st.integers(5, 20))
    places = [dict(zip(dimensions, values, strict=True)) for values in product(*(VALUES[d] for d in dimensions))]
    counts = [draw(st.integers(0, 3 * k)) for _ in places]
    content: Content = {
        "period": PeriodKind.QUARTER,
        "period_start": f"{draw(st.integers(2020, 2030))}-{draw(st.sampled_from(['01', '04', '07', '10']))}-01",
        "origin_adcode": origin,
        "destination_adcode": destination,
        "dimensions": dimensions,
        "cells": [_cell(place, n if n >= k else None) for place, n in zip(places, counts, strict=True)],
        "method": {"k": k, "complementary": True, "version": "sihu-1"},
        "service_plan": draw(st.lists(st.sampled_from(ServicePlan), unique=True, max_size=3)),
    }
    total = _cell({}, sum(counts))
    with_total = content | {"cells": [*content["cells"], total]}
    if dimensions and sum(counts) >= k and not isinstance(parse_new(_FLOW, with_total), tuple):
        return draw(st.sampled_from([content, with_total]))
    return content


_FLOW = PopulationFlowReported.wire_type


def _model(wire_type: str) -> Callable[[Content], Event]:
    def parse(content: Content) -> Event:
        event = parse_new(wire_type, json.loads(json.dumps(content)))
        assert not isinstance(event, tuple), event
        return event

    return parse


def alerts() -> st.SearchStrategy[Event]:
    """Alerts issued, updated, cancelled."""
    types: tuple[type[Alert], ...] = (AlertIssued, AlertUpdated, AlertCancelled)
    return st.one_of(*(alert_contents(model).map(_model(model.wire_type)) for model in types))


def bulletins() -> st.SearchStrategy[Event]:
    """Policy and work bulletins."""
    return policy_contents().map(_model(PolicyBulletinPublished.wire_type)) | work_contents().map(
        _model(WorkBulletinPublished.wire_type)
    )


def flow_reports() -> st.SearchStrategy[Event]:
    """Population reports with protected counts."""
    return flow_contents().map(_model(_FLOW))


def events() -> st.SearchStrategy[Event]:
    """Any event of the information catalogue."""
    return st.one_of(alerts(), bulletins(), flow_reports())
