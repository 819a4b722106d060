"""What two versions permit differently is said whole, and by the same rule that judges events."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from schemas.agreements import Agreement, Grant
from schemas.base import InformationClass
from services.domain.agreement_differences import Flow, differences
from services.domain.sharing import SharingAsk, judge_sharing
from tests import papers

_TYPES = (papers.ALERT, papers.POLICY, papers.WORK)


def _grants(parties: tuple[str, ...]) -> st.SearchStrategy[list[Grant]]:
    some = st.none() | st.lists(st.sampled_from(parties), min_size=1, unique=True).map(tuple)
    types = st.lists(st.sampled_from(_TYPES), min_size=1, unique=True).map(tuple)
    return st.lists(
        st.builds(lambda types, by, to: Grant(types=types, sources=by, recipients=to), types, some, some),
        min_size=1,
        max_size=4,
    )


@st.composite
def _agreements(draw: st.DrawFn) -> Agreement:
    parties = tuple(sorted(draw(st.lists(st.sampled_from(papers.COUNTIES), min_size=2, unique=True))))
    grants = tuple(draw(_grants(parties)))
    return papers.agreement(parties=parties, coordinators=parties[:1], contacts=(), grants=grants)


def permitted(agreement: Agreement) -> set[tuple[str, str, str]]:
    """Every (type, from, to) that the rule of both ends lets through."""
    found = set[tuple[str, str, str]]()
    for wire_type, source, to in product(_TYPES, papers.COUNTIES, papers.COUNTIES):
        ask = SharingAsk(
            wire_type=wire_type,
            source=source,
            recipients=(to,),
            information_class=InformationClass.PUBLIC,
            purpose=agreement.purposes[0],
            encrypted=False,
            size=10,
            at=papers.NOW,
        )
        if source != to and judge_sharing(agreement, ask) is None:
            found.add((wire_type, source, to))
    return found


def spread(flows: tuple[Flow, ...]) -> list[tuple[str, str, str]]:
    """The rows as single (type, from, to)."""
    return [
        (wire_type, source, to)
        for one in flows
        for wire_type, source, to in product(one.types, one.sources, one.recipients)
        if source != to
    ]


@given(_agreements(), _agreements())
def test_something_is_permitted_that_was_not_told(before: Agreement, after: Agreement) -> None:
    """An officer who compares versions must see every single thing that will go out, and that will not."""
    found = differences(before, after)
    gained, lost = spread(found.gained), spread(found.lost)
    assert set(gained) == permitted(after) - permitted(before)
    assert set(lost) == permitted(before) - permitted(after)
    assert len(set(gained)) == len(gained), "a thing is told twice"
    assert differences(after, before).gained == found.lost
    assert set(spread(differences(None, after).gained)) == permitted(after)
    assert differences(after, after).is_empty
