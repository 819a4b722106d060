"""The samples of the demo: valid, harmless and movable."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from schemas.catalogue import parse_new
from schemas.counties import COUNTIES
from services.demo.sampling import MORNING, sample, sample_texts
from services.domain.encoding import parse_strict
from services.domain.guards import guard_new


@pytest.mark.parametrize("name", sorted(sample_texts()))
def test_a_sample_is_refused(name: str) -> None:
    """Strict JSON, passed by every guard, fit for its model, from a county of the region."""
    one = sample(name)
    raw = json.dumps(one.content, ensure_ascii=False).encode()
    value = parse_strict(raw, max_bytes=len(raw))

    assert isinstance(value, dict)
    assert guard_new(value, raw) is None
    assert not isinstance(parse_new(one.wire_type, raw), tuple)
    assert one.source in COUNTIES


def test_a_moved_morning_loses_its_thread() -> None:
    """Times, alert ids and predecessors move by the same span; dates of documents stay."""
    begin = datetime(2027, 1, 31, 23, 30, 1, 999, tzinfo=UTC)
    first, second, last = (sample(f"rainstorm_{name}", begin=begin) for name in ("issued", "updated", "cancelled"))

    assert datetime.fromisoformat(first.content["effective"]) == begin.replace(microsecond=0)
    assert second.content["predecessors"][0]["alert_id"] == first.content["alert_id"]
    assert last.content["predecessors"][0]["alert_id"] == second.content["alert_id"]
    assert first.content["alert_id"] == "52272241600000_20270201073001_0"
    for one in (first, second, last):
        assert not isinstance(parse_new(one.wire_type, one.content), tuple)
    assert sample("policy_bulletin", begin=begin).content["issued_on"] == "2026-06-09"


def test_the_samples_move_when_nobody_asks() -> None:
    """Without a begin the morning is that of the files."""
    one = sample("rainstorm_issued")

    assert one.content == json.loads(sample_texts()["rainstorm_issued"])["content"]
    assert sample("rainstorm_issued", begin=MORNING + timedelta(milliseconds=5)).content == one.content
