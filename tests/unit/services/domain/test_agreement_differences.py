"""What another version of an agreement changes, in the words of who has to decide."""

from typing import Any

import pytest

from schemas.agreements import Contact, Deadline, Grant, Quota
from schemas.base import InformationClass
from schemas.catalogue import TYPES
from services.domain.agreement_differences import Flow, Way, differences
from services.domain.agreement_words import change_said, digest_lines, named, type_choices
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN

ALL = (NANDAN, HUANJIANG, LIBO)


def test_every_party_to_every_party_is_one_row() -> None:
    """Six counties would else be thirty rows, in which nobody sees the one that matters."""
    found = differences(None, papers.agreement())
    assert found.gained == (Flow(ALL, ALL, tuple(sorted(papers.agreement().grants[0].types))),)
    assert (found.lost, found.fields) == ((), ())


def test_a_type_that_comes_in_and_one_that_goes_are_told_apart() -> None:
    """What widens must not hide behind what narrows."""
    after = papers.agreement(
        grants=(Grant(types=(papers.ALERT, papers.POLICY)), Grant(types=(papers.WORK,), sources=(LIBO,)))
    )
    found = differences(papers.agreement(grants=(Grant(types=(papers.ALERT, papers.WORK)),)), after)
    assert found.gained == (Flow(ALL, ALL, (papers.POLICY,)),)
    assert found.lost == (Flow((NANDAN, HUANJIANG), ALL, (papers.WORK,)),)


def test_the_same_by_other_rows_is_no_difference() -> None:
    """Only what is permitted counts, not how it is written."""
    one = papers.agreement(grants=(Grant(types=(papers.ALERT,)), Grant(types=(papers.WORK,), sources=(LIBO,))))
    other = papers.agreement(
        grants=(
            Grant(types=(papers.WORK,), sources=(LIBO,), recipients=(NANDAN, HUANJIANG)),
            Grant(types=(papers.ALERT,), sources=ALL),
        )
    )
    assert differences(one, other).is_empty


@pytest.mark.parametrize(
    ("field", "value", "way"),
    [
        ("class_ceiling", InformationClass.PERSONAL, Way.MORE),
        ("class_ceiling", InformationClass.PUBLIC, Way.LESS),
        ("internal_in_clear", False, Way.LESS),
        ("content_max_bytes", 1024, Way.LESS),
        ("file_max_bytes", 1024, Way.LESS),
        ("purposes", ("emergency_warning", "policy_exchange", "work_exchange", "joint_response"), Way.MORE),
        ("purposes", ("emergency_warning",), Way.LESS),
        ("purposes", ("joint_response",), Way.OTHER),
        ("quotas", (Quota(events_per_hour=5),), Way.LESS),
        ("retention_days", 30, Way.OTHER),
        ("title", "另一个名字", Way.OTHER),
        ("deadlines", (Deadline(level=1, stored_seconds=9, acknowledged_minutes=1),), Way.OTHER),
        ("contacts", (Contact(county=LIBO, office="荔波县联络办", duty_phone="1234"),), Way.OTHER),
        ("coordinators", (LIBO,), Way.OTHER),
        ("valid_until", papers.later(days=30), Way.OTHER),
        ("valid_from", papers.NOW, Way.OTHER),
    ],
)
def test_each_term_that_changes_is_told_with_its_way(field: str, value: Any, way: Way) -> None:  # noqa: ANN401
    """A class that rises, an encryption that falls away: whoever signs must not have to find it."""
    found = differences(papers.agreement(), papers.agreement(**{field: value}))
    assert [(one.field, one.way) for one in found.fields] == [(field, way)]
    said = change_said(found.fields[0].field, found.fields[0].way, found.fields[0].before, found.fields[0].after)
    assert said.before != said.after
    assert not {"None", "True", "False", "[", "{"} & set(said.after.split())
    assert field not in said.label


def test_parties_that_leave_lose_what_they_had() -> None:
    """A smaller agreement permits less, for those who stay as well."""
    found = differences(papers.agreement(), papers.agreement(parties=(NANDAN, HUANJIANG), contacts=()))
    assert [(one.field, one.way) for one in found.fields] == [("parties", Way.LESS), ("contacts", Way.OTHER)]
    assert all(LIBO in (*one.sources, *one.recipients) for one in found.lost)
    assert found.gained == ()


def test_words_of_a_page() -> None:
    """Groups for the telephone, names for people, every type with its title."""
    assert digest_lines("0123456789abcdef" * 4)[0] == "0123 4567 89ab cdef"
    assert len(digest_lines("0" * 64)) == 4
    assert (named(ALL, ALL), named((LIBO,), ALL)) == ("各方", "荔波")
    kept = {one.wire_type for one in TYPES if ".control." not in one.wire_type}
    assert {one.value for one in type_choices()} == kept
