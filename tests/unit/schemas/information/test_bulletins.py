"""The rules of policy and work bulletins."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from schemas.information.bulletins import BulletinKind, WorkBulletinPublished
from services.demo.sampling import sample

_FILE = {"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("name", "change", "code", "field"),
    [
        ("policy_bulletin", {"expires_on": "2026-06-30"}, "rule", "expires_on"),
        ("policy_bulletin", {"effective_on": None, "expires_on": "2026-06-08"}, "rule", "expires_on"),
        ("policy_bulletin", {"reply_due": None}, "rule", "reply_due"),
        ("policy_bulletin", {"reply_wanted": False}, "rule", "reply_due"),
        ("policy_bulletin", {"repeals": ["甲", "甲"]}, "rule", "repeals"),
        ("policy_bulletin", {"repeals": ["甲"], "doc_no": "甲"}, "rule", "repeals"),
        ("policy_bulletin", {"topics": ["入学", "入学"]}, "rule", "topics"),
        ("policy_bulletin", {"topics": ["入学"] * 11}, "too_long", "topics"),
        ("policy_bulletin", {"attachments": [_FILE, _FILE]}, "rule", "attachments"),
        ("policy_bulletin", {"attachments": [_FILE | {"name": "../a.pdf"}]}, "wrong_form", "attachments.0.name"),
        ("policy_bulletin", {"attachments": [_FILE | {"name": ".bashrc"}]}, "wrong_form", "attachments.0.name"),
        ("policy_bulletin", {"attachments": [_FILE | {"size": 64 * 2**20 + 1}]}, "out_of_range", "attachments.0.size"),
        ("policy_bulletin", {"attachments": [_FILE | {"sha256": "0" * 63}]}, "wrong_form", "attachments.0.sha256"),
        ("policy_bulletin", {"summary": "策" * 501}, "too_long", "summary"),
        ("policy_bulletin", {"issued_on": "2026-06-31"}, "wrong_form", "issued_on"),
        ("policy_bulletin", {"issued_on": 20260609}, "wrong_type", "issued_on"),
        ("policy_bulletin", {"openness": "secret"}, "not_allowed", "openness"),
        ("work_bulletin", {"period": {"starts_on": "2026-05-02", "ends_on": "2026-05-01"}}, "rule", "period.ends_on"),
        ("work_bulletin", {"kind": "opinion"}, "not_allowed", "kind"),
        ("work_bulletin", {"bulletin_kind": "brief"}, "unknown_field", "bulletin_kind"),
        ("work_bulletin", {"topics": ["甲", "甲"]}, "rule", "topics"),
        ("work_bulletin", {"body": "作" * 8001}, "too_long", "body"),
        ("work_bulletin", {"body": "作\u0007"}, "wrong_form", "body"),
    ],
)
def test_a_wrong_bulletin_is_published(name: str, change: dict[str, Any], code: str, field: str) -> None:
    """One wrong field: exactly one fault, which names it."""
    one = sample(name)

    found = parse_new(one.wire_type, one.content | change)

    assert isinstance(found, tuple)
    assert [(fault.code, fault.field) for fault in found] == [(f"content.{code}", f"content.{field}")]


@pytest.mark.parametrize("name", ["policy_bulletin", "work_bulletin"])
def test_a_right_bulletin_is_refused(name: str) -> None:
    """What the demo publishes fits."""
    one = sample(name)

    assert not isinstance(parse_new(one.wire_type, one.content), tuple)


def test_the_kind_of_a_bulletin_hides_the_kind_of_the_event() -> None:
    """On the wire it is `kind`; in code the event's own kind stays what it is."""
    one = sample("work_bulletin")
    event = parse_new(one.wire_type, one.content)

    assert isinstance(event, WorkBulletinPublished)
    assert event.bulletin_kind is BulletinKind.EXPERIENCE
    assert event.kind == "report"
    assert '"kind":"experience"' in event.model_dump_json()
