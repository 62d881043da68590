"""A real schema registry (Apicurio, in memory), by its Confluent API."""

from __future__ import annotations

import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real.broker import free_port
from tests.real.java import Server, java, registry_folder


class RealRegistry:
    """Started on entering, ended on leaving; what was registered ends with it."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        self.folder = Path(tempfile.mkdtemp(prefix="capi-stream-registry-"))
        unpacked = registry_folder()
        jar = next(unpacked.glob("apicurio-registry-app-*-runner.jar"))
        command = [java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                   "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}",
                   "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-jar", jar.name]  # fmt: skip
        self._server = Server("registry", command, self.folder, cwd=unpacked)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=2) as answer:
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False

    def start(self) -> None:
        """Start with nothing registered."""
        self._server.start(self.is_ready)

    def stop(self) -> None:
        """Stop; what was registered is gone."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
