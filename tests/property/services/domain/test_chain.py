"""Any order of arrival, any loss, any repetition: what is taken is a prefix of the chain, in order, once each."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ChainKind
from schemas.envelope import Link, Position
from schemas.ids import NO_LINK
from services.domain.chain import BEFORE_EPOCH, ChainVerdict, channel_of, judge

CHANNEL = "c" * 64
EPOCH = "1-00000000000000aa"


def chain_of(length: int, *, story: int = 0, since: int = 0) -> list[Link]:
    """Return links 0 up to ``length``, which is not in; from ``since`` on another ``story`` is told."""
    links: list[Link] = []
    prev = NO_LINK
    for seq in range(length):
        envelope_id = f"{story if seq >= since else 0:02x}{seq:062x}"
        links.append(Link(CHANNEL, EPOCH, seq, prev, envelope_id))
        prev = envelope_id
    return links


@dataclass
class Reader:
    """The smallest reader by the rules: takes what continues, keeps what comes too early, drops repetitions."""

    head: Position = field(default_factory=lambda: Position(BEFORE_EPOCH, NO_LINK))
    taken: list[Link] = field(default_factory=list)
    early: dict[int, Link] = field(default_factory=dict)
    forked: bool = False

    def arrive(self, link: Link) -> ChainVerdict:
        """Judge and act."""
        held = next((one.envelope_id for one in [*self.taken, *self.early.values()] if one.seq == link.seq), None)
        verdict = judge(link, head=self.head, held_id=held)
        if verdict is ChainVerdict.GAP:
            self.early[link.seq] = link
        if verdict is ChainVerdict.FORKED:
            self.forked = True
        if verdict is ChainVerdict.CONTINUES:
            self.taken.append(link)
            self.head = link.position
            if waiting := self.early.pop(link.seq + 1, None):
                self.arrive(waiting)
        return verdict


@given(st.integers(1, 12).flatmap(lambda n: st.permutations(range(n))))
def test_any_permutation_is_read_in_order(order: list[int]) -> None:
    """Whatever the hub reorders, every link is taken once and in order."""
    links, reader = chain_of(len(order)), Reader()
    for seq in order:
        reader.arrive(links[seq])
    assert reader.taken == links
    assert not reader.early


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=40))))
def test_drops_and_duplicates_leave_a_prefix(case: tuple[int, list[int]]) -> None:
    """Exactly the links before the first one that never came, each once."""
    length, arrivals = case
    links, reader = chain_of(length), Reader()
    for seq in arrivals:
        reader.arrive(links[seq])
    missing = next(seq for seq in range(length + 1) if seq not in arrivals or seq == length)
    assert reader.taken == links[:missing]
    assert set(reader.early) == {seq for seq in arrivals if seq > missing}
    assert not reader.forked


@given(st.integers(2, 8), st.data())
def test_two_stories_never_go_unnoticed(length: int, data: st.DataObject) -> None:
    """Once both branches of a fork have come at one place, in whatever order, somebody has said so."""
    since = data.draw(st.integers(1, length - 1))
    one, other = chain_of(length), chain_of(length, story=1, since=since)
    arrivals = data.draw(st.permutations([*one, *other[since:]]))
    reader = Reader()
    verdicts = [reader.arrive(link) for link in arrivals]
    assert reader.forked
    assert ChainVerdict.FORKED in verdicts


_codes = st.text("0123456789", min_size=6, max_size=6)
_where = st.tuples(st.sampled_from(ChainKind), _codes, st.text("ab-", max_size=4), st.sets(_codes, min_size=1))


@given(_where, _where)
def test_different_channels_have_different_ids(
    one: tuple[ChainKind, str, str, set[str]], other: tuple[ChainKind, str, str, set[str]]
) -> None:
    """Kind, source, agreement and audience: change any, and it is another channel; their order says nothing."""
    first = channel_of(one[0], one[1], one[2], sorted(one[3]))
    second = channel_of(other[0], other[1], other[2], sorted(other[3], reverse=True))
    assert (first == second) == (one == other)
