"""Fields typed on the command line become the content that was meant, or a clear refusal."""

from typing import Any

import pytest

from schemas.errors import RequestError
from services.cli.fields import is_field, with_fields


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        (["headline=暴雨红色预警"], {"headline": "暴雨红色预警"}),
        (["report_no:=1", "reviewed:=true", "note:=null"], {"report_no": 1, "reviewed": True, "note": None}),
        (["report_no=1"], {"report_no": "1"}),
        (["formula=a=b"], {"formula": "a=b"}),
        (["impact.dead:=0", "impact.note="], {"impact": {"dead": 0, "note": ""}}),
        (["areas.0.name=洛阳镇", "areas.0.adcodes.0=451226"], {"areas": [{"name": "洛阳镇", "adcodes": ["451226"]}]}),
        (["areas.0.name=甲", "areas.1.name=乙"], {"areas": [{"name": "甲"}, {"name": "乙"}]}),
        (['areas:=[{"name":"甲"}]', "areas.0.name=乙"], {"areas": [{"name": "乙"}]}),
    ],
)
def test_fields_make_content(fields: list[str], content: dict[str, Any]) -> None:
    """Text stays text, JSON is JSON, dots nest, numbers index."""
    assert with_fields({}, fields) == content


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (["=value"], "request.field"),
        (["a..b=1"], "request.field"),
        (["a=1", "a.b=2"], "request.field"),
        (["areas.1.name=乙"], "request.field"),
        (["areas.0.name=甲", "areas.name=乙"], "request.field"),
        (["areas.0=甲", "areas.7=乙"], "request.field"),
        (["number:=1.5"], "json.float"),
        (["number:=one"], "json.malformed"),
        (['number:={"a":1,"a":2}'], "json.duplicate_key"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: list[str], code: str) -> None:
    """A field that silently lands elsewhere would be sent, signed and acted upon."""
    with pytest.raises(RequestError) as caught:
        with_fields({}, fields)
    assert caught.value.fault.code == code


def test_fields_are_told_from_files() -> None:
    """A name of a file has no equals sign; one that has is given as ./name."""
    assert is_field("headline=暴雨")
    assert not is_field("alert.json")
    assert not is_field("-")
