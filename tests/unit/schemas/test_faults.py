"""Plain words for whatever pydantic may find."""

from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, StringConstraints, ValidationError, model_validator

from schemas import forms
from schemas.base import Model
from schemas.errors import Fault
from schemas.faults import broken_rule, faults_of
from schemas.forms import FORMS


class Request(Model):
    """A model as a gateway would write it."""

    kind: Literal["a", "b"] = "a"
    count: Annotated[int, Field(gt=0, lt=5)] = 1
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "AB"
    names: tuple[str, ...] = ()
    closed: bool = False

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.count == 2:
            raise ValueError("two is taken")
        if self.count == 3:
            raise broken_rule("count", "use 4, {braces} and all")
        return self


def faults(text: str) -> tuple[Fault, ...]:
    """What is wrong with a request."""
    with pytest.raises(ValidationError) as caught:
        Request.model_validate_json(text)
    return faults_of(caught.value, "request")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"x":1}', Fault("request.unknown_field", "request.x", "remove this field; the type has none of this name")),
        ('{"kind":"c"}', Fault("request.not_allowed", "request.kind", "choose one of 'a' or 'b'")),
        ('{"count":0}', Fault("request.out_of_range", "request.count", "write a number above 0")),
        ('{"count":5}', Fault("request.out_of_range", "request.count", "write a number below 5")),
        ('{"names":[1]}', Fault("request.wrong_type", "request.names.0", "write a text in quotes")),
        ('{"closed":1}', Fault("request.wrong_type", "request.closed", "write true or false")),
        ('{"count":2}', Fault("request.rule", "request", "two is taken")),
        ('{"count":3}', Fault("request.rule", "request.count", "use 4, {braces} and all")),
        (
            '{"code":"x"}',
            Fault("request.wrong_form", "request.code", "write it in the form that the type's JSON Schema gives"),
        ),
    ],
)
def test_an_officer_reads_jargon(text: str, fault: Fault) -> None:
    """Code, path and mend are ours; the prefix is the caller's."""
    assert faults(text) == (fault,)


def test_several_faults_are_told_one_at_a_time() -> None:
    """All of them come at once, so that one correction is enough."""
    assert [fault.field for fault in faults('{"count":9,"kind":"z","y":0}')] == [
        "request.kind",
        "request.count",
        "request.y",
    ]


def test_a_form_has_no_words() -> None:
    """Every pattern of schemas.forms is in the table, so nobody is shown a regular expression."""
    patterns = {value for name, value in vars(forms).items() if name.endswith("_PATTERN") and isinstance(value, str)}

    assert patterns <= FORMS.keys()
