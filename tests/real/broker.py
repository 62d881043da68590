"""A real Apache Kafka (KRaft, one node that is broker and controller) on loopback, in a temporary folder."""

from __future__ import annotations

import base64
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real.java import CannotStart, Server, java, kafka_classpath

# Small: one partition for offsets, replication 1. Quick: rebalance and crash tests take a second and not ten.
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.heartbeat.interval.ms": "300",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.session.timeout.ms": "1000",
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}
JVM = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether something answers on `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class RealBroker:
    """Started on entering, ended on leaving. `stop`, `kill` and `start` keep its port and its data.

    Clients are told to connect to `advertised_port` where one is given: that of a proxy, which passes on to `port`.
    """

    listener = "PLAINTEXT"

    def __init__(self, advertised_port: int | None = None) -> None:
        self.port = free_port()
        self._advertised_port = advertised_port or self.port
        self.folder = Path(tempfile.mkdtemp(prefix="capi-stream-kafka-"))
        self._controller_port = free_port()
        self._classpath = kafka_classpath()
        config = self.folder / "broker.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in self.properties().items()))
        self._format(config)
        command = [java(), *JVM, LOG_LEVEL, "-cp", self._classpath, "kafka.Kafka", str(config)]
        self._server = Server("kafka", command, self.folder)

    @property
    def bootstrap(self) -> str:
        """`bootstrap.servers` for clients."""
        return f"127.0.0.1:{self.port}"

    def properties(self) -> dict[str, str]:
        """The broker's configuration."""
        return {
            **PROPERTIES,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"{self.listener}://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"{self.listener}://127.0.0.1:{self._advertised_port}",
            "listener.security.protocol.map": f"{self.listener}:{self.listener},CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": self.listener,
            "log.dirs": str(self.folder / "log"),
        }

    def format_arguments(self) -> list[str]:
        """More arguments for the formatting of its storage."""
        return []

    def _format(self, config: Path) -> None:
        # The prefix: an id that begins with a hyphen reads as an option.
        cluster = base64.urlsafe_b64encode(b"capi" + secrets.token_bytes(12)).decode().rstrip("=")
        command = [java(), *JVM, LOG_LEVEL, "-cp", self._classpath, "kafka.tools.StorageTool", "format",
                   "-t", cluster, "-c", str(config), *self.format_arguments()]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise CannotStart(f"Kafka's storage could not be formatted:\n{made.stdout}{made.stderr}")

    def start(self) -> None:
        """Start, or start again on the same data."""
        self._server.start(self.is_ready)

    def is_ready(self) -> bool:
        """Whether clients can connect."""
        return listens(self.port)

    def stop(self) -> None:
        """Stop politely; the data stays."""
        self._server.stop()

    def kill(self) -> None:
        """Stop as a crash would; the data stays."""
        self._server.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()  # its data goes with it: there is nothing to flush
        shutil.rmtree(self.folder, ignore_errors=True)
