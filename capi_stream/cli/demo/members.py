"""The demo's service processes: the real `capi-stream run`, started, watched by their admin ports, and stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from capi_stream.cli.demo.ending import DemoError

_SAMPLE = re.compile(r"^(\w+?)(?:\{(.*)\})? ([-+.\deE]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Member:
    """One process of the service. Its log goes to a file beside its configuration."""

    def __init__(self, number: int, config: Path, port: int, options: Sequence[str] = ()) -> None:
        self.number = number
        self.admin = f"http://127.0.0.1:{port}"
        self.log = config.with_suffix(f".{number}.log")
        environment = {"CAPI_STREAM__ADMIN__PORT": str(port), "CAPI_STREAM__LOGS__FORMAT": "json"}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "capi_stream", "run", "--config", str(config), *options],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is for who started it, and who then stops it
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def stop(self, seconds: float) -> int:
        """Ask it to stop, as Kubernetes does, and wait; its exit code. Killed if it takes longer."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait until it has ended; its exit code. Killed if it takes longer."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing if it has ended."""
        self._process.send_signal(number)

    def kill(self) -> int:
        """End it as a crash would; its exit code."""
        self._process.kill()
        return self._process.wait()

    def last_words(self, lines: int = 12) -> str:
        """How its log ends."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def metrics(self) -> Metrics:
        """Its metrics as they are now; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.admin}/metrics", timeout=2) as answer:  # noqa: S310  loopback
                return Metrics(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return Metrics("")

    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.admin}/readyz", timeout=2) as answer:  # noqa: S310  loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Metrics:
    """Samples of one scrape."""

    def __init__(self, text: str) -> None:
        self._samples = [
            (name, dict(_LABEL.findall(labels or "")), float(value)) for name, labels, value in _SAMPLE.findall(text)
        ]

    def total(self, metric: str, **labels: str) -> int:
        """The sum of all samples of `metric` with these `labels`."""
        return sum(self.by("", metric, **labels).values())

    def by(self, label: str, metric: str, **labels: str) -> Counter[str]:
        """The samples of `metric` with these `labels`, added up by the value of `label`. Counts are whole."""
        sums: Counter[str] = Counter()
        for sample, has, value in self._samples:
            if sample == f"capi_stream_{metric}" and labels.items() <= has.items():
                sums[has.get(label, "")] += round(value)
        return sums


def have_settled(members: Sequence[Member], partitions: int) -> bool:
    """Whether all are ready and share all `partitions` among them, with none left out.

    Before that a partition may still move from one to another, and its uncommitted records are then read twice.
    """
    shares = [member.metrics().total("assigned_partitions") for member in members if member.is_ready()]
    return len(shares) == len(members) and all(shares) and sum(shares) == partitions


def check(members: Sequence[Member]) -> None:
    """Raise DemoError with the end of its log if one has ended by itself."""
    for member in members:
        if member.exit_code is not None:
            raise DemoError(
                f"service {member.number} ended by itself, with exit code {member.exit_code}. Its log ends:\n"
                f"{member.last_words()}"
            )


def stop(members: Sequence[Member], seconds: float) -> tuple[int, ...]:
    """Ask all to stop, at once, and wait; their exit codes. Who takes longer than `seconds` is killed."""
    deadline = time.monotonic() + seconds
    for member in members:
        member.signal(signal.SIGTERM)
    return tuple(member.wait(max(0.0, deadline - time.monotonic())) for member in members)


def wait_until_ready(members: list[Member], seconds: float) -> None:
    """Wait for all; RuntimeError with the log's end if one ends or takes too long."""
    deadline = time.monotonic() + seconds
    for member in members:
        while not member.is_ready():
            if member.exit_code is not None or time.monotonic() > deadline:
                raise RuntimeError(f"service {member.number} did not get ready. Its log ends:\n{member.last_words()}")
            time.sleep(0.1)
