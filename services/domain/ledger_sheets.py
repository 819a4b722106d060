"""The ledger as tables in Chinese: one description for the workbook, the printed page and the terminal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from schemas.base import BEIJING
from schemas.catalogue import model_of
from schemas.counties import COUNTIES, name_of
from schemas.ledgers import REFERRAL_MESSAGES, DeliveryFigures, Ledger, NamedFigures, Waits
from services.domain.checklist import ITEMS
from services.domain.ledger_small import TOLD_APART_FROM
from services.domain.ledger_words import family_zh, kind_zh, state_zh

Cell: TypeAlias = str | int | None

MUTUALS: Final = {
    "information": "信息互通",
    "outreach": "宣传互联",
    "development": "发展互惠",
    "governance": "管理互协",
}
_UNTYPED: Final = {REFERRAL_MESSAGES: "服务对接单及后续各步（合计）"}
_NOTES: Final = (
    "数字全部取自本县节点保存的签名消息与回执，不含演练和测试，按北京时间入账日期统计。",
    "入库用时：发出的，自本县受理到对方入库回执所写时间；收到的，自对方发出到本县入库。按整秒，早于起点的按 0。",
    "签收用时：自受理（收到的自入库）到有人签收或处置。",
    "中位数与九成位均取实际出现的数值（最近秩）：n 个数由小到大第 ⌈n×0.5⌉、⌈n×0.9⌉ 个。",
    "对方时间以对方回执为准，双方时钟不一致会影响用时。每一数字都可以用取证文件逐条核对。",
    "协作事项按立项、登记或发起时间统计，结果取统计时的状态；内容已删除的活动、供给和项目不计入事项。",
    f"服务对接单不分对方县、用途和月份；一期不足 {TOLD_APART_FROM} 件时只计总数，不分结果，以免从数字认出个人。",
)


@dataclass(frozen=True, slots=True)
class LedgerSheet:
    """One table; every row as long as ``columns``; numbers stay numbers."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def title_of(ledger: Ledger) -> str:
    """Return the heading of a ledger."""
    county = COUNTIES.get(ledger.county)
    named = county.full_name if county else ledger.county
    return f"{named}跨省协作台账（{ledger.first:%Y-%m-%d}至{ledger.last:%Y-%m-%d}）"


def sheets_of(ledger: Ledger) -> tuple[LedgerSheet, ...]:
    """Return the whole ledger as tables, in the order in which they are read."""
    return (
        LedgerSheet("概况", ("项目", "数值"), tuple(_overview(ledger))),
        _figures("按协作县", "县", ledger.by_partner, _county),
        _figures("按四互", "类别", ledger.by_mutual, lambda name: MUTUALS.get(name, name)),
        _figures("按月", "月份", ledger.by_month, str),
        LedgerSheet("按消息类型", ("类型", "发出", "收到"), tuple(_types(ledger))),
        LedgerSheet("协作事项", ("类别", "种类", "结果", "数量"), tuple(_matters(ledger))),
        LedgerSheet("事项中各县", ("类别", "种类", "县", "状态", "数量"), tuple(_standings(ledger))),
        LedgerSheet("清单指标", ("条目", "内容", "指标", "数值"), tuple(_checklist(ledger))),
        LedgerSheet("统计口径", ("说明",), tuple((note,) for note in _NOTES)),
    )


def _overview(ledger: Ledger) -> Iterator[tuple[Cell, ...]]:
    total = ledger.total
    yield "县", _county(ledger.county)
    yield "起", f"{ledger.first:%Y-%m-%d}"
    yield "止", f"{ledger.last:%Y-%m-%d}"
    yield "统计时间", f"{ledger.made_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
    yield "发出消息", ledger.sent
    yield "收到消息", ledger.received
    yield "演练与测试消息（不计入其他数字）", ledger.drills
    yield "送达对象（消息×县）", total.sent
    yield "对方已入库", total.stored.count
    yield "入库用时中位数（秒）", total.stored.median
    yield "入库用时九成位（秒）", total.stored.p90
    yield "对方已签收", total.acknowledged.count
    yield "签收用时中位数（秒）", total.acknowledged.median
    yield "签收用时九成位（秒）", total.acknowledged.p90
    yield "本县已签收", total.received_acknowledged.count
    yield "本县签收用时中位数（秒）", total.received_acknowledged.median
    yield "对方拒收", total.refused


_FIGURE_COLUMNS: Final = (
    "送出",
    "收到",
    "入库数",
    "入库中位秒",
    "入库九成秒",
    "签收数",
    "签收中位秒",
    "签收九成秒",
    "本县签收数",
    "本县中位秒",
    "本县九成秒",
    "拒收",
)


def _figures(name: str, first: str, lines: tuple[NamedFigures, ...], called: Callable[[str], str]) -> LedgerSheet:
    rows = tuple((called(one.name), *_row(one.figures)) for one in lines)
    return LedgerSheet(name, (first, *_FIGURE_COLUMNS), rows)


def _row(figures: DeliveryFigures) -> tuple[Cell, ...]:
    return (
        figures.sent,
        figures.received,
        *_waits(figures.stored),
        *_waits(figures.acknowledged),
        *_waits(figures.received_acknowledged),
        figures.refused,
    )


def _waits(waits: Waits) -> tuple[Cell, ...]:
    return waits.count, waits.median, waits.p90


def _types(ledger: Ledger) -> Iterator[tuple[Cell, ...]]:
    for one in ledger.by_type:
        model = model_of(one.wire_type)
        yield model.title_zh if model else _UNTYPED.get(one.wire_type, one.wire_type), one.sent, one.received


def _matters(ledger: Ledger) -> Iterator[tuple[Cell, ...]]:
    for one in ledger.matters:
        yield (
            family_zh(one.family),
            kind_zh(one.family, one.kind),
            state_zh(one.family, one.outcome),
            one.count,
        )


def _standings(ledger: Ledger) -> Iterator[tuple[Cell, ...]]:
    by_kind = {(one.family, one.kind): one.by_partner for one in ledger.matters}
    for (family, kind), found in by_kind.items():
        for one in found:
            named = family_zh(family), kind_zh(family, kind), _county(one.county), state_zh(family, one.state)
            yield *named, one.count


def _checklist(ledger: Ledger) -> Iterator[tuple[Cell, ...]]:
    for one in ledger.checklist:
        yield one.item, ITEMS[one.item], one.label, one.value


def _county(code: str) -> str:
    name = name_of(code)
    return code if name == code else f"{name} {code}"
