"""Whatever stands in a county's policy file, the node starts with a policy that holds or says why it does not."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.escalations import Policy
from services.domain.policies import LEVELS, USUAL_POLICY, judge_policy, ladder_of, parse_policy

SCALARS = st.one_of(
    st.integers(-5, 90_000).map(str),
    st.sampled_from(["true", "1.5", "nan", "[]", "{}", '"sms"', '"leader"', "22:00:00", "[[1]]", '["sms", "sms"]']),
)


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """A traceback at the start of the node, in the middle of a night shift."""
    found = parse_policy(text)
    assert isinstance(found, Policy) or found


@given(data=st.data())
def test_what_is_taken_keeps_to_every_rule(data: st.DataObject) -> None:
    """Something slips past the reading that the rules refuse, or a step is never reached."""
    lines: list[str] = []
    for level in data.draw(st.sets(st.sampled_from(LEVELS), max_size=2)):
        lines += _level(data, level)
    found = parse_policy("\n".join(lines))
    if isinstance(found, Policy):
        assert judge_policy(found) == ()
        for level in LEVELS:
            ladder = ladder_of(found, level)
            assert ladder.steps[0].after_seconds == 0
            assert max(step.after_seconds for step in ladder.steps) < ladder.exhausted_seconds
        assert found.level_1.exhausted_seconds <= 900
    else:
        assert all(fault.field.startswith("policy") and fault.mend for fault in found)


def _level(data: st.DataObject, level: int) -> list[str]:
    usual: dict[str, Any] = ladder_of(USUAL_POLICY, level).model_dump(mode="json")
    steps = usual.pop("steps")
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(usual)), SCALARS, max_size=1))
    lines = [f"[level_{level}]", *(f"{key} = {value}" for key, value in (usual | changed).items())]
    for step in steps:
        values = {key: str(value).replace("'", '"') for key, value in step.items()}
        values |= data.draw(st.dictionaries(st.sampled_from(sorted(values)), SCALARS, max_size=1))
        lines += [f"[[level_{level}.steps]]", *(f"{key} = {value}" for key, value in values.items())]
    return lines
