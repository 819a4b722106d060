"""``sihu called`` beside two counties' running APIs."""

import json
from pathlib import Path
from typing import Any

from tests import papers
from tests.desks import OFFICER, desks, founded
from tests.scenario.test_desk_commands import HUANJIANG, LIBO


async def test_a_call_is_put_on_record_and_shown_at_both_desks(tmp_path: Path) -> None:
    """The neighbour that was called sees it, too, once its line is back."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as world:
        libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
        sent: Any = await libo.done(
            "send",
            *[f"{k}:={json.dumps(v)}" for k, v in papers.policy_content().items()],
            "--type",
            "政策通报",
            "--to",
            "环江",
        )
        envelope_id = str(sent["envelope_id"])
        done: Any = await libo.done(
            "called", envelope_id[:10], "--officer", OFFICER, "--county", "环江", "--office", "值班室"
        )
        assert (done["told"], done["outcome"]) == (HUANJIANG, "told")
        await world.carry()
        for desk in (libo, huanjiang):
            shown: Any = await desk.done("show", envelope_id)
            assert [one["record_id"] for one in shown["calls"]] == [done["record_id"]]
            assert "电话 called" in (await desk.command("show", envelope_id)).out
