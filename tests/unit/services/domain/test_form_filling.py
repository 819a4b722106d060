"""A code of the national table says name and class of its event; nothing that was written is overruled."""

import pytest
from pydantic import JsonValue

from services.domain.form_filling import filled_alert


@pytest.mark.parametrize(
    ("content", "name", "of_class"),
    [
        ({"event_code": "11B03"}, "暴雨", "natural"),
        ({"event_code": "11B03", "event_name": "特大暴雨"}, "特大暴雨", "natural"),
        ({"event_code": "11B03", "code_scheme": "自定"}, None, None),
        ({"event_code": "99Z99"}, None, None),
        ({"event_code": 11}, None, None),
        ({}, None, None),
    ],
)
def test_a_code_is_told_and_its_name_asked_for(
    content: dict[str, JsonValue], name: str | None, of_class: str | None
) -> None:
    """Less to write at night; a code that the table lacks says nothing."""
    filled = filled_alert(content)

    assert (filled.get("event_name"), filled.get("class")) == (name, of_class)
    assert content.items() <= filled.items()
