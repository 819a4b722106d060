"""A header spelt in pieces must be the very bytes that the schema would write."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import InformationClass, Kind, Status
from schemas.control import ChainKind
from schemas.envelope import Header, Position, Ref, RefRelation
from schemas.ids import CountyCode
from schemas.information.bulletins import WorkBulletinPublished
from schemas.records import Chain
from services.domain.drafting import Outgoing, schema_ref
from services.domain.encoding import digest_of
from services.domain.heading import place
from services.domain.signing import prepare
from tests import papers

BULLETIN = WorkBulletinPublished.wire_type
ids = st.binary(min_size=32, max_size=32).map(bytes.hex)
times = st.integers(0, 10**9).map(lambda milliseconds: papers.NOW + timedelta(milliseconds=milliseconds / 7))


@st.composite
def outgoings(draw: st.DrawFn) -> Outgoing:
    """Draw everything about an event but its place."""
    return Outgoing(
        wire_type=BULLETIN,
        content=draw(st.binary(max_size=40)),
        schema_ref=schema_ref(BULLETIN),
        agreement=papers.in_force(),
        to=tuple(sorted(draw(st.sets(st.sampled_from(("451221", "451226", "532628")), min_size=1)))),
        purpose="work_exchange",
        information_class=draw(st.sampled_from(InformationClass)),
        status=draw(st.sampled_from(Status)),
        kind=draw(st.sampled_from(Kind)),
        priority=draw(st.integers(0, 4)),
        expires=draw(st.none() | times),
        acknowledge_by=draw(st.none() | times),
        refs=tuple(Ref(rel=draw(st.sampled_from(RefRelation)), id=one) for one in draw(st.lists(ids, max_size=2))),
    )


@given(outgoing=outgoings(), seq=st.integers(0, 2**40), prev=ids, now=times)
def test_a_header_spelt_in_pieces_is_what_the_schema_writes(
    outgoing: Outgoing, seq: int, prev: str, now: datetime
) -> None:
    """A byte that differs would make signatures that only we can verify."""
    chain = Chain(
        1, "c" * 64, papers.EPOCH, papers.LIBO, papers.AGREEMENT, ChainKind.EVENT, outgoing.to, Position(seq, prev)
    )
    placed = place(outgoing, chain, now=now, content_id="ab" * 16, registry_version=4, signer="12" * 16)
    header = placed.header
    assert placed == prepare(header)
    assert Header.model_validate_json(placed.header_bytes) == header
    assert (header.seq, header.prev, header.channel, header.registry) == (seq + 1, prev, "c" * 64, 4)
    assert (header.content.digest, header.content.size) == (digest_of(outgoing.content), len(outgoing.content))
    assert (header.agreement, header.to) == (papers.in_force().reference, outgoing.to)
    assert abs(header.time - now) < timedelta(milliseconds=1)


def test_headers_of_one_chain_do_not_run_into_each_other() -> None:
    """What one event sets, its expiry for example, must not stand in the next event's header."""
    chain = Chain(
        1, "c" * 64, papers.EPOCH, papers.LIBO, papers.AGREEMENT, ChainKind.EVENT, ("451226",), Position(0, "0" * 64)
    )
    first = Outgoing(
        wire_type=BULLETIN,
        content=b"{}",
        schema_ref=schema_ref(BULLETIN),
        agreement=papers.in_force(),
        to=(CountyCode("451226"),),
        purpose="work_exchange",
        information_class=InformationClass.PUBLIC,
        status=Status.ACTUAL,
        kind=Kind.REPORT,
        priority=3,
        expires=papers.NOW + timedelta(hours=1),
    )
    how = {"now": papers.NOW, "content_id": "ab" * 16, "registry_version": 4, "signer": "12" * 16}
    assert place(first, chain, **how).header.expires is not None  # type: ignore[arg-type]
    assert place(replace(first, expires=None), chain, **how).header.expires is None  # type: ignore[arg-type]
