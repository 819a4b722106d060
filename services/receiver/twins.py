"""Two nodes of one county at once: an epoch goes on although its source has opened another one after it.

A restored node ends its old epochs for good, and so does one that was restored twice. Whoever goes on in the older one
after the newer one was opened is a second machine.

Source: docs/decisions/0026-answer-for-content-in-custody.md, docs/protocol.md, section "Channels and epochs"
"""

from datetime import timedelta
from typing import Final

from schemas.envelope import Envelope, Header
from services.ports import Transaction

_APART: Final = timedelta(seconds=5)
"""What was written before the newer epoch was opened may bear a time that is a little later: clocks are set right."""


def is_of_a_twin(tx: Transaction, envelope: Envelope) -> bool:
    """Tell whether a link continues an epoch that was left before it was made, by its source's own times."""
    header = envelope.header
    newest = tx.chains.current(header.channel)
    if newest is None or newest.epoch == header.epoch:
        return False
    opening = tx.links(newest.number, 0, 0)
    return bool(opening) and header.time > Header.model_validate_json(opening[0].header_bytes).time + _APART
