"""Envelopes, chains and rows to fill a store with: well formed, not signed."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.base import InformationClass, Kind, Status
from schemas.control import ChainKind, ReceiptStage
from schemas.envelope import ContentBinding, Envelope, Header, Position, SchemaRef
from schemas.ids import NO_LINK, CountyCode
from schemas.records import Chain, Direction, HeldBack, NewLink, Quarantined, ReceiptRow, Watch

US: Final = "451226"
THEM: Final = "522722"
THIRD: Final = "522728"
ALERT: Final = "cn.sihu.information.alert_issued.v1"
BULLETIN: Final = "cn.sihu.information.policy_bulletin_published.v1"
RECEIPT: Final = "cn.sihu.control.receipt.v1"
MORNING: Final = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """``seconds`` after the morning began."""
    return MORNING + timedelta(seconds=seconds)


def hexed(*words: object) -> str:
    """A digest that follows from words."""
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def envelope(
    seq: int = 1,
    *,
    channel: str = "out",
    epoch: str = "1-00000000000000aa",
    wire_type: str = BULLETIN,
    source: str = US,
    to: tuple[str, ...] = (THEM,),
    text: str = "通告",
    padding: int = 0,
    **changes: Any,  # noqa: ANN401 - any other field of the header
) -> Envelope:
    """An envelope at ``seq`` of the channel that ``channel`` names."""
    content = json.dumps({"title": text, "body": "x" * padding}, ensure_ascii=False).encode()
    header = Header(
        type=wire_type,
        source=CountyCode(source),
        channel=hexed(channel),
        epoch=epoch,
        seq=seq,
        prev=hexed(channel, epoch, seq - 1) if seq else NO_LINK,
        time=at(seq),
        to=tuple(map(CountyCode, to)),
        agreement=f"border@1:{hexed('border')}",
        registry=1,
        purpose="publicity",
        information_class=InformationClass.PUBLIC,
        status=Status.ACTUAL,
        kind=Kind.REPORT,
        priority=3,
        refs=(),
        schema_ref=SchemaRef(id=wire_type, digest=hexed(wire_type)),
        content=ContentBinding(
            media_type="application/json",
            encoding="none",
            digest=hashlib.sha256(content).hexdigest(),
            size=len(content),
            content_id=hexed(channel, seq)[:32],
        ),
        signers=(hexed(source)[:32],),
    ).model_copy(update=changes)
    header_bytes = header.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Envelope(hexed(channel, epoch, seq, text), header, header_bytes, b'[{"kid":"k"}]', b"", content)


def chain(channel: str = "out", *, epoch: str = "1-00000000000000aa", source: str = US, head: int = 0) -> Chain:
    """A chain whose number the store gives."""
    audience = (THEM, THIRD) if source == US else (US,)
    position = Position(head, hexed(channel, epoch, head))
    return Chain(0, hexed(channel), epoch, source, "border", ChainKind.EVENT, audience, position)


def link(number: int, one: Envelope, *, seconds: float = 0, **rest: object) -> NewLink:
    """A link to record; outgoing if it is ours."""
    direction = Direction.OUTGOING if one.header.source == US else Direction.INCOMING
    return NewLink(number, direction, one, at(seconds), **rest)  # type: ignore[arg-type]


def receipt(  # noqa: PLR0913 - a receipt has many facts, each with a default
    stage: ReceiptStage = ReceiptStage.STORED,
    first: int = 1,
    last: int | None = None,
    *,
    chain_number: int = 1,
    receiver: str = THEM,
    direction: Direction = Direction.INCOMING,
    seconds: float = 10,
    officer: str | None = None,
    answer: str | None = None,
    code: str | None = None,
) -> ReceiptRow:
    """A receipt for ``first``…``last``."""
    end = first if last is None else last
    own = hexed("receipt", stage, first, end, receiver, direction, seconds)
    return ReceiptRow(
        own,
        direction,
        receiver,
        stage,
        chain_number,
        first,
        end,
        at(seconds),
        at(seconds + 1),
        officer,
        answer,
        "token" if officer else None,
        code,
    )


def watch(seq: int = 1, *, stage: ReceiptStage = ReceiptStage.STORED, due: float = 60, recipient: str = THEM) -> Watch:
    """A watch on the first chain."""
    return Watch(hexed("out", seq), 1, seq, recipient, stage, at(due), 1)


def held(
    seq: int, *, channel: str = "in", epoch: str = "1-00000000000000bb", size: int = 10, tale: str = ""
) -> HeldBack:
    """A held link of a partner; another ``tale`` at the same place is a fork."""
    return HeldBack(
        hexed(channel), epoch, seq, hexed(channel, epoch, seq, tale), THEM, "hub.in.x", b"m" * size, at(seq)
    )


def refused(name: str, *, size: int = 10, source: str = THEM, seconds: float = 0) -> Quarantined:
    """A refused message."""
    body = name.encode().ljust(size, b".")
    return Quarantined(
        hashlib.sha256(body).hexdigest(), size, source, "hub.in.x", "wire.bad", "to", "错", at(seconds), body
    )
