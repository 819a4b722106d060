"""What one of three servers does about its copies: never anything that could cost the hub more than it mends."""

import pytest

from schemas.hub_copies import StreamCopy
from services.domain.hub_copies import Step, damaged, is_turn, lacking, step

ONE, TWO, THREE = SERVERS = ("hub-1", "hub-2", "hub-3")


def copy(
    name: str = "EVT_0", *, leader: str = ONE, messages: int = 100, first: int = 1, last: int = 100, behind: str = ""
) -> StreamCopy:
    """One copy: whole, unless said otherwise."""
    return StreamCopy(name, leader, (behind,) if behind else (), messages, first, last, SERVERS)


def of(*copies: StreamCopy) -> dict[str, StreamCopy]:
    """By name."""
    return {one.name: one for one in copies}


def planned(server: str, own: dict[str, StreamCopy], leading: dict[str, StreamCopy]) -> Step:
    """What a server does that has these copies."""
    return step(server, damaged(own, leading), leading)


def test_nothing_is_done_about_whole_copies() -> None:
    """Another number of messages is no damage while messages come and expire."""
    own = of(copy(messages=90, last=90), copy("EVT_1", messages=50, first=41, last=90))
    led = of(copy(), copy("EVT_1", messages=55, first=46, last=100))
    assert damaged(own, led) == frozenset()
    assert planned(TWO, own, led) is Step.NOTHING


def test_an_empty_stream_is_whole() -> None:
    """A new one has no first message, an expired one has none any more."""
    own = of(copy(messages=0, first=0, last=0), copy("EVT_1", messages=0, first=101, last=100))
    assert planned(TWO, own, own) is Step.NOTHING


@pytest.mark.parametrize(
    "broken", [copy(messages=60), copy(messages=60, first=41)], ids=["in the middle", "at the beginning"]
)
def test_a_follower_that_lacks_something_takes_it_from_the_leader(broken: StreamCopy) -> None:
    """It counts as current, and would hand over less once it leads."""
    assert planned(TWO, of(broken), of(copy())) is Step.REFILL


def test_a_leader_that_lacks_something_lets_another_one_lead() -> None:
    """It cannot compare its copy with a better one, and what it lacks is handed over to nobody."""
    broken = copy(leader=TWO, messages=60)
    assert planned(TWO, of(broken), of(broken)) is Step.HAND_OVER


def test_what_the_leader_lacks_itself_is_not_to_be_had_there() -> None:
    """The copies are thrown away for a better one only."""
    assert planned(TWO, of(copy(messages=60)), of(copy(messages=99))) is Step.WAIT


@pytest.mark.parametrize("broken", [copy(messages=60), copy(leader=TWO, messages=60)], ids=["follower", "leader"])
def test_nobody_repairs_while_another_server_is_away(broken: StreamCopy) -> None:
    """Of another stream, too: with two away the hub stops."""
    led = of(copy(leader=broken.leader, messages=60 if broken.leader == TWO else 100), copy("EVT_1", behind=THREE))
    assert planned(TWO, of(broken, copy("EVT_1")), led) is Step.WAIT


def test_a_copy_that_could_not_be_recovered_is_taken_from_the_leader_though_it_is_behind() -> None:
    """Its settings were damaged: it will never catch up, and its leader counts it as away."""
    led = of(copy(), copy("EVT_1", behind=TWO))
    assert damaged(of(copy()), led) == {"EVT_1"}
    assert planned(TWO, of(copy()), led) is Step.REFILL
    assert lacking(None, led["EVT_1"]) == 100


def test_nobody_repairs_while_nobody_leads() -> None:
    """Then nobody knows who is away."""
    assert planned(TWO, of(copy(messages=60), copy("EVT_1")), of(copy(), copy("EVT_1", leader=""))) is Step.WAIT


def test_never_are_two_in_turn_and_each_is_once() -> None:
    """Two followers that throw their copies away at once would be a majority of servers that know nothing."""
    turns = [[server for server in SERVERS if is_turn(server, SERVERS, float(second), 60.0)] for second in range(180)]
    assert all(len(turn) <= 1 for turn in turns)
    assert {server for turn in turns for server in turn} == set(SERVERS)
    changes = [second for second in range(1, 180) if turns[second] and turns[second - 1] == []]
    ends = [second for second in range(1, 180) if turns[second] == [] and turns[second - 1]]
    assert all(begin - end >= 30 for end, begin in zip(ends, changes[1:], strict=False))
