"""A request's body, read strictly into its model; every fault names a field of that body."""

from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError

from schemas.base import Model
from schemas.errors import Fault
from schemas.faults import faults_of
from services.domain.encoding import parse_strict
from services.gateway.gateway import REQUEST_MAX_BYTES

M = TypeVar("M", bound=Model)


def read_body(body: bytes, model: type[M], prefix: str) -> M | tuple[Fault, ...]:
    """Parse a body by the strict profile first, then as its model.

    Args:
        body: UTF-8 JSON as sent.
        model: What it should be.
        prefix: First word of the codes of whatever does not fit.
    """
    value = parse_strict(body, max_bytes=REQUEST_MAX_BYTES)
    if isinstance(value, Fault):
        return (value,)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        return without_prefix(faults_of(error, prefix), prefix)


def without_prefix(faults: tuple[Fault, ...], prefix: str) -> tuple[Fault, ...]:
    """Name fields as the caller wrote them: `to`, not `request.to`."""
    return tuple(replace(one, field=one.field.removeprefix(prefix).removeprefix(".")) for one in faults)
