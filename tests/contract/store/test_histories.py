"""What later events are judged by: alerts of one event, population reports of the same people, marks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from schemas.base import Status
from schemas.errors import InvariantError
from schemas.records import AlertFacts, FlowPeople, HeldAlert, Mark
from services.ports import Snapshot, Store, Transaction
from tests.contract.store.samples import ALERT, THEM, THIRD, US, at, chain, envelope, link

PEOPLE = FlowPeople("month", date(2026, 2, 1), "451226", "522722")


def facts(name: str, *predecessors: str, level: int | None = 2, expires: float = 3600) -> AlertFacts:
    """An alert by name."""
    return AlertFacts(name, level, at(expires), tuple(sorted(predecessors)))


def recorded(
    tx: Transaction,
    source: str,
    *about: AlertFacts | FlowPeople,
    refused: bool = False,
    status: Status = Status.ACTUAL,
) -> list[str]:
    """Record one link per fact on a chain of ``source``; return the envelope ids."""
    name = f"of {source}"
    number = (
        tx.chains.current(envelope(channel=name).header.channel) or tx.chains.open(chain(name, source=source))
    ).number
    head = tx.chains.current(envelope(channel=name).header.channel)
    assert head is not None
    ids: list[str] = []
    for seq, one in enumerate(about, head.head.seq + 1):
        to = (US,) if source != US else (THEM,)
        made = envelope(seq, channel=name, wire_type=ALERT, source=source, to=to, status=status)
        tx.outbox.record([link(number, made, about=one, refused=refused)])
        tx.chains.advance(number, made.link.position)
        ids.append(made.envelope_id)
    return ids


async def test_alerts_are_found_by_id_whoever_used_it(store: Store) -> None:
    """A county that takes another's alert id for its own alert would pass for the issuer."""
    await store.write(lambda tx: recorded(tx, THEM, facts("a"), facts("b", "a")))
    await store.write(lambda tx: recorded(tx, THIRD, facts("a", level=None)))
    found = await store.read(lambda snapshot: snapshot.alerts(["a", "none"]))
    actual = Status.ACTUAL
    assert found == [HeldAlert(THEM, facts("a"), actual), HeldAlert(THIRD, facts("a", level=None), actual)]
    assert await store.read(lambda snapshot: snapshot.alerts([])) == []


@pytest.mark.parametrize("status", Status)
async def test_an_alert_keeps_the_status_that_it_was_sent_with(store: Store, status: Status) -> None:
    """An exercise that passes for a real alert would be let end one, or the other way round."""
    await store.write(lambda tx: recorded(tx, THEM, facts("a"), facts("b", "a", level=None), status=status))
    found = await store.read(lambda snapshot: snapshot.alerts(["a"]))
    assert found == [HeldAlert(THEM, facts("a"), status)]
    both = await store.read(lambda snapshot: snapshot.alerts_of_event(["a"], [THEM]))
    assert both == [HeldAlert(THEM, facts("a"), status), HeldAlert(THEM, facts("b", "a", level=None), status)]


async def test_alerts_of_one_event_are_found_over_others(store: Store) -> None:
    """An update that names the first alert only would leave the second in force unnoticed."""
    first = [facts("a"), facts("b", "a"), facts("c"), facts("d", "b", "c", level=None), facts("other")]
    await store.write(lambda tx: recorded(tx, US, *first))
    for start in "abcd":
        found = await store.read(lambda snapshot, start=start: snapshot.alerts_of_event([start], [US]))  # type: ignore[misc]
        assert [one.facts for one in found] == first[:4]
    assert await store.read(lambda snapshot: snapshot.alerts_of_event(["none"], [US])) == []


async def test_a_predecessor_that_is_not_here_joins_its_successors(store: Store) -> None:
    """Two updates of an alert issued before this store began belong to one event all the same."""
    await store.write(lambda tx: recorded(tx, US, facts("b", "a"), facts("c", "a")))
    found = await store.read(lambda snapshot: snapshot.alerts_of_event(["c"], [US]))
    assert [one.facts.alert_id for one in found] == ["b", "c"]


async def test_a_strangers_alerts_join_nothing(store: Store) -> None:
    """A partner names our alerts and floods the event with its own: ours could not be updated any more."""
    await store.write(lambda tx: recorded(tx, US, facts("a"), facts("b")))
    await store.write(lambda tx: recorded(tx, THEM, facts("bridge", "a", "b")))
    found = await store.read(lambda snapshot: snapshot.alerts_of_event(["a"], [US]))
    assert found == [HeldAlert(US, facts("a"), Status.ACTUAL)]
    both = await store.read(lambda snapshot: snapshot.alerts_of_event(["a"], [US, THEM]))
    assert [one.facts.alert_id for one in both] == ["a", "b", "bridge"]


async def test_an_event_that_names_itself_in_a_circle_ends(store: Store) -> None:
    """A partner's circle of predecessors that keeps the writer busy for ever."""
    await store.write(lambda tx: recorded(tx, THEM, facts("a", "b"), facts("b", "a")))
    assert len(await store.read(lambda snapshot: snapshot.alerts_of_event(["a"], [THEM]))) == 2


async def test_what_was_written_in_this_work_is_seen_and_undone_with_it(store: Store) -> None:
    """Two updates in one group that do not see each other, or a failed one that counts."""

    def work(tx: Transaction) -> int:
        recorded(tx, US, facts("a"), PEOPLE)
        return len(tx.alerts(["a"])) + len(tx.alerts_of_event(["a"], [US])) + len(tx.flow_reports(US, PEOPLE, 9))

    def failing(tx: Transaction) -> None:
        recorded(tx, US, facts("b", "a"))
        assert len(tx.alerts(["b"])) == 1
        raise InvariantError("broken off")

    assert await store.write(work) == 3
    with pytest.raises(InvariantError):
        await store.write(failing)
    assert await store.read(lambda snapshot: snapshot.alerts(["b"])) == []


async def test_refused_content_is_no_history(store: Store) -> None:
    """A refused update that ends an alert."""
    await store.write(lambda tx: recorded(tx, THEM, facts("a"), PEOPLE, refused=True))
    assert await store.read(lambda snapshot: snapshot.alerts(["a"])) == []
    assert await store.read(lambda snapshot: snapshot.flow_reports(THEM, PEOPLE, 9)) == []


async def test_what_has_not_expired_is_found_behind_what_has(store: Store) -> None:
    """An alert in force that stands behind hundreds of expired ones is on nobody's desk."""
    ids = await store.write(lambda tx: recorded(tx, THEM, facts("a", expires=3600), facts("b", expires=10)))
    more = await store.write(
        lambda tx: recorded(tx, US, facts("c", expires=7200), facts("d", level=None, expires=7200))
    )
    await store.write(lambda tx: recorded(tx, THIRD, facts("e", expires=7200), refused=True))

    def until(seconds: float, limit: int = 9) -> Callable[[Snapshot], list[str]]:
        return lambda snapshot: [row.envelope_id for row in snapshot.alerts_until(at(seconds), limit)]

    assert await store.read(until(60)) == [more[1], more[0], ids[0]]
    assert await store.read(until(3600)) == [more[1], more[0]]
    assert await store.read(until(60, 1)) == [more[1]]


async def test_population_reports_are_found_by_source_and_people(store: Store) -> None:
    """A second release is judged by itself because the first was not found."""
    other = replace(PEOPLE, period_start=date(2026, 3, 1))
    ids = await store.write(lambda tx: recorded(tx, US, PEOPLE, other, PEOPLE, PEOPLE))
    await store.write(lambda tx: recorded(tx, THEM, PEOPLE))
    found = await store.read(lambda snapshot: snapshot.flow_reports(US, PEOPLE, 2))
    assert [one.envelope.envelope_id for one in found] == [ids[3], ids[2]]
    assert len(await store.read(lambda snapshot: snapshot.flow_reports(THEM, PEOPLE, 9))) == 1
    assert await store.read(lambda snapshot: snapshot.flow_reports(THEM, other, 9)) == []


async def test_marks_are_shown_with_the_event(store: Store) -> None:
    """A doubt that nobody sees."""
    marks = (Mark.PREDECESSOR_MISSING, Mark.CLOCK_AHEAD)
    number = (await store.write(lambda tx: tx.chains.open(chain("in", source=THEM)))).number
    made = envelope(1, channel="in", wire_type=ALERT, source=THEM, to=(US,))
    plain = envelope(2, channel="in", source=THEM, to=(US,))
    await store.write(lambda tx: tx.outbox.record([link(number, made, marks=marks), link(number, plain)]))
    found = await store.read(lambda snapshot: snapshot.event(made.envelope_id))
    assert found is not None
    assert found.marks == (Mark.CLOCK_AHEAD, Mark.PREDECESSOR_MISSING)
    page = await store.read(lambda snapshot: snapshot.events(direction=None, wire_type=None, since=0, limit=9))
    assert [row.marks for row in page.rows] == [found.marks, ()]


async def test_clocks_are_compared_by_the_newest_head_of_each_county(store: Store) -> None:
    """A county whose clock runs ahead would pass for punctual by its oldest message, or by ours."""
    number = (await store.write(lambda tx: tx.chains.open(chain("in", source=THEM)))).number
    made = [envelope(seq, channel="in", source=THEM, to=(US,)) for seq in (1, 2)]  # claim the seconds 1 and 2

    def work(tx: Transaction) -> None:
        recorded(tx, US, facts("a"))
        tx.outbox.record([link(number, made[0], seconds=1), link(number, made[1], seconds=-5.5)])
        tx.chains.advance(number, made[1].link.position)

    await store.write(work)
    assert await store.read(lambda snapshot: dict(snapshot.clocks_ahead())) == {THEM: 7.5}
