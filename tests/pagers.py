"""Ways to reach people, a roster and PINs that tests hold in their hands."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from schemas.errors import UnavailableError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Medium,
    PartResult,
    Recipient,
    Refused,
    Reply,
    Report,
    ReportState,
    Submitted,
    Tier,
)
from schemas.rosters import Mark
from services.domain.coverage import DueTest
from services.paging_ports import Hear
from tests import papers

SMS = Capabilities(reply=True, report=True, extension=True, segments=True)
CALLS = Capabilities(reply=True, report=True)
PLAIN = Capabilities()

PHONES = {"duty-a": "13900000001", "duty-b": "13900000002", "leader-a": "13900000003"}


def recipient(officer: str, display: str, tier: Tier, *media: Medium) -> Recipient:
    """Return somebody on duty who can be reached by these media."""
    phone = PHONES.get(officer, "0778-7822001")
    addresses = {
        Medium.EMAIL: f"{officer}@county.example",
        Medium.FAX: "0778-7822002",
        Medium.WEBHOOK: "https://desk.example/hook",
        Medium.CONSOLE: officer,
    }
    return Recipient(officer, display, tier, tuple((medium, addresses.get(medium, phone)) for medium in media))


ON_DUTY = (
    recipient("duty-a", "值班员甲", Tier.PRIMARY, Medium.SMS, Medium.VOICE, Medium.CONSOLE),
    recipient("duty-b", "值班员乙", Tier.SECONDARY, Medium.SMS, Medium.VOICE, Medium.CONSOLE),
    recipient("leader-a", "带班领导", Tier.LEADER, Medium.SMS, Medium.VOICE),
    recipient("office", "值班室", Tier.OFFICE, Medium.VOICE, Medium.FAX),
    recipient("superior", "市值班室", Tier.SUPERIOR, Medium.VOICE),
)


@dataclass(slots=True)
class FixedDuty:
    """Satisfies ``services.paging_ports.Duty``."""

    people: tuple[Recipient, ...] = ON_DUTY
    marks: list[tuple[str, Medium, Mark, datetime]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    due: tuple[DueTest, ...] = ()
    in_doubt: frozenset[str] = frozenset()
    disk_is_full: bool = False

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:  # noqa: ARG002 - the same all day
        return self.people

    def version(self) -> str:
        return "1"

    def recipient(self, officer: str) -> Recipient | None:
        return next((one for one in self.people if one.officer == officer), None)

    def officer_of(self, number: str) -> str | None:
        digits = number.removeprefix("+86")
        return next((officer for officer, phone in PHONES.items() if phone == digits), None)

    def findings(self, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        return self.missing

    def is_workday(self, day: date) -> bool:
        return day.weekday() < 5

    def doubtful(self) -> frozenset[str]:
        return self.in_doubt

    def due_tests(self, now: datetime) -> tuple[DueTest, ...]:  # noqa: ARG002
        return self.due

    def refresh(self) -> None:
        """It is the same all day."""

    def mark_number(self, owner: str, medium: Medium, tag: str, mark: Mark, at: datetime) -> None:  # noqa: ARG002
        if self.disk_is_full:
            raise UnavailableError("the disk is full")
        self.marks.append((owner, medium, mark, at))


class FixedPins:
    """Satisfies ``services.paging_ports.Pins``: everybody's PIN is 246810."""

    def matches(self, officer: str, pin: str) -> bool:  # noqa: ARG002
        return pin == "246810"


class KeptPager:
    """Satisfies ``services.paging_ports.Pager``: keeps what it is given, and says what it is told to say."""

    def __init__(
        self,
        name: str,
        medium: Medium,
        capabilities: Capabilities,
        answer: Callable[[Dispatch], Sequence[PartResult]] | None = None,
    ) -> None:
        self.name, self.medium, self.capabilities = name, medium, capabilities
        self.sent: list[Dispatch] = []
        self.answer = answer
        self.problem = ""
        self.ready = True

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:  # noqa: ARG002
        yield

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        self.sent.append(dispatch)
        if self.answer is not None:
            return tuple(self.answer(dispatch))
        numbers = [part.number for part in dispatch.parts] or [1]
        return tuple(Submitted(number, reference(dispatch.page_id, number)) for number in numbers)

    def health(self) -> Health:
        return Health(ready=self.ready, since=papers.NOW, problem=self.problem)

    def to(self, phone: str) -> list[Dispatch]:
        """Return what went to one address."""
        return [one for one in self.sent if one.address == phone]


def reference(page_id: str, part: int) -> str:
    """Return what a report will name."""
    return f"{page_id[:12]}-{part}"


def refusing(retry: object, code: str = "no") -> Callable[[Dispatch], Sequence[PartResult]]:
    """Return an answer that refuses every part."""
    return lambda dispatch: [Refused(part.number, retry, code) for part in dispatch.parts] or [Refused(1, retry, code)]  # type: ignore[arg-type]


def report(pager: KeptPager, dispatch: Dispatch, state: ReportState, at: datetime, part: int = 1) -> Report:
    """Return what the provider says of one part."""
    return Report(pager.name, reference(dispatch.page_id, part), state, state.value.upper(), None, at)


def reply(pager: KeptPager, officer: str, text: str, at: datetime, *, extension: str = "", number: int = 1) -> Reply:
    """Return a text from an officer's telephone."""
    return Reply(pager.name, f"mo-{number}", "+86" + PHONES[officer], extension, text, at)


def without(*officers: str) -> tuple[Recipient, ...]:
    """Return everybody on duty but these."""
    return tuple(one for one in ON_DUTY if one.officer not in officers)


def moved(one: Recipient, tier: Tier) -> Recipient:
    """Return somebody in another tier."""
    return replace(one, tier=tier)
