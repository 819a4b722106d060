"""Whatever order copies come in and whatever is mixed among them, the same signatures count."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import SignedDocument
from schemas.envelope import Signature
from schemas.registry import KeyUse
from services.domain.agreement_copies import Collected, collect
from services.domain.encoding import to_base64url
from services.domain.governance import signing_members
from tests import papers

_BARE = papers.signed_agreement(by=())
_GOOD = {county: papers.signed_agreement(by=[county]).signatures[0] for county in papers.COUNTIES}
_KIDS = [papers.signer(county, KeyUse.GOVERNANCE).kid for county in (*papers.COUNTIES, papers.FUNING)]
_WRONG = st.builds(
    lambda kid, data: Signature(kid=kid, sig=to_base64url(data)),
    st.sampled_from(_KIDS),
    st.binary(min_size=64, max_size=64),
)
_SIGNATURES = st.sampled_from(list(_GOOD.values())) | _WRONG
_COPIES = st.lists(
    st.lists(_SIGNATURES, max_size=4).map(lambda found: _BARE.model_copy(update={"signatures": tuple(found)})),
    min_size=1,
    max_size=6,
)


def collected(copies: list[SignedDocument]) -> Collected:
    """What comes of copies of one document."""
    found = collect(copies, papers.registry(), None)
    assert isinstance(found, Collected)
    return found


@given(_COPIES, st.randoms(use_true_random=False))
def test_the_order_of_copies_makes_a_difference(copies: list[SignedDocument], rng) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Shuffled copies, doubled copies, and what was put together before: the same document, to the byte."""
    found = collected(copies)
    shuffled = rng.sample(copies, len(copies))
    assert collected(shuffled) == found
    assert collected([*copies, *copies]) == found
    assert collected([found.document, *copies]) == found


@given(_COPIES)
def test_a_wrong_signature_counts(copies: list[SignedDocument]) -> None:
    """Those count, and all of those, that their own key has made."""
    found = collected(copies)
    given_ = {one for copy in copies for one in copy.signatures}
    good = tuple(sorted(county for county, one in _GOOD.items() if one in given_))
    assert found.signed == good
    assert signing_members(found.document, papers.registry()) == set(good)
    assert set(found.document.signatures) == {_GOOD[county] for county in good}
    assert set(found.signed) | set(found.missing) == set(papers.COUNTIES)
    assert not {one.kid for one in found.wrong} & {one.kid for one in found.document.signatures}
