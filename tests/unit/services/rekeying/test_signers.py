"""Who signs at this moment, in the chains and beside them: what is trusted decides, and nobody remembers a key."""

import pytest

from schemas.carriage import Arrival
from schemas.control import HeadBeaconed
from schemas.errors import Fault, UnavailableError
from schemas.registry import KeyUse
from services.domain.signals import Signal, compose, examine_signal, number_at
from services.rekeying.signers import CurrentSigners, EventSigner
from tests import papers
from tests.encrypted import keyring
from tests.papers import HUANJIANG, LIBO, NOW
from tests.signalling import closing
from tests.unit.services.rekeying.test_rekeying import FIRST, KeyBox, Owner, committed_trust, nth
from tests.world import World


def beacon(signer: EventSigner) -> Arrival:
    """What 荔波 signals to 环江 by the key of the moment."""
    subject, message = compose(
        HeadBeaconed(heads=()),
        source=LIBO,
        to=HUANJIANG,
        number=number_at(NOW, 0),
        now=NOW,
        content_id="0" * 32,
        registry_version=1,
        signer=(signer.kid, signer.sign),
        closing=closing(HUANJIANG),
    )
    return Arrival(1, subject, message)


async def test_beacons_are_signed_by_the_key_that_follows() -> None:
    """A beaconer that kept the first key would fall silent for every partner that heard of the change."""
    owner = Owner(World(trust=committed_trust()))
    signer = EventSigner(owner.signers)
    before = beacon(signer)
    assert signer.kid == FIRST.kid
    owner.order()
    await owner.rekeying.run_once()
    assert signer.kid == nth(KeyUse.EVENT, 1).kid
    trust = owner.county.directory.trust()
    unwrap = keyring(HUANJIANG).unwrap
    found = examine_signal(beacon(signer), trust=trust, county=HUANJIANG, now=NOW, unwrap=unwrap)
    assert isinstance(found, Signal), found
    old = examine_signal(before, trust=trust, county=HUANJIANG, now=NOW)
    assert isinstance(old, Fault)
    assert old.code == "signature.key_retired"


def test_the_key_in_force_is_nobodys_to_set() -> None:
    """It follows from what is trusted."""
    signer = EventSigner({KeyUse.EVENT: FIRST})
    with pytest.raises(AttributeError, match="follows from what is trusted"):
        signer.kid = "0" * 32


def test_a_key_whose_private_half_is_not_here_does_not_sign() -> None:
    """After a restore the next key may be missing: whoever wants to sign waits."""
    signers = CurrentSigners(county=LIBO, trust=papers.trust, keys=KeyBox())
    assert (len(signers), list(signers)) == (2, [KeyUse.EVENT, KeyUse.RECEIPT])
    with pytest.raises(UnavailableError, match="no event key"):
        EventSigner(signers).sign(b"")
