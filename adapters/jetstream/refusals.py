"""Why the hub did not do what we asked: every one may be tried again, none loses anything.

The codes are stable: they stand in logs and metrics. Error numbers are those of nats-server 2.15 (``errors.json``).
"""

import json
import re
from typing import Any, ClassVar, Final

from adapters.jetstream.wire import Reply
from schemas.errors import UnavailableError

_WRONG_LAST: Final = frozenset({10071, 10164})
_STORE_FAILED: Final = 10077
_BATCHES_BUSY: Final = frozenset({10210, 10176})
"""Too many unfinished batches; a batch whose beginning was not taken, for that reason or because it took too long."""
_NO_RESPONDER: Final = 503
_TOLD: Final = re.compile(r"wrong last sequence: (\d{1,20}) \[10071\]")


class NoResponderError(UnavailableError):
    """The hub is there, but what we asked for is not (yet) served: a stream or consumer is missing."""

    code: ClassVar[str] = "hub.no_responder"


class MovedOnError(UnavailableError):
    """Our lane at the hub has moved on since we looked: a late commit of ours landed, or a twin of us writes."""

    code: ClassVar[str] = "hub.moved_on"


class ReplicaBehindError(UnavailableError):
    """One of the hub's servers told an older end of our lane than the one that leads it; it catches up."""

    code: ClassVar[str] = "hub.replica_behind"


class SubjectFullError(UnavailableError):
    """The hub keeps no more messages on this subject, or in this stream, until older ones have expired."""

    code: ClassVar[str] = "hub.subject_full"


class BatchesBusyError(UnavailableError):
    """Too many counties have an unfinished batch in this stream; single messages still go through."""

    code: ClassVar[str] = "hub.batches_busy"


class HubRefusedError(UnavailableError):
    """The hub refused for a reason that has no treatment of its own; the text is the hub's."""

    code: ClassVar[str] = "hub.refused"


def parsed(reply: Reply) -> dict[str, Any]:
    """Return the JSON answer of a JetStream request.

    Raises:
        NoResponderError: Nobody serves the subject we asked on.
        UnavailableError: One of the refusals above.
    """
    if reply.status == _NO_RESPONDER:
        raise NoResponderError("nobody at the hub serves this")
    try:
        answer = json.loads(reply.body)
    except ValueError:
        raise HubRefusedError(f"no JSON in the hub's answer, status {reply.status}") from None
    if not isinstance(answer, dict):
        raise HubRefusedError("the hub's answer is no JSON object")
    if "error" in answer:
        raise _refusal(answer["error"])
    return answer


def last_sequence_in(reply: Reply) -> int | None:
    """Return the last sequence that a refused expectation tells, None if it was refused for another reason."""
    try:
        parsed(reply)
    except MovedOnError as exc:
        found = _TOLD.search(str(exc))
        return int(found[1]) if found else None
    return None


def _refusal(error: object) -> UnavailableError:
    number = error.get("err_code") if isinstance(error, dict) else None
    text = f"{error.get('description')} [{number}]" if isinstance(error, dict) else str(error)
    if number in _WRONG_LAST:
        return MovedOnError(text)
    if number == _STORE_FAILED:
        return SubjectFullError(text)
    if number in _BATCHES_BUSY:
        return BatchesBusyError(text)
    return HubRefusedError(text)
