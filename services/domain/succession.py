"""Who may update or cancel an alert, and which alerts it must name.

Source: docs/events.md, section "Guards of an alert".
"""

from collections.abc import Collection, Iterable

from schemas.errors import Fault
from schemas.information.alerts import SucceedingAlert


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
    return Fault("alert.not_issuer", "content.predecessors", mend)


def judge_predecessors(alert: SucceedingAlert, in_force: Collection[str]) -> Fault | None:
    """An update or cancellation names every alert of its event that is still in force.

    Args:
        alert: The update or cancellation.
        in_force: Alert ids of the same event, issued by the same office and not expired.
    """
    named = {one.alert_id for one in alert.predecessors}
    unnamed = sorted(set(in_force) - named - {alert.alert_id})
    if not unnamed:
        return None
    return Fault("alert.predecessor_unnamed", "content.predecessors", f"add {', '.join(unnamed)}; still in force")
