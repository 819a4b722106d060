"""From what was asked to what will be signed: defaults, and every refusal with its field and mend."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.base import InformationClass, Kind, Status
from schemas.catalogue import parse_new, schema_of
from schemas.control import ChainKind
from schemas.drafts import EventDraft
from schemas.envelope import Ref, RefRelation
from schemas.errors import Fault
from services.domain.drafting import Outgoing, complete, schema_ref
from services.domain.levels import level_of
from tests import papers
from tests.papers import ALERT, FUNING, HUANJIANG, LIBO, NANDAN, NOW, POLICY, WORK

WORK_CONTENT = {
    "period": {"starts_on": "2026-02-01", "ends_on": "2026-02-28"},
    "kind": "brief",
    "title": "二月联防联调工作动态",
    "body": "三县联合巡查水库两次。",
}


def completed(wire_type: str, content: dict[str, Any], *, county: str = LIBO, **changes: Any) -> Outgoing | Fault:  # noqa: ANN401
    """Complete a draft as 荔波's node does."""
    event = parse_new(wire_type, content)
    assert not isinstance(event, tuple), event
    draft = EventDraft.model_validate({"type": wire_type, "agreement": papers.AGREEMENT, "content": content} | changes)
    body = papers.as_bytes(content)
    return complete(draft, event, content=body, trust=papers.trust(), county=county, now=NOW)


def test_an_alert_gets_the_defaults_of_its_type_and_agreement() -> None:
    """Every other party, the first agreed purpose, level 1 in the urgent lane, five minutes to answer."""
    found = completed(ALERT, papers.alert_content())
    assert isinstance(found, Outgoing)
    assert found.to == (NANDAN, HUANJIANG)
    assert found.purpose == "emergency_warning"
    assert found.information_class is InformationClass.PUBLIC
    assert found.status is Status.ACTUAL
    assert found.kind is Kind.REPORT
    assert (found.priority, found.level) == (0, 1)
    assert found.acknowledge_by == NOW + timedelta(minutes=5)
    assert found.expires is not None
    assert found.expires == NOW + timedelta(hours=5, minutes=45)
    assert found.chain_kind is ChainKind.EVENT
    assert found.agreement == papers.in_force()


def test_a_work_bulletin_is_internal_and_not_urgent() -> None:
    """Another type, other defaults: no expiry, no deadline, no level."""
    found = completed(WORK, WORK_CONTENT)
    assert isinstance(found, Outgoing)
    assert (found.information_class, found.priority, found.level) == (InformationClass.INTERNAL, 3, None)
    assert (found.expires, found.acknowledge_by) == (None, None)


def test_what_was_asked_wins_over_defaults() -> None:
    """Every optional field of the draft."""
    ref = Ref(rel=RefRelation.CASE, id="c" * 64)
    found = completed(
        ALERT,
        papers.alert_content(),
        to=(HUANJIANG,),
        purpose="policy_exchange",
        **{"class": InformationClass.INTERNAL},
        status=Status.EXERCISE,
        kind=Kind.UPDATE,
        priority=2,
        expires=papers.later(hours=1),
        acknowledge_by=papers.later(minutes=3),
        refs=(ref,),
    )
    assert isinstance(found, Outgoing)
    assert (found.to, found.purpose, found.information_class) == (
        (HUANJIANG,),
        "policy_exchange",
        InformationClass.INTERNAL,
    )
    assert (found.status, found.kind, found.priority, found.refs) == (Status.EXERCISE, Kind.UPDATE, 2, (ref,))
    assert (found.expires, found.acknowledge_by) == (papers.later(hours=1), papers.later(minutes=3))


def test_recipients_are_sorted_and_named_once() -> None:
    """The header demands it, and the channel is computed from it."""
    found = completed(POLICY, papers.policy_content(), to=(HUANJIANG, NANDAN, HUANJIANG))
    assert isinstance(found, Outgoing)
    assert found.to == (NANDAN, HUANJIANG)


def test_a_purpose_the_agreement_lacks_is_not_made_up() -> None:
    """The type's own first purpose is taken and then refused, so the officer hears which ones are agreed."""
    in_force = papers.in_force(purposes=("work_exchange",))
    event = parse_new(POLICY, papers.policy_content())
    assert not isinstance(event, tuple)
    draft = EventDraft(type=POLICY, agreement=papers.AGREEMENT, content=papers.policy_content())
    trust = papers.trust(in_force)
    found = complete(draft, event, content=b"{}", trust=trust, county=LIBO, now=NOW)
    assert isinstance(found, Fault)
    assert (found.code, found.mend) == ("sharing.purpose", f"{papers.AGREEMENT} knows: work_exchange")


@pytest.mark.parametrize(
    ("changes", "code", "field", "mend"),
    [
        ({"agreement": "other"}, "sharing.no_agreement", "agreement", "other is not in force here; adopt it first"),
        ({"to": (LIBO,)}, "request.to_self", "to", "522722 is this county; leave it out"),
        (
            {"to": (HUANJIANG, FUNING)},
            "sharing.outside_agreement",
            "to",
            "532628 is no party of qiangui-border; leave it out",
        ),
        (
            {"expires": NOW},
            "request.expired",
            "expires",
            "it lies in the past; nobody would be told. Set a later time",
        ),
        (
            {"expires": papers.later(seconds=1)},
            "request.expired",
            "expires",
            "it lies in the past; nobody would be told. Set a later time",
        ),
        (
            {"acknowledge_by": NOW},
            "request.expired",
            "acknowledge_by",
            "it lies in the past; nobody could answer in time. Set a later time",
        ),
        (
            {"class": InformationClass.PERSONAL},
            "sharing.class_above_ceiling",
            "class",
            "qiangui-border carries at most internal; lower the class or send less",
        ),
        (
            {"purpose": "advertising"},
            "sharing.purpose",
            "purpose",
            "qiangui-border knows: emergency_warning, policy_exchange, work_exchange",
        ),
        (
            {"type": "cn.sihu.control.epoch_opened.v1"},
            "request.control_type",
            "type",
            "control records are written by the node, never by a request",
        ),
        (
            {"type": ALERT.replace("issued", "cancelled")},
            "sharing.type_not_permitted",
            "type",
            "qiangui-border does not let 522722 send this type to 451221",
        ),
    ],
)
def test_every_refusal_names_the_field_and_the_mend(changes: dict[str, Any], code: str, field: str, mend: str) -> None:
    """An officer at three in the morning must know what to change."""
    event = parse_new(ALERT, papers.alert_content())
    assert not isinstance(event, tuple)
    given = {"type": ALERT, "agreement": papers.AGREEMENT, "content": papers.alert_content()} | changes
    draft = EventDraft.model_validate(given)
    found = complete(draft, event, content=b"{}", trust=papers.trust(), county=LIBO, now=NOW)
    assert found == Fault(code, field, mend)


def test_content_beyond_the_agreed_size_is_refused() -> None:
    """The agreement's own bound, counted in bytes."""
    event = parse_new(POLICY, papers.policy_content())
    assert not isinstance(event, tuple)
    draft = EventDraft(type=POLICY, agreement=papers.AGREEMENT, content={})
    trust = papers.trust(papers.in_force(content_max_bytes=1024))
    found = complete(draft, event, content=b"x" * 1025, trust=trust, county=LIBO, now=NOW)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("sharing.too_large", "content")


def test_a_county_that_is_no_party_sends_nothing() -> None:
    """富宁 holds the file of an agreement of others."""
    found = completed(POLICY, papers.policy_content(), county=FUNING)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("sharing.outside_agreement", "source")


def test_an_expiry_inside_the_content_counts() -> None:
    """An alert that has expired by its own words."""
    content = papers.alert_content(expires="2026-03-04T07:59:00.000+08:00")
    found = completed(ALERT, content)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("request.expired", "expires")


def test_a_cancellation_has_no_level() -> None:
    """It pages nobody; the alert it ends did."""
    cancelled = parse_new(
        ALERT.replace("issued", "cancelled"),
        papers.alert_content(
            report_stage="followup",
            report_no=2,
            alert_id="52272241600000_20260304094500_1",
            predecessors=[{"alert_id": "52272241600000_20260304074500_1"}],
            note="雨势减弱",
        ),
    )
    assert not isinstance(cancelled, tuple), cancelled
    assert level_of(cancelled) is None


def test_the_schema_is_named_by_its_digest() -> None:
    """A receiver tells a newer schema from ours by it."""
    named = schema_ref(POLICY)
    assert (named.id, named.digest) == schema_of(POLICY)
    with pytest.raises(KeyError):
        schema_ref("cn.sihu.information.unheard_of.v1")
