"""What an officer is shown of an SMS is what people will read."""

import json
from typing import Any

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.information.alerts import AlertIssued, AlertUpdated
from schemas.information.bulletins import WorkBulletinPublished
from services.domain.sms_preview import preview_of
from services.domain.sms_text import Signature, SignaturePlace
from tests.architecture.tracked import ROOT

SAMPLES = ROOT / "services" / "demo" / "samples"


def event(name: str, wire_type: str, **changes: Any) -> Any:  # noqa: ANN401
    """A sample of the demonstration."""
    content = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["content"]
    return parse_new(wire_type, content | changes)


def test_a_preview_says_what_no_sms_will() -> None:
    """Level, county, kind and code, in one part; nothing that was written by hand."""
    alert = event("rainstorm_issued", AlertIssued.wire_type, headline="请王某某防范")
    preview = preview_of(alert, "522722", signature=Signature("环江应急", SignaturePlace.FIRST))

    assert preview is not None
    assert preview.text == "【环江应急】荔波发2级预警：荔波，暴雨。回复37收到。"
    assert [part.text for part in preview.parts] == [preview.text]
    assert preview.units == len(preview.text)
    assert (preview.place, preview.event) == ("荔波", "暴雨")


def test_a_drill_looks_real() -> None:
    """An exercise says so first; a raised level is told as one."""
    alert = event("rainstorm_updated", AlertUpdated.wire_type)
    drill = preview_of(alert, "522722", status=Status.EXERCISE)
    raised = preview_of(alert, "522722", is_raised=True)

    assert drill is not None
    assert drill.text.startswith("【演练】")
    assert raised is not None
    assert "升为" in raised.text


def test_a_bulletin_promises_an_sms() -> None:
    """Of what is no alert nobody is told by an SMS of its own."""
    assert preview_of(event("work_bulletin", WorkBulletinPublished.wire_type), "451226") is None
