"""The matrix of an agreement as a table: whoever, whatever, whenever."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from schemas.agreements import Grant
from schemas.base import InformationClass
from schemas.errors import Fault
from schemas.ids import CountyCode
from services.domain.sharing import SharingAsk, ask_of, judge_membership, judge_sharing
from tests import papers
from tests.papers import ALERT, FUNING, HUANJIANG, LIBO, NANDAN, POLICY, WORK

AGREEMENT = papers.agreement(
    grants=(
        Grant(types=(ALERT,)),
        Grant(types=(POLICY,), sources=(LIBO,), recipients=(NANDAN,)),
        Grant(types=(POLICY,), sources=(LIBO,), recipients=(HUANJIANG,)),
        Grant(types=(WORK,), sources=(NANDAN, HUANJIANG)),
    ),
    content_max_bytes=2048,
)
ASK = SharingAsk(
    wire_type=ALERT,
    source=LIBO,
    recipients=(NANDAN, HUANJIANG),
    information_class=InformationClass.PUBLIC,
    purpose="emergency_warning",
    encrypted=False,
    size=2048,
    at=papers.NOW,
)


def verdict(**changes: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Return code and field of the refusal, None if permitted."""
    found = judge_sharing(AGREEMENT, replace(ASK, **changes))
    return (found.code, found.field) if found else None


@pytest.mark.parametrize(
    ("wire_type", "source", "recipients", "permitted"),
    [
        (ALERT, LIBO, (NANDAN, HUANJIANG), True),
        (ALERT, NANDAN, (HUANJIANG, LIBO), True),
        (ALERT, HUANJIANG, (LIBO,), True),
        (POLICY, LIBO, (NANDAN,), True),
        (POLICY, LIBO, (HUANJIANG,), True),
        (POLICY, LIBO, (NANDAN, HUANJIANG), True),
        (POLICY, NANDAN, (LIBO,), False),
        (POLICY, HUANJIANG, (NANDAN,), False),
        (WORK, NANDAN, (HUANJIANG,), True),
        (WORK, HUANJIANG, (NANDAN, LIBO), True),
        (WORK, LIBO, (NANDAN,), False),
        (ALERT.replace("issued", "cancelled"), LIBO, (NANDAN,), False),
        (ALERT.replace("v1", "v2"), LIBO, (NANDAN,), False),
    ],
)
def test_the_matrix(wire_type: str, source: str, recipients: tuple[str, ...], permitted: bool) -> None:  # noqa: FBT001
    """Every recipient needs a grant of its own; a type that no row names goes nowhere."""
    expected = None if permitted else ("sharing.type_not_permitted", "type")
    assert verdict(wire_type=wire_type, source=source, recipients=recipients) == expected


def test_one_recipient_without_a_grant_spoils_the_whole() -> None:
    """Nobody is left out in silence: the sender must address fewer."""
    agreement = papers.agreement(grants=(Grant(types=(ALERT,), recipients=(NANDAN,)),))
    found = judge_sharing(agreement, ASK)
    assert isinstance(found, Fault)
    assert found.mend == f"{papers.AGREEMENT} does not let {LIBO} send this type to {HUANJIANG}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"source": FUNING}, ("sharing.outside_agreement", "source")),
        ({"recipients": (HUANJIANG, FUNING)}, ("sharing.outside_agreement", "to")),
        ({"at": papers.LONG_AGO}, None),
        ({"at": papers.FAR_AHEAD}, ("sharing.not_in_force", "agreement")),
        ({"at": papers.LONG_AGO.replace(year=2025)}, ("sharing.not_in_force", "agreement")),
        ({"purpose": "advertising"}, ("sharing.purpose", "purpose")),
        ({"size": 2049}, ("sharing.too_large", "content")),
    ],
)
def test_everything_else_an_agreement_bounds(changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    """Parties, time from the first moment to before the last, purpose, size."""
    assert verdict(**changes) == expected


@pytest.mark.parametrize("ceiling", InformationClass)
@pytest.mark.parametrize("in_clear", [True, False])
@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("wanted", InformationClass)
def test_classes(ceiling: InformationClass, in_clear: bool, encrypted: bool, wanted: InformationClass) -> None:  # noqa: FBT001
    """All 36 cases: never above the ceiling; personal never in clear; internal in clear only if agreed."""
    rank = list(InformationClass)
    agreement = papers.agreement(class_ceiling=ceiling, internal_in_clear=in_clear)
    found = judge_sharing(agreement, replace(ASK, information_class=wanted, encrypted=encrypted))
    may_be_clear = wanted is InformationClass.PUBLIC or (wanted is InformationClass.INTERNAL and in_clear)
    if rank.index(wanted) > rank.index(ceiling):
        assert found is not None
        assert found.code == "sharing.class_above_ceiling"
    elif not encrypted and not may_be_clear:
        assert found is not None
        assert found.code == "sharing.not_encrypted"
    else:
        assert found is None


class Searched(tuple[CountyCode, ...]):
    """Parties that count how often they are searched through."""

    __slots__ = ()
    times: ClassVar[int] = 0

    def __contains__(self, county: object) -> bool:
        """Count, and search."""
        Searched.times += 1
        return super().__contains__(county)


def test_a_large_audience_is_not_searched_for_party_by_party() -> None:
    """With 500 parties a search for each of them takes a millisecond and a half of every event."""
    counties = Searched(CountyCode(str(500_000 + number)) for number in range(500))
    everybody = Grant(types=(ALERT,)).model_copy(update={"recipients": counties})
    agreement = AGREEMENT.model_copy(update={"parties": counties, "grants": (everybody,)})
    ask = replace(ASK, source=counties[0], recipients=tuple(counties[1:]))
    Searched.times = 0

    found = judge_sharing(agreement, ask)
    stranger = judge_sharing(agreement, replace(ask, recipients=(*ask.recipients, FUNING)))

    assert found is None
    assert stranger is not None
    assert stranger.mend == f"{FUNING} is no party of {agreement.id}; leave it out"
    assert Searched.times <= 2 * 2


def test_no_agreement_permits_nothing() -> None:
    """Fail closed."""
    found = judge_sharing(None, ASK)
    assert found is not None
    assert found.code == "sharing.no_agreement"


def test_both_ends_ask_the_same() -> None:
    """What is read from a header equals what the sender asked before signing, but for the place that it has got."""
    content = papers.as_bytes(papers.policy_content())
    assert replace(ask_of(papers.header(content)), place=None) == SharingAsk(
        wire_type=POLICY,
        source=LIBO,
        recipients=(NANDAN, HUANJIANG),
        information_class=InformationClass.PUBLIC,
        purpose="policy_exchange",
        encrypted=False,
        size=len(content),
        at=papers.NOW,
    )


@pytest.mark.parametrize(
    ("source", "recipients", "stranger"),
    [
        (LIBO, (NANDAN, HUANJIANG), None),
        (FUNING, (NANDAN,), FUNING),
        (LIBO, (NANDAN, FUNING), FUNING),
    ],
)
def test_control_records_need_membership_on_both_sides(
    source: str, recipients: tuple[str, ...], stranger: str | None
) -> None:
    """Whoever is outside the registry is named."""
    found = judge_membership(papers.trust(), source, recipients)
    assert (found.mend if found else None) == (f"{stranger} is no member of the registry" if stranger else None)
