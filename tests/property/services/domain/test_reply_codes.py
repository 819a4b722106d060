"""Any course of opening and closing: one code never means two things within 72 hours."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.sms import CodeUse
from services.domain.reply_codes import REST, allocate
from tests.papers import NOW

STEPS = st.lists(st.tuples(st.sampled_from(["open", "close", "wait"]), st.integers(0, 200)), min_size=1, max_size=250)


@settings(deadline=None)
@given(STEPS)
def test_a_code_means_two_things(steps: list[tuple[str, int]]) -> None:
    """Every new code is free: neither open nor closed within 72 hours; the same holder keeps its own."""
    uses: dict[str, CodeUse] = {}
    gone: list[CodeUse] = []
    now: datetime = NOW
    for number, (step, size) in enumerate(steps):
        if step == "wait":
            now += timedelta(minutes=size * 10)
        elif step == "close" and uses:
            use = uses.pop(sorted(uses)[size % len(uses)])
            gone.append(CodeUse(use.number, use.code, use.holder, use.opened_at, now))
        elif step == "open":
            for more in range(size % 12):
                holder = f"{number}-{more}"
                code = allocate([*uses.values(), *gone], holder, now)
                assert code not in {use.code for use in uses.values()}
                assert all(use.code != code for use in gone if use.closed_at and now - use.closed_at < REST)
                assert code[0] != "0"
                uses[holder] = CodeUse("", code, holder, now)
                assert allocate([*uses.values(), *gone], holder, now) == code
