"""Threads that several counties write at once: whatever comes in whatever order, all see the same in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.threads import ThreadOf
from services.domain.acts import Act
from services.domain.encoding import digest_of
from services.domain.threads import judge, row_of, thread_of
from tests import joint
from tests.papers import LIBO, NANDAN, NOW, TIANE

COUNTIES = (joint.LEAD, LIBO, NANDAN, TIANE)
STATES = ("planned", "started", "done", "dropped")


def campaign_contents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any act of a campaign, in or out of turn."""
    word, number = (
        draw(st.sampled_from(("announced", "changed", "answered", "answered", "closed"))),
        draw(st.integers(0, 4)),
    )
    if word == "answered":
        return word, joint.answer(draw(st.sampled_from(("accepted", "tentative", "declined"))), number)
    if word == "closed":
        return word, joint.closing(number or 1, draw(st.sampled_from(("held", "cancelled"))))
    name = draw(st.sampled_from(("甲案", "乙案")))
    day = draw(st.sampled_from(("2027-06-30", "2027-07-01")))
    times = {"starts": f"{day}T09:00:00.000+08:00", "ends": f"{day}T17:00:00.000+08:00"}
    partners = joint.campaign()["partners"][: draw(st.integers(1, 3))]
    plan = joint.campaign(0 if word == "announced" else number or 1, name=name, partners=partners, **times)
    return word, plan


def offer_contents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any act of an offer."""
    word = draw(st.sampled_from(("offered", "turn", "turn", "turn", "turn", "withdrawn")))
    if word == "offered":
        return word, joint.offer(quantity=draw(st.sampled_from((100, 200))))
    if word == "withdrawn":
        seen = draw(st.dictionaries(st.sampled_from([f"c{LIBO}", f"c{NANDAN}"]), st.integers(1, 4)))
        return word, joint.withdrawal(**seen)
    said = draw(st.sampled_from(("accept", "counter", "counter", "decline", "question", "reply")))
    changes = {"quantity": draw(st.integers(1, 3))} if said == "counter" else {}
    return word, joint.turn(draw(st.integers(1, 5)), said, draw(st.sampled_from((LIBO, NANDAN))), **changes)


def project_contents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any act of a project."""
    word = draw(st.sampled_from(("proposed", "joined", "joined", "progressed", "progressed", "ended")))
    if word == "proposed":
        return word, joint.project(title=draw(st.sampled_from(("便桥", "公路"))))
    if word == "joined":
        return word, joint.joined(draw(st.sampled_from(("join", "decline"))))
    if word == "ended":
        return word, joint.ending(draw(st.sampled_from(("achieved", "stopped"))))
    steps = draw(
        st.lists(st.tuples(st.integers(1, 2), st.sampled_from(STATES)), max_size=2, unique_by=lambda one: one[0])
    )
    return word, joint.progress(draw(st.integers(1, 3)), *steps)


CONTENTS: tuple[Callable[[st.DrawFn], tuple[str, dict[str, Any]]], ...] = (
    campaign_contents,
    offer_contents,
    project_contents,
)


@st.composite
def acts_of_one_thread(draw: st.DrawFn) -> list[Act]:
    """Acts that nobody judged, by anybody, at any time; times may be equal."""
    contents = draw(st.sampled_from(CONTENTS))
    found = []
    for number in range(draw(st.integers(1, 12))):
        word, content = contents(draw)
        source, minutes = draw(st.sampled_from(COUNTIES)), draw(st.integers(0, 5))
        found.append(_act(word, content, source, minutes, number))
    return found


def _act(word: str, content: dict[str, Any], source: str, minutes: float, number: int) -> Act:
    made = parse_new(joint.MODELS[word].wire_type, content)
    assert not isinstance(made, tuple), made
    return Act(made, source, NOW + timedelta(minutes=minutes), digest_of(str(number).encode()), number + 1)


def _thread(event: Event) -> ThreadOf:
    found = thread_of(event)
    assert found is not None
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=acts_of_one_thread(), chooser=st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides(acts: list[Act], chooser: Any) -> None:  # noqa: ANN401 - hypothesis' own random
    """Whatever was written, by whom ever: the same acts leave the same thread."""
    thread = _thread(acts[0].event)
    shuffled = list(acts)
    chooser.shuffle(shuffled)
    assert row_of(thread, shuffled) == row_of(thread, acts)


@dataclass
class Desk:
    """What one county has of a thread, and what is on its way to it."""

    county: str
    held: list[Act] = field(default_factory=list)
    coming: list[Act] = field(default_factory=list)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Desk], list[Act]]:
    """Counties that write what their own view permits, while what they wrote is still on its way to the others."""
    contents = draw(st.sampled_from(CONTENTS))
    desks = [Desk(county) for county in COUNTIES]
    written: list[Act] = []
    for number in range(draw(st.integers(1, 25))):
        desk, taking = draw(st.sampled_from(desks)), draw(st.booleans())
        if desk.coming and taking:
            desk.held.append(desk.coming.pop(draw(st.integers(0, len(desk.coming) - 1))))
            continue
        word, content = contents(draw)
        made = _act(word, content, desk.county, number, number)
        if judge(_thread(made.event), desk.held, made, COUNTIES) is None:
            written.append(made)
            desk.held.append(made)
            for other in desks:
                if other is not desk:
                    other.coming.append(made)
    return desks, written


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories())
def test_an_honest_county_is_rejected_or_two_counties_see_two_things(story: tuple[list[Desk], list[Act]]) -> None:
    """What its author's own end permits, no other end refuses for good; and once all has come, all see the same."""
    desks, written = story
    rows = []
    for desk in desks:
        for made in desk.coming:
            refusal = judge(_thread(made.event), desk.held, made, COUNTIES)
            assert refusal is None or not refusal.final, refusal
            desk.held.append(made)
        rows.append(row_of(_thread(written[0].event), desk.held) if written else None)
    assert all(row == rows[0] for row in rows)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=acts_of_one_thread())
def test_a_strangers_act_changes_something(acts: list[Act]) -> None:
    """Acts that are refused for good have no effect, even if a broken county kept them."""
    thread = _thread(acts[0].event)
    honest = [one for one in acts if not _is_forbidden(thread, one)]
    row, clean = row_of(thread, acts), row_of(thread, honest)
    if row is None or clean is None:
        assert row == clean
        return
    assert (row.state, row.title, row.parties) == (clean.state, clean.title, clean.parties)


def _is_forbidden(thread: ThreadOf, one: Act) -> bool:
    refusal = judge(thread, [], one, COUNTIES)
    return refusal is not None and refusal.final
