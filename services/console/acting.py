"""Small forms that go on with a thread: whom an act goes to, how it is sent, and what is shown if it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from schemas.base import Event
from schemas.errors import Fault, InvariantError, RequestError
from services.console.visit import Form, Visit
from services.gateway.answers import Accepted, EventDetail
from services.gateway.thread_answers import ActLine

Content = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Audience:
    """Under which agreement a thread was opened, and everybody else in it, in ascending order."""

    agreement: str
    counties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody sent, and why it was refused: shown again, so that nothing is typed twice.

    Attributes:
        form: Which of the page's forms it was; empty if none was sent.
    """

    form: str = ""
    values: Form = field(default_factory=Form)
    faults: tuple[Fault, ...] = ()

    def get(self, form: str, name: str, otherwise: str = "") -> str:
        """Return what stands in a field: what was sent with this form, else what it begins with."""
        return self.values.get(name) if form == self.form else otherwise

    def at(self, form: str, name: str) -> tuple[Fault, ...]:
        """Return what is wrong with a field of a form."""
        mine = self.faults if form == self.form else ()
        return tuple(one for one in mine if name in one.field.split("."))


def once(visit: Visit) -> str:
    """Return a token for one form: pressed twice, it is sent once."""
    return visit.hall.desk.gateway.ids.hex(16)


async def audience_of(visit: Visit, acts: Sequence[ActLine], owner: str) -> Audience:
    """Return whom the owner of a thread wrote to the last time, without ourselves and with the owner.

    Raises:
        RequestError: The event that opened it is gone.
    """
    said = [one for one in acts if one.source == owner and not one.void]
    if not said:
        raise RequestError(Fault("thread.unknown", "id", "what opened it is not here any more"))
    return await audience_of_event(visit, max(said, key=lambda one: one.at).envelope_id)


async def audience_of_event(visit: Visit, envelope_id: str) -> Audience:
    """Return everybody else who has an event, and the agreement that it went under."""
    header = (await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})).header
    own = visit.hall.desk.gateway.county
    return Audience(header.agreement_id, tuple(sorted({header.source, *header.to} - {own})))


async def send(visit: Visit, model: type[Event], content: Content, agreement: str, counties: Sequence[str]) -> Accepted:
    """Send an event with what was filled in; the form's token makes a second press harmless.

    Raises:
        RequestError: As the API refuses it.
    """
    if not counties:
        raise InvariantError(f"{model.wire_type} is to go to nobody")
    body: dict[str, JsonValue] = {
        "type": model.wire_type,
        "agreement": agreement,
        "to": list(counties),
        "content": dict(content),
    }
    return await visit.api.ask("submit_event", Accepted, body=body, key=visit.form.get("once") or None)


def given(form: Form, *names: str) -> dict[str, JsonValue]:
    """Return the fields that were filled in; an empty one is left out."""
    return {name: text for name in names if (text := form.get(name))}


def number(text: str) -> JsonValue:
    """Return a whole number; what is none goes on as it is, for the API to name the mend."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else text  # noqa: PLR2004 - 16 digits are exact
