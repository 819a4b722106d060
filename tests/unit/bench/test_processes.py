"""A child of the benchmarks answers an order at once, through pipes that are buffered."""

import asyncio
import json
import os
import sys

import pytest

from tests.bench.processes import serve


async def test_an_answer_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness waits for each answer before it goes on: one that stays in the child's buffer hangs the benchmark."""
    orders_out, orders_in = os.pipe()
    answers_out, answers_in = os.pipe()
    os.set_blocking(answers_out, False)

    async def add(one: int, two: int) -> dict[str, int]:
        return {"sum": one + two}

    with (
        open(orders_out, "rb") as orders,  # noqa: PTH123, ASYNC230 - descriptors
        open(orders_in, "wb", buffering=0) as order,  # noqa: PTH123, ASYNC230
        open(answers_in, "w", encoding="utf-8") as answers,  # noqa: PTH123, ASYNC230
        open(answers_out, "rb") as answer,  # noqa: PTH123, ASYNC230
    ):
        monkeypatch.setattr(sys, "stdin", orders)
        monkeypatch.setattr(sys, "stdout", answers)
        serving = asyncio.create_task(serve({"add": add}))
        order.write(b'{"verb": "add", "one": 1, "two": 2}\n')
        async with asyncio.timeout(5):
            while not (line := answer.read()):
                await asyncio.sleep(0.005)
        assert json.loads(line) == {"sum": 3}
        assert not serving.done()
        order.close()
        await serving
