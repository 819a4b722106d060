"""Set structlog up: lines for people on a terminal, JSON for programs, always on standard error.

The closed list of log events, ``room.past_tense``. One line per message per room; never a payload, a key or a
telephone number. Ids are bound once per delivery.

info: gateway.submitted, gateway.acknowledged, relay.published, receiver.accepted, hub.arranged.
warning: gateway.refused, relay.append_deferred, receiver.deferred, receiver.gap_waited, notifier.deferred,
directory.refused, hub.arrange_deferred, hub.certificate_expiring.
error (a person must look): receiver.rejected, receiver.quarantined, receiver.own_unknown, relay.hub_ahead,
notifier.told.
"""

import logging
import sys
from typing import Literal

import structlog


def set_up(form: Literal["console", "json"], level: str) -> None:
    """Configure logging for this process.

    Args:
        form: ``console`` for people, ``json`` for programs.
        level: ``debug``, ``info``, ``warning`` or ``error``; what is below is not written.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
