"""The doctor's steps on the way to the partners: the link to the hub, and each partner as it was last seen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from services.cli import output
from services.cli.desk import Desk
from services.cli.findings import Finding, State

if TYPE_CHECKING:
    from services.bootstrap.link_checks import PartnerFacts

_HUB_SECONDS: Final = 5.0
_SKEW_SECONDS: Final = 5.0
_SILENT: Final = timedelta(minutes=10)
_NOTHING: Final = "nothing known yet"


def hub(desk: Desk) -> Iterator[Finding]:
    """Go to the hub as the node does, step by step."""
    from services.bootstrap.link_checks import hub_link

    for step in hub_link(desk.settings, desk.passphrase, timeout_seconds=_HUB_SECONDS):
        state = State.OK if step.holds else State.WARN if step.spare else State.FAIL
        yield Finding(state, step.text, step.mend)


def partners(desk: Desk) -> Iterator[Finding]:
    """Say of every partner what it last proved, what it owes, and how its clock goes."""
    from services.bootstrap.link_checks import partner_facts

    trust, known = desk.loaded_trust().trust, partner_facts(desk.settings)
    parties = {party for one in trust.agreements.values() for party in one.agreement.parties}
    if known is None:
        yield Finding(State.WARN, _NOTHING, "the node makes its database at its first start")
        return
    telephones = {member.county: member.duty_phone for member in trust.registry.members}
    for county in sorted(parties - {desk.settings.county}):
        yield partner(county, known.get(county), desk.now(), telephones.get(county, ""))


def partner(county: str, facts: "PartnerFacts | None", now: datetime, telephone: str) -> Finding:
    """Judge one partner by what is known of it."""
    if facts is None:
        return Finding(State.OK, f"{output.county(county)}: {_NOTHING}")
    said, mend = [], ""
    if facts.last_stored is None:
        said.append("has proved nothing yet")
    else:
        said.append(f"stored the newest that it proved {_ago(facts.last_stored, now)}")
    if facts.oldest_unstored is not None:
        said.append(f"owes a receipt since {_ago(facts.oldest_unstored, now).removesuffix(' ago')}")
        if now - facts.oldest_unstored > _SILENT:
            mend = f"telephone {telephone}: is their node there, and its link to the hub?"
    if facts.clock_ahead is not None:
        said.append(f"clock {facts.clock_ahead:+.1f} s as last seen")
        if facts.clock_ahead > _SKEW_SECONDS:
            mend = mend or f"compare the clocks with {telephone}; one of the two is not set by a time service"
    return Finding(State.WARN if mend else State.OK, f"{output.county(county)}: {', '.join(said)}", mend)


def _ago(moment: datetime, now: datetime) -> str:
    seconds = int((now - moment).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{max(0, seconds)} s ago"
