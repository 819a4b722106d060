"""Set structlog up: lines for people on a terminal, JSON for programs, always on standard error.

The closed list of log events, ``room.past_tense``. One line per message per room; never a payload, a key or a
telephone number. Ids are bound once per delivery.

info: gateway.submitted, gateway.acknowledged, gateway.closed, relay.published, receiver.accepted,
receiver.reexamined, hub.arranged, hub.copy_mended, upkeep.swept, completeness.answered, rekeying.rotated,
rekeying.told, gateway.upload_begun, gateway.upload_ended, relay.file_published, receiver.file_concluded,
completeness.chunks_asked, completeness.chunks_given, upkeep.files_swept, upkeep.file_removed, rotation.made,
rotation.published, rotation.destroyed, rotation.destroyed_early, upkeep.lapsed, gateway.opened, gateway.called,
gateway.silenced, gateway.drilled, gateway.erased, gateway.roster_changed, gateway.numbers_shown, courses.erased,
upkeep.referral_expired, notifier.opened, notifier.escalation, notifier.submitted, notifier.replied,
notifier.reply_unknown_number, notifier.keyed, smpp.bound, cmpp.connected, voice.called, fax.queued, modem.spooled,
cap.sent, cap.answered, cap.shown, cap.closed, upkeep.indexed, gateway.draft_moved, gateway.draft_sent,
gateway.countersigned, gateway.agreement_adopted, gateway.agreement_suspended.
warning: gateway.refused, relay.append_deferred, relay.hub_behind, hub.look_deferred, hub.files_unchecked,
receiver.deferred, receiver.gap_waited, notifier.deferred, upkeep.deferred, directory.refused, notifier.expiring,
receiver.own_lost, receiver.left, hub.arrange_deferred, hub.certificate_expiring, hub.documents_outdated,
completeness.resent, completeness.deferred, upkeep.course_deferred,
completeness.asked, completeness.answer_deferred, completeness.refused,
rekeying.deferred, rekeying.order_void, relay.chunks_deferred, relay.file_lost, receiver.chunk_of_unknown,
receiver.file_unsound, completeness.chunks_deferred, upkeep.file_lost, notifier.source_not_told, notifier.page_failed,
notifier.opt_out_unrecorded, notifier.unprintable, notifier.report_unmatched, notifier.keyed_unmatched, smpp.lost,
smpp.unreadable, cmpp.link_lost, cmpp.deliver_deferred, cmpp.report_unreadable, cmpp.reply_undecoded,
sms.push_refused, sms.push_unread, sms.push_deferred, voice.link_lost, voice.speechless, voice.callback_refused,
fax.link_lost, modem.link_lost, cap.held, cap.refused, cap.feed_refused, cap.feed_deferred, cap.signers_refused,
notifier.not_countersigned.
error (a person must look): receiver.rejected, receiver.quarantined, receiver.own_unknown, receiver.revoked,
relay.hub_ahead, relay.twin, receiver.twins, completeness.twin, completeness.twins, hub.streams_missed,
hub.copy_damaged, hub.copy_handed_over, hub.copies_refilled, notifier.told, completeness.missing, completeness.silent,
completeness.contradicted, completeness.fork_proved, completeness.epoch_dropped, completeness.unheard,
completeness.in_clear, rekeying.no_next_key, receiver.chunk_refused, smpp.bind_refused, cmpp.refused, voice.unheard.
"""

import atexit
import json
import logging
import sys
import threading
from typing import Any, Final, Literal, TextIO

import structlog
from pydantic_core import PydanticSerializationError, to_json

_GATHER_SECONDS: Final = 0.05


class LineWriter:
    """Writes lines from a thread of its own, all that came within 50 ms at once.

    A write per line would stop the room that logs for a system call per event. What is not written yet is written at
    the end of the process; only a kill -9 can take the last 50 ms.
    """

    def __init__(self, stream: TextIO) -> None:
        """Start the thread; it ends with the process."""
        self._stream = stream
        self._lines: list[str] = []
        self._come = threading.Event()
        atexit.register(self.flush)
        threading.Thread(target=self._run, name="log-writer", daemon=True).start()

    def msg(self, line: str) -> None:
        """Take one line."""
        self._lines.append(line)
        if not self._come.is_set():
            self._come.set()

    log = debug = info = warn = warning = error = critical = exception = msg

    def flush(self) -> None:
        """Write what has come."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write("\n".join([*lines, ""]))
            self._stream.flush()

    def _run(self) -> None:
        rest = threading.Event()
        while True:
            self._come.wait()
            rest.wait(_GATHER_SECONDS)
            self._come.clear()
            self.flush()


def set_up(form: Literal["console", "json"], level: str, *, county: str = "") -> None:
    """Configure logging for this process.

    Args:
        form: ``console`` for people, ``json`` for programs.
        level: ``debug``, ``info``, ``warning`` or ``error``; what is below is not written.
        county: The county whose node logs: stands as ``node`` in every line, if given.
    """
    writer = LineWriter(sys.stderr)
    own = {"node": county} if county else {}

    def add_own(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        line.update(own)
        return line

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_as_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            add_own,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=True,
    )


def _as_json(line: dict[str, Any], **_options: object) -> str:
    try:
        return to_json(line, fallback=str).decode()
    except PydanticSerializationError:  # a lone surrogate: escaped rather than lost with its line
        return json.dumps(line, separators=(",", ":"), default=str)
