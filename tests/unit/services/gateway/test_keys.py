"""Idempotency-Keys of what begins: pressed twice it is one, and another text never vanishes behind the first."""

import pytest

from adapters.memory.ids import SequentialIds
from schemas.errors import RequestError
from schemas.officers import Role
from services.gateway.keys import number_of
from tests.caller import calling
from tests.papers import LIBO
from tests.releasing import SCOPES, officer_at
from tests.world import World, alert_draft, policy_draft


async def test_a_draft_that_is_begun_twice_by_one_key_is_one() -> None:
    """Pressed twice at night, it would lie there twice; and another text must not vanish behind the first one."""
    libo, key = World()[LIBO], {"Idempotency-Key": "night-1"}
    async with calling(libo, libo.let_in("hall", *SCOPES)) as door:
        first, second = officer_at(libo, door, "duty-a", Role.DUTY), officer_at(libo, door, "duty-b", Role.DUTY)
        begun = [await first.post("/drafts", json=alert_draft(), headers=key) for _ in range(2)]
        await first.post(f"/drafts/{begun[0].body['draft']['id']}/submission")
        again = await first.post("/drafts", json=alert_draft(), headers=key)
        other = await first.post("/drafts", json=policy_draft(), headers=key)
        theirs = await second.post("/drafts", json=alert_draft(), headers=key)
        bad = await first.post("/drafts", json=alert_draft(), headers={"Idempotency-Key": "two words"})

    ids = [one.body["draft"]["id"] for one in [*begun, again]]
    assert (ids, again.body["draft"]["state"]) == ([ids[0]] * 3, "in_review")
    assert (other.status, other.body["code"]) == (409, "request.idempotency_conflict")
    assert (theirs.status, theirs.body["draft"]["id"] in ids) == (201, False)
    assert (bad.status, bad.body["code"]) == (400, "request.idempotency_key")


def test_a_number_is_of_its_key_and_its_caller() -> None:
    """Two callers with one key must not meet, and without a key nothing is the same."""
    ids = SequentialIds("x")
    numbers = [
        number_of(key, name, ids, 8) for key, name in (("a", "x"), ("a", "y"), ("b", "x"), (None, "x"), (None, "x"))
    ]

    assert len(set(numbers)) == len(numbers)
    assert {len(one) for one in numbers} == {16}
    assert number_of("a", "x", ids, 8) == numbers[0]


@pytest.mark.parametrize("key", ["", "a b", "县", "\udcff", "k" * 256])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    """What cannot stand in a header by the rules is no key, and no error of ours."""
    with pytest.raises(RequestError):
        number_of(key, "x", SequentialIds("x"), 8)
