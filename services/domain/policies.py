"""By which ladder a county tells its people: the usual policy, and what a county's own must keep to.

Source: docs/alerting/escalation.md.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from pydantic import ValidationError

from schemas.errors import Fault
from schemas.escalations import Ladder, OrdinaryRule, Policy, QuietHours, Step
from schemas.faults import faults_of
from schemas.pages import Medium, Tier

TEXT_MAX: Final = 65_536
LEVELS: Final = (1, 2, 3, 4)
LEGAL_CLOCKS_SECONDS: Final = (
    1_800,  # by telephone, State Council office's notice of 2015
    3_600,  # in writing, the same notice
)
LONGEST_ENDING_SECONDS: Final = min(LEGAL_CLOCKS_SECONDS) // 2
"""Level 1 ends so early that half of the shortest legal clock is left to people."""
_CODE: Final = "policy"
_MINUTE: Final = 60

_PEOPLE: Final = (Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER)
_TEXT_AND_CALL: Final = (Medium.SMS, Medium.VOICE)
_ROOM: Final = (Medium.VOICE, Medium.FAX)


def _step(minutes: int, tiers: tuple[Tier, ...], media: tuple[Medium, ...]) -> Step:
    return Step(after_seconds=minutes * _MINUTE, tiers=tiers, media=media)


def _ladder(acknowledge: int, exhausted: int, reminder: int, report_seconds: int, steps: Iterable[Step]) -> Ladder:
    return Ladder(
        acknowledge_seconds=acknowledge * _MINUTE,
        exhausted_seconds=exhausted * _MINUTE,
        reminder_seconds=reminder * _MINUTE,
        report_seconds=report_seconds,
        steps=tuple(steps),
    )


USUAL_POLICY: Final = Policy(
    level_1=_ladder(
        10,
        15,
        15,
        120,
        (
            _step(0, (Tier.PRIMARY, Tier.SECONDARY), _TEXT_AND_CALL),
            _step(2, (Tier.PRIMARY, Tier.SECONDARY), (Medium.VOICE,)),
            _step(5, (Tier.LEADER,), (Medium.VOICE,)),
            _step(8, _PEOPLE, _TEXT_AND_CALL),
            _step(8, (Tier.OFFICE,), _ROOM),
            _step(12, (Tier.SUPERIOR,), _ROOM),
        ),
    ),
    level_2=_ladder(
        15,
        25,
        30,
        120,
        (
            _step(0, (Tier.PRIMARY,), _TEXT_AND_CALL),
            _step(4, (Tier.SECONDARY,), _TEXT_AND_CALL),
            _step(8, (Tier.LEADER,), _TEXT_AND_CALL),
            _step(15, (Tier.OFFICE,), _ROOM),
            _step(20, (Tier.SUPERIOR,), _ROOM),
        ),
    ),
    level_3=_ladder(
        30,
        45,
        60,
        600,
        (
            _step(0, (Tier.PRIMARY,), (Medium.SMS,)),
            _step(8, (Tier.PRIMARY,), (Medium.VOICE,)),
            _step(15, (Tier.SECONDARY,), _TEXT_AND_CALL),
            _step(30, (Tier.LEADER,), _TEXT_AND_CALL),
        ),
    ),
    level_4=_ladder(
        60,
        90,
        240,
        600,
        (
            _step(0, (Tier.PRIMARY,), (Medium.SMS,)),
            _step(20, (Tier.PRIMARY,), (Medium.VOICE,)),
            _step(40, (Tier.SECONDARY,), _TEXT_AND_CALL),
            _step(60, (Tier.OFFICE,), _ROOM),
        ),
    ),
    ordinary=OrdinaryRule(
        media=(Medium.CONSOLE, Medium.EMAIL), digest_hour=9, reminder_days=(3, 1, 0), acknowledge_workdays=3
    ),
    quiet=QuietHours(from_hour=22, until_hour=7),
)
"""The policy of a county that sets none."""


def ladder_of(policy: Policy, level: int) -> Ladder:
    """Return the ladder of a level, 1 to 4."""
    ladders = (policy.level_1, policy.level_2, policy.level_3, policy.level_4)
    return ladders[level - 1]


def parse_policy(text: str) -> Policy | tuple[Fault, ...]:
    """Read a county's policy.

    Args:
        text: TOML, at most 64 KiB. A table that is not there is that of the usual policy; a level that is there is
            written whole.

    Returns:
        The policy, or every fault found, each with the key and the mend.
    """
    if len(text) > TEXT_MAX:
        return (Fault(f"{_CODE}.too_large", _CODE, f"write at most {TEXT_MAX} characters"),)
    try:
        read = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return (Fault(f"{_CODE}.not_toml", _CODE, f"mend the TOML: {error}"),)
    whole = USUAL_POLICY.model_dump(mode="json") | read
    try:
        policy = Policy.model_validate_json(json.dumps(whole, default=str))
    except ValidationError as error:
        return faults_of(error, _CODE)
    return judge_policy(policy) or policy


def judge_policy(policy: Policy) -> tuple[Fault, ...]:
    """Return why a policy is refused, every reason at once; none if it may be used."""
    faults = [fault for level in LEVELS for fault in _faults_of_ladder(f"level_{level}", ladder_of(policy, level))]
    faults += _faults_of_clock(policy.level_1)
    for level in (1, 2):
        faults += _faults_of_reach(f"level_{level}", ladder_of(policy, level))
    faults += _faults_of_order(policy)
    faults += _faults_of_ordinary(policy)
    return tuple(faults)


def _fault(kind: str, field: str, mend: str) -> Fault:
    return Fault(f"{_CODE}.{kind}", f"{_CODE}.{field}", mend)


def _faults_of_ladder(name: str, ladder: Ladder) -> Iterator[Fault]:
    times = [step.after_seconds for step in ladder.steps]
    if times[0] != 0:
        yield _fault("late_start", f"{name}.steps.0.after_seconds", "write 0: the first step is taken at once")
    for place, (before, after) in enumerate(pairwise(times), start=1):
        if after < before:
            yield _fault("out_of_order", f"{name}.steps.{place}.after_seconds", f"write at least {before}")
    yield from _faults_of_doubles(name, ladder)
    yield from _faults_of_times(name, ladder, max(times))


def _faults_of_doubles(name: str, ladder: Ladder) -> Iterator[Fault]:
    for place, step in enumerate(ladder.steps):
        for key, values in (("tiers", step.tiers), ("media", step.media)):
            if len(set(values)) != len(values):
                yield _fault("twice", f"{name}.steps.{place}.{key}", "name each one once")


def _faults_of_times(name: str, ladder: Ladder, last: int) -> Iterator[Fault]:
    if ladder.exhausted_seconds <= last:
        yield _fault("no_time_left", f"{name}.exhausted_seconds", f"write more than {last}, the last step's time")
    if ladder.acknowledge_seconds > ladder.exhausted_seconds:
        mend = f"write at most {ladder.exhausted_seconds}, when the ladder ends"
        yield _fault("deadline_too_late", f"{name}.acknowledge_seconds", mend)
    if ladder.report_seconds >= ladder.exhausted_seconds:
        mend = f"write less than {ladder.exhausted_seconds}, when the ladder ends"
        yield _fault("report_too_late", f"{name}.report_seconds", mend)


def _faults_of_clock(ladder: Ladder) -> Iterator[Fault]:
    if ladder.exhausted_seconds > LONGEST_ENDING_SECONDS:
        clock = min(LEGAL_CLOCKS_SECONDS) // _MINUTE
        mend = (
            f"write at most {LONGEST_ENDING_SECONDS}: half of the {clock} minutes that the law gives stays with people"
        )
        yield _fault("too_slow", "level_1.exhausted_seconds", mend)


def _faults_of_reach(name: str, ladder: Ladder) -> Iterator[Fault]:
    reached = {tier for step in ladder.steps if step.after_seconds < ladder.acknowledge_seconds for tier in step.tiers}
    if Tier.LEADER not in reached:
        yield _fault("no_leader", f"{name}.steps", 'add a step for "leader" before the county must acknowledge')


def _faults_of_order(policy: Policy) -> Iterator[Fault]:
    for higher, lower in pairwise(LEVELS):
        for key in ("acknowledge_seconds", "exhausted_seconds"):
            most = getattr(ladder_of(policy, lower), key)
            if getattr(ladder_of(policy, higher), key) > most:
                mend = f"write at most {most}: a higher level is never slower than level {lower}"
                yield _fault("slower_than_lower", f"level_{higher}.{key}", mend)


def _faults_of_ordinary(policy: Policy) -> Iterator[Fault]:
    rule, quiet = policy.ordinary, policy.quiet
    if len(set(rule.media)) != len(rule.media):
        yield _fault("twice", "ordinary.media", "name each one once")
    if Medium.SMS in rule.media or Medium.VOICE in rule.media:
        yield _fault("too_loud", "ordinary.media", "leave sms and voice to alerts; the digest goes by SMS")
    if any(after >= before for before, after in pairwise(rule.reminder_days)):
        yield _fault("out_of_order", "ordinary.reminder_days", "write each day once, the farthest first")
    if is_quiet_hour(quiet, rule.digest_hour):
        mend = f"choose an hour outside the quiet ones, {quiet.from_hour} to {quiet.until_hour}"
        yield _fault("digest_at_night", "ordinary.digest_hour", mend)


def is_quiet_hour(quiet: QuietHours, hour: int) -> bool:
    """Tell whether an hour of the day (Beijing) is a quiet one; they may span midnight."""
    if quiet.from_hour <= quiet.until_hour:
        return quiet.from_hour <= hour < quiet.until_hour
    return hour >= quiet.from_hour or hour < quiet.until_hour
