"""A replay at work: the service with letters in place of records, a bar while it runs, and the books at its end."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import typer

from capi_stream import process
from capi_stream.cli.replay.plan import Plan
from capi_stream.cli.replay.progress import Progress
from capi_stream.inlets import Inlets
from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import IntakeSettings
from capi_stream.kafka.browser import Browser
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.paced import PacedConsumer
from capi_stream.replay.pace import Pace
from capi_stream.replay.reading import Letters
from capi_stream.signals import Asked


def act(plan: Plan) -> int:
    """Send what is left; the exit code. What goes on until it is told to stop logs as the service does."""
    if plan.follow:
        return process.run_replay(plan.own_settings, lambda _: _inlets(plan))
    try:
        left = _left(plan)
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        return 1
    settings = plan.own_settings
    terse = replace(settings, logs=replace(settings.logs, level="error"))  # what is waited for, the bar says
    with Progress(left) as progress:
        code = process.run_replay(terse, partial(_watched, plan, progress))
    if progress.settled or not code:
        typer.echo("\n".join(progress.books(plan)))
    return code or (0 if progress.is_done else 1)


def _left(plan: Plan) -> int:
    """How many letters lie behind what was settled before. Raises KafkaFailure."""
    with Browser(plan.settings.consumer, plan.topic, plan.group) as browser:
        return browser.number_left()


def _watched(plan: Plan, progress: Progress, asked: Asked) -> Inlets:
    progress.asked = asked
    return _inlets(plan)._replace(looks=progress.seen)


def _inlets(plan: Plan) -> Inlets:
    pace = Pace(plan.rate)

    def reads(settings: IntakeSettings) -> Letters:
        return Letters(Intake(settings), plan.wish(time.time()), pace.spent)

    return Inlets(partial(PacedConsumer, room=pace.room), reads)
