"""A replay at work: the service with letters in place of records, a bar while it runs, and the books at its end."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import typer

from capi_stream import process
from capi_stream.cli.quiet import quietly
from capi_stream.cli.replay.plan import Plan
from capi_stream.cli.replay.progress import Progress
from capi_stream.cli.replay.survey import Survey, is_some_left, survey
from capi_stream.inlets import Inlets
from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import IntakeSettings
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.paced import PacedConsumer
from capi_stream.observability.settings import Level
from capi_stream.replay.newer import Newer
from capi_stream.replay.pace import Pace
from capi_stream.replay.reading import Letters
from capi_stream.signals import Asked


def act(plan: Plan) -> int:
    """Send what is left; the exit code. What goes on until it is told to stop logs as the service does."""
    if plan.follow:
        return process.run_replay(plan.own_settings, lambda _: _inlets(plan, Newer()))
    try:
        with quietly():
            seen = survey(plan)
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        return 1
    if hindrances := list(seen.hindrances(plan)):
        typer.echo("\n".join(hindrances), err=True)
        return 1
    return _sent(plan, seen)


def _sent(plan: Plan, seen: Survey) -> int:
    if plan.to_topic:
        typer.echo(plan.warning, err=True)
    with Progress(seen.left) as progress:
        settings = plan.own_settings
        level: Level = "error" if progress.is_drawn else "warning"  # what is waited for, the bar says
        terse = replace(settings, logs=replace(settings.logs, level=level))
        code = process.run_replay(terse, partial(_watched, plan, seen, progress))
    if progress.done or not code:
        typer.echo("\n".join(progress.books(plan)))
    if code or not progress.is_done:
        return code or 1
    return _ended(plan, seen)


def _ended(plan: Plan, seen: Survey) -> int:
    """Whether all that was there when it began is done with; the exit code. The process has seconds left."""
    try:
        with quietly():
            is_left = is_some_left(plan, seen)
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        return 1
    if is_left:
        whose = "Letters are left with another process of this id, or were with one that was killed."
        typer.echo(f"{whose} What to do: once that has ended, {plan.command}", err=True)
    return 1 if is_left else 0


def _watched(plan: Plan, seen: Survey, progress: Progress, asked: Asked) -> Inlets:
    progress.asked = asked
    return _inlets(plan, seen.wish.newer)._replace(looks=progress.seen)


def _inlets(plan: Plan, newer: Newer) -> Inlets:
    pace = Pace(plan.rate)

    def reads(settings: IntakeSettings) -> Letters:
        return Letters(Intake(settings), plan.wish(time.time(), newer), pace.spent)

    return Inlets(partial(PacedConsumer, room=pace.room), reads)
