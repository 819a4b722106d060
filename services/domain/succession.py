"""Who may update or cancel an alert, as what, which alerts it must name, and what a changed level does.

Source: docs/events.md, section "Judged by what came before".
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from schemas.base import Status
from schemas.errors import Fault
from schemas.records import AlertFacts, HeldAlert
from services.domain.levels import LevelChange, level_change

_FIELD: Final = "content.predecessors"


def higher_divisions(county: str) -> frozenset[str]:
    """Return the prefecture and the province of a county, by its code after GB/T 2260.

    A member registered under such a code is the registered superior of its counties.
    """
    return frozenset({f"{county[:4]}00", f"{county[:2]}0000"}) - {county}


def may_change(source: str, issuer: str) -> bool:
    """Tell whether a county may change what another issued."""
    return source == issuer or source in higher_divisions(issuer)


def judge_author(source: str, issuers: Iterable[str], superiors: Collection[str]) -> Fault | None:
    """An alert is changed only by the county that issued it or by its registered superior.

    Args:
        source: County that sends the update or cancellation.
        issuers: Counties that issued the alerts it names.
        superiors: Counties registered as superior to every one of those; empty if there is none.
    """
    others = {issuer for issuer in issuers if issuer != source}
    if not others or source in superiors:
        return None
    mend = (
        f"only {', '.join(sorted(others))} or its registered superior may change this alert; send a report of your own"
    )
    return Fault("alert.not_issuer", _FIELD, mend)


def judge_authorship(facts: AlertFacts, source: str, held: Iterable[HeldAlert]) -> Fault | None:
    """Judge the author of an update or cancellation by the alerts that are held; what is not held says nothing.

    Args:
        facts: Of the update or cancellation.
        source: County that sends it.
        held: Alerts recorded under the ids it names. Where several counties used one id, the source's own counts:
            nobody takes an alert from its issuer by using its id.
    """
    issuers = {one.source for meant in _meant(facts, source, held).values() for one in meant} - {source}
    return judge_author(source, issuers, superiors={source} if all(may_change(source, one) for one in issuers) else ())


def judge_status(facts: AlertFacts, source: str, status: Status, held: Iterable[HeldAlert]) -> Fault | None:
    """An update or cancellation has the status of what it names: no exercise ends what was meant.

    An exercise needs no second officer, so a cancellation that calls itself one would let one person end a red alert.

    Args:
        facts: Of the update or cancellation.
        source: County that sends it; judged to be one that may.
        status: Of the update or cancellation.
        held: Alerts recorded under the ids it names; what is not held says nothing. Where one id was used for a real
            alert and for an exercise, each has successors of its own.
    """
    for alert_id, meant in _meant(facts, source, held).items():
        if all(one.status is not status for one in meant):
            others = "、".join(sorted({one.status.value for one in meant}))
            mend = f"{alert_id} is {others} and this is {status.value}: give it the status of what it changes"
            return Fault("alert.other_status", "status", mend)
    return None


def _meant(facts: AlertFacts, source: str, held: Iterable[HeldAlert]) -> dict[str, list[HeldAlert]]:
    """Sort by id the alerts that are named; where the source itself used an id, its own alone are meant."""
    named: dict[str, list[HeldAlert]] = {}
    for one in held:
        if one.facts.alert_id in facts.predecessors:
            named.setdefault(one.facts.alert_id, []).append(one)
    return {
        alert_id: [one for one in found if one.source == source] or found for alert_id, found in sorted(named.items())
    }


def in_force(alerts: Collection[HeldAlert], source: str, at: datetime) -> set[str]:
    """Return the ids of the alerts that ``source`` may change and that are neither expired nor replaced nor ended.

    What another status names ends nothing: an older program may have let such an event pass.

    Args:
        alerts: Of one event.
        source: County that is about to change them.
        at: Aware UTC.
    """
    gone = {(alert_id, one.source, one.status) for one in alerts for alert_id in one.facts.predecessors}
    return {
        one.facts.alert_id
        for one in alerts
        if one.facts.level is not None
        and one.facts.expires > at
        and may_change(source, one.source)
        and not any(
            alert_id == one.facts.alert_id and may_change(by, one.source) and status is one.status
            for alert_id, by, status in gone
        )
    }


def judge_predecessors(facts: AlertFacts, in_force: Collection[str]) -> Fault | None:
    """An update or cancellation names every alert of its event that is still in force.

    Args:
        facts: Of the update or cancellation.
        in_force: Alert ids of the same event that its source may change, not expired.
    """
    unnamed = sorted(set(in_force) - set(facts.predecessors) - {facts.alert_id})
    if not unnamed:
        return None
    return Fault("alert.predecessor_unnamed", _FIELD, f"add {', '.join(unnamed)}; still in force")


def change_of(facts: AlertFacts, held: Iterable[HeldAlert], in_force: Collection[str]) -> LevelChange | None:
    """Compare the level of an update with the highest of those that it replaces.

    Returns:
        None for a cancellation, and if nothing in force is replaced: it is paged like a new alert.
    """
    replaced = set(facts.predecessors) & set(in_force)
    levels = [one.facts.level for one in held if one.facts.alert_id in replaced and one.facts.level is not None]
    return level_change(min(levels), facts.level) if levels and facts.level is not None else None
