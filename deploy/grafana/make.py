"""Write the dashboard of this directory, ``python deploy/grafana/make.py``; a test compares the file with the text."""

import json
import sys
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
_WIDTH: Final = 24
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_OF: Final = '{instance=~"$instance"}'

PANELS: Final[tuple[tuple[str, str, int, tuple[tuple[str, str], ...]], ...]] = (
    ("就绪 ready (1 = holds)", "short", 6, ((f"sihu_ready{_OF}", "{{instance}} {{check}}"),)),
    ("提醒未处理 open notices", "short", 6, ((f"sihu_notices_open{_OF}", "{{instance}}"),)),
    ("等待发往枢纽 waiting for the hub", "short", 6, ((f"sihu_waiting{_OF}", "{{instance}}"),)),
    ("缺口 held back behind a gap", "short", 6, ((f"sihu_held_back{_OF}", "{{instance}}"),)),
    (
        "受理与到达枢纽 accepted and published per second",
        "cps",
        12,
        (
            (f"rate(sihu_events_out_total{_OF}[$__rate_interval])", "{{instance}} accepted"),
            (f"rate(sihu_lane_publications_total{_OF}[$__rate_interval])", "{{instance}} given out {{lane}}"),
            (f"rate(sihu_lane_published_total{_OF}[$__rate_interval])", "{{instance}} published {{lane}}"),
        ),
    ),
    (
        "入库与签收 taken in, stored, acknowledged per second",
        "cps",
        12,
        (
            (f"rate(sihu_events_in_total{_OF}[$__rate_interval])", "{{instance}} taken in"),
            (f"rate(sihu_stored_total{_OF}[$__rate_interval])", "{{instance}} proved stored"),
            (f"rate(sihu_acknowledged_total{_OF}[$__rate_interval])", "{{instance}} acknowledged"),
        ),
    ),
    (
        "尚欠入库回执 deliveries without a stored receipt",
        "short",
        8,
        ((f"sihu_deliveries_total{_OF} - sihu_stored_total{_OF}", "{{instance}}"),),
    ),
    (
        "最早未入库事件的时长 age of the oldest event not proved stored",
        "s",
        8,
        ((f"sihu_oldest_unstored_seconds{_OF}", "{{instance}} → {{county}}"),),
    ),
    (
        "距上次入库证明 since the last stored receipt",
        "s",
        8,
        ((f"time() - sihu_last_stored_timestamp_seconds{_OF}", "{{instance}} ← {{county}}"),),
    ),
    (
        "回执 receipts per second",
        "cps",
        8,
        (
            (f"rate(sihu_receipts_in_total{_OF}[$__rate_interval])", "{{instance}} in"),
            (f"rate(sihu_receipts_out_total{_OF}[$__rate_interval])", "{{instance}} out"),
        ),
    ),
    (
        "隔离 quarantined",
        "short",
        8,
        ((f"increase(sihu_quarantined_total{_OF}[$__rate_interval])", "{{instance}}"),),
    ),
    (
        "对方时钟超前 partner's clock ahead of ours",
        "s",
        8,
        ((f"sihu_clock_ahead_seconds{_OF}", "{{instance}} ← {{county}}"),),
    ),
    (
        "距上次信标 since the last beacon",
        "s",
        24,
        ((f"sihu_beacon_age_seconds{_OF}", "{{instance}} ← {{county}}"),),
    ),
    (
        "附件 files arriving, chunks to go out, open uploads",
        "short",
        8,
        (
            (f"sihu_files_arriving{_OF}", "{{instance}} arriving"),
            (f"sihu_chunks_waiting{_OF}", "{{instance}} chunks to go out"),
            (f"sihu_uploads_open{_OF}", "{{instance}} uploads"),
        ),
    ),
    (
        "到达中的附件 bytes arriving",
        "bytes",
        8,
        ((f"sihu_files_arriving_bytes{_OF}", "{{instance}}"),),
    ),
    (
        "最久未到齐的附件 oldest file arriving",
        "s",
        8,
        ((f"sihu_oldest_arriving_seconds{_OF}", "{{instance}}"),),
    ),
    (
        "待签收、无人应答 told and not taken",
        "short",
        8,
        (
            (f"sihu_escalations_open{_OF}", "{{instance}} open"),
            (f"sihu_escalations_exhausted{_OF}", "{{instance}} exhausted"),
        ),
    ),
    (
        "待发通知 pages waiting, held by a storm",
        "short",
        8,
        (
            (f"sihu_pages_waiting{_OF}", "{{instance}} waiting"),
            (f"sihu_pages_held{_OF}", "{{instance}} held"),
        ),
    ),
    (
        "最久未发的通知 oldest page waiting",
        "s",
        8,
        ((f"sihu_oldest_page_seconds{_OF}", "{{instance}}"),),
    ),
    (
        "线路 ways to reach people",
        "short",
        8,
        ((f"sihu_provider_ready{_OF}", "{{instance}} {{provider}}"),),
    ),
    (
        "预警文件 CAP documents: waiting, sent, answers",
        "short",
        8,
        (
            (f"sihu_cap_held{_OF}", "{{instance}} waiting for an officer"),
            (f"increase(sihu_cap_sent_total{_OF}[$__rate_interval])", "{{instance}} sent"),
            (f"increase(sihu_cap_answers_total{_OF}[$__rate_interval])", "{{instance}} answers"),
            (f"sihu_cap_feed_ready{_OF}", "{{instance}} {{feed}} ready"),
        ),
    ),
    (
        "待建查找索引 blocks of events to be indexed",
        "short",
        8,
        ((f"sihu_search_blocks{_OF} - sihu_search_blocks_indexed{_OF}", "{{instance}}"),),
    ),
    (
        "接口用时 answer times, 99 of 100",
        "s",
        8,
        (
            (
                f"histogram_quantile(0.99, sum by (route, le) (rate(sihu_gateway_seconds_bucket{_OF}[5m])))",
                "{{route}}",
            ),
        ),
    ),
    (
        "接口应答 answers per second",
        "cps",
        8,
        ((f"sum by (status) (rate(sihu_gateway_answers_total{_OF}[$__rate_interval]))", "{{status}}"),),
    ),
    (
        "拒绝与在线 refusals per second, live streams",
        "short",
        8,
        (
            (f"sum by (code) (rate(sihu_gateway_refusals_total{_OF}[$__rate_interval]))", "{{code}}"),
            (f"sihu_live_clients{_OF}", "{{instance}} live"),
        ),
    ),
)
"""Title, unit, width in 24ths, and queries with their legends."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana 10 and newer import it."""
    panels: list[dict[str, Any]] = []
    x = y = 0
    for number, (title, unit, width, queries) in enumerate(PANELS, 1):
        if x + width > _WIDTH:
            x, y = 0, y + _HEIGHT
        panels.append(_panel(number, title, unit, {"x": x, "y": y, "w": width, "h": _HEIGHT}, queries))
        x += width
    return {
        "uid": "sihu-node",
        "title": "四互 Sihu",
        "tags": ["sihu"],
        "timezone": "Asia/Shanghai",
        "schemaVersion": 39,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "type": "datasource", "query": "prometheus", "label": "数据源 source"},
                {
                    "name": "instance",
                    "type": "query",
                    "label": "节点 node",
                    "datasource": _SOURCE,
                    "query": {"query": "label_values(sihu_ready, instance)", "refId": "instance"},
                    "refresh": 2,
                    "multi": True,
                    "includeAll": True,
                },
            ]
        },
        "panels": panels,
    }


def _panel(
    number: int, title: str, unit: str, place: dict[str, int], queries: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + at), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
        for at, (query, legend) in enumerate(queries)
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": None}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def text() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    (HERE / "sihu.json").write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{HERE / 'sihu.json'}\n")
