"""Rules of CAP beyond its schema: references, audience, bounds."""

from dataclasses import replace

import pytest

from schemas.cap import ELEMENTS_MAX, INFOS_MAX, POINTS_MAX, CapAlert, CapArea
from services.domain.cap_rules import judge_cap, reference_of
from tests.cap import LEAST, PLAIN, WHOLE

EARLIER = "a,0,2025-06-11T07:00:00+08:00"
RING = " ".join("1,1" for _ in range(POINTS_MAX))


def with_points(text: str, *more: str) -> CapAlert:
    return replace(LEAST, infos=(replace(PLAIN, areas=(CapArea("x", polygons=(text, *more)),)),))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (replace(LEAST, references="a,1,2025-06-11T08:30:00+08:00"), "references"),  # itself
        (replace(LEAST, references="a,1,2024-06-11T08:30:00+08:00"), "references"),  # itself, at another time
        (replace(LEAST, references="b,2,2025-06-11T08:30:01+08:00"), "references"),  # a second later
        (replace(LEAST, references="b,2,2025-06-11T08:29:00+07:00"), "references"),  # later in another offset
        (replace(LEAST, references="b,2"), "references"),
        (replace(LEAST, references="b,2,yesterday"), "references"),
        (replace(LEAST, references=",2,2025-06-11T07:00:00+08:00"), "references"),
        (replace(LEAST, references="b,2,3,2025-06-11T07:00:00+08:00"), "references"),
        (replace(LEAST, references=" ".join([EARLIER] * 201)), "references"),
        (replace(LEAST, msg_type="Cancel"), "references"),
        (replace(LEAST, msg_type="Ack"), "references"),
        (replace(LEAST, msg_type="Error", references=" "), "references"),
        (replace(LEAST, scope="Restricted"), "restriction"),
        (replace(LEAST, scope="Restricted", restriction=" "), "restriction"),
        (replace(LEAST, restriction="Members"), "restriction"),
        (replace(LEAST, scope="Private"), "addresses"),
        (replace(LEAST, sent="2025-06-31T08:30:00+08:00"), "sent"),
        (replace(LEAST, sent="2025-06-11T24:00:00+08:00"), "sent"),
        (replace(LEAST, sent="1969-06-11T08:30:00+08:00"), "sent"),
        (replace(LEAST, infos=(PLAIN,) * (INFOS_MAX + 1)), "info"),
        (with_points(RING, "1,1"), "polygon"),
        (replace(LEAST, codes=("x",) * ELEMENTS_MAX), "alert"),
    ],
)
def test_a_document_against_the_rules_is_taken(document: CapAlert, field: str) -> None:
    """Circular, later-dated and unreadable references; an audience at odds with the scope; too much of anything."""
    fault = judge_cap(document)
    assert fault is not None
    assert fault.code.startswith("cap.")
    assert fault.field == field
    assert "\n" not in str(fault)


@pytest.mark.parametrize(
    "document",
    [
        LEAST,
        WHOLE,
        replace(LEAST, references=EARLIER, msg_type="Cancel"),
        replace(LEAST, references=f"{EARLIER}\n b,1,2025-06-11T08:30:00+08:00"),  # at the same time, another's
        replace(LEAST, references=""),
        replace(LEAST, scope="Restricted", restriction="Members"),
        replace(LEAST, restriction="", addresses=""),
        replace(LEAST, scope="Private", addresses="a"),
        replace(LEAST, infos=(PLAIN,) * INFOS_MAX),
        with_points(RING),
    ],
)
def test_a_document_within_the_rules_is_refused(document: CapAlert) -> None:
    """On the bound itself, and with elements that are there and empty."""
    assert judge_cap(document) is None


def test_a_reference_changes_when_it_is_read() -> None:
    """It is kept as it stands: another offset would name another document."""
    assert str(reference_of("a,b,2025-06-11T07:00:00-00:00")) == "a,b,2025-06-11T07:00:00-00:00"
