"""`sihu search` against a real API on loopback."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import papers
from tests.desks import DiskWorld, desks, founded

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as opened:
        yield opened


async def test_a_word_is_searched_at_both_desks(world: DiskWorld, tmp_path: Path) -> None:
    """The officer remembers one word of it; what was found stands beside the title, and a person's case never does."""
    content = papers.alert_content(expires="2099-01-01T00:00:00+08:00") | {"effective": "2098-12-31T00:00:00+08:00"}
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    sent: Any = await world.desks[LIBO].done("send", path, "--type", "alert_issued")
    await world.carry()
    envelope_id = sent["envelope_id"]
    for code, direction in ((LIBO, "out"), (HUANJIANG, "in")):
        found: Any = await world.desks[code].done("search", "暴雨", "--direction", direction, "--county", "荔波")
        assert [one["event"]["envelope_id"] for one in found["found"]] == [envelope_id]
        assert found["found"][0]["hit"]["found"] == "暴雨"
    shown = await world.desks[HUANJIANG].command("search", "暴雨", "--mutual", "information", "--from", "2020-01-01")
    assert shown.code == 0
    assert "暴雨" in shown.out
    assert envelope_id[:10] in shown.out
    nothing = await world.desks[HUANJIANG].command("search", "雪崩")
    assert "没有找到" in nothing.out
    refused = await world.desks[HUANJIANG].command("search", "雨")
    assert (refused.code, "query.too_short" in refused.err) == (2, True)
