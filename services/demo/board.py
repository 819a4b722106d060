"""What the audience sees: a line for each change as it happens, and the table at the end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from schemas.base import BEIJING
from schemas.catalogue import model_of
from schemas.counties import name_of
from schemas.records import JournalKind

_STAGES = {"stored": "入库", "acknowledged": "签收", "rejected": "拒收", "declined": "不能"}
_SHORT = 10  # characters of an id
_MEANS = {"sms_number": "短信回复", "key_file": "本人密钥", "token": "令牌", "voice_pin": "电话密码"}


def clock(text: str) -> str:
    """Return the time of day of a wire time."""
    return datetime.fromisoformat(text).astimezone(BEIJING).strftime("%H:%M:%S")


def headline_of(wire_type: str, content: Mapping[str, Any]) -> str:
    """Return an event's own title, else what its type is called."""
    model = model_of(wire_type)
    return content.get("headline") or content.get("title") or (model.title_zh if model else wire_type)


def line_of(code: str, entry: Mapping[str, Any]) -> str:
    """Describe one change of a county's journal for people; empty if it is not worth a line."""
    when = clock(entry["at"])
    if entry["kind"] == JournalKind.ARRIVED and entry.get("event"):
        event = entry["event"]
        level = f"【{event['level']}级】" if event["level"] else ""
        return f"{when}  {name_of(event['source'])} → {name_of(code)}  {level}{headline_of(event['wire_type'], event)}"
    if entry["kind"] == JournalKind.RECEIPT and entry.get("receipt"):
        receipt = entry["receipt"]
        if receipt["direction"] == "in" and receipt["officer"]:
            stage = _STAGES.get(receipt["stage"], receipt["stage"])
            how = _MEANS.get(receipt["means"], receipt["means"])
            return f"{when}  {name_of(code)} ← {name_of(receipt['receiver'])}  {stage}：{receipt['officer']}（{how}）"
    if entry["kind"] == JournalKind.NOTICE and entry.get("notice"):
        ended = " 已解除 ended" if entry["notice"].get("resolved_at") else ""
        return f"{when}  {name_of(code)} 提醒 notice{ended}：{entry['notice']['text']}"
    return ""


def table_of(codes: Sequence[str], details: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of every event × county: when it was stored there, and who acknowledged it.

    Args:
        codes: Counties, one column each.
        details: ``GET events/{id}`` of each event, asked at its source.
    """
    made = Table(title="事件 × 县 events × counties", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    made.add_column("发出 sent", no_wrap=True)
    made.add_column("来源", no_wrap=True)
    made.add_column("事件 event", no_wrap=True, max_width=30, overflow="ellipsis")
    for code in codes:
        made.add_column(name_of(code), no_wrap=True)
    for detail in sorted(details, key=lambda one: one["header"]["time"]):
        made.add_row(*_row(codes, detail))
    return made


def board_of(detail: Mapping[str, Any]) -> Table:
    """Return the delivery board of one event at its source: who acknowledged, when, by which means, by which receipt.

    Args:
        detail: ``GET events/{id}`` asked at its source.
    """
    source, headline = name_of(detail["header"]["source"]), headline_of(detail["header"]["type"], detail["content"])
    made = Table(
        title=f"{source}的投递表 deliveries：{headline}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False
    )
    for column in ("县 county", "入库 stored", "签收 acknowledged", "人员 by", "方式 means", "回执 receipt"):
        made.add_column(column, no_wrap=True)
    for one in detail["deliveries"]:
        stored, taken = (clock(one[at]) if one[at] else "–" for at in ("stored_at", "acknowledged_at"))
        how = _MEANS.get(one["means"], "–")
        receipt = (one["receipt_id"] or "–")[:_SHORT]
        made.add_row(name_of(one["recipient"]), stored, taken, one["acknowledged_by"] or "–", how, receipt)
    return made


def _row(codes: Sequence[str], detail: Mapping[str, Any]) -> list[str]:
    header, content = detail["header"], detail["content"]
    headline = headline_of(header["type"], content)
    cells = {delivery["recipient"]: _cell(delivery) for delivery in detail["deliveries"]}
    cells[header["source"]] = "[dim]本县[/]"
    return [clock(header["time"]), name_of(header["source"]), headline, *(cells.get(code, "–") for code in codes)]


def _cell(delivery: Mapping[str, Any]) -> str:
    if delivery["refused_code"]:
        return f"[red]拒 {delivery['refused_code']}[/]"
    if delivery["stored_at"] is None:
        return "[red]未到[/]"
    stored = clock(delivery["stored_at"])
    return f"{stored} [green]签[/]" if delivery["acknowledged_at"] else stored
