"""A real Prometheus on loopback that scrapes every second, and the questions that tests ask it."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml

from tests.ops.tools import program
from tests.real.broker import free_port
from tests.real.clients import wait_until

# A scrape may take as long as the time between two, and no longer. One that fails empties every instant query until the
# next: so it gets what a member needs on a machine that is busy, where 250 ms were too few.
SCRAPE = "1s"
JOB = "capi-stream"


class Series(NamedTuple):
    """One series of an answer, with its value at that moment."""

    labels: Mapping[str, str]
    value: float


class Prometheus:
    """Started on entering, ended by its process id on leaving; all that it keeps is in `folder`."""

    def __init__(self, folder: Path, rules: Iterable[Path] = (), scrape: str = SCRAPE) -> None:
        self._program = program("prometheus")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._targets = folder / "targets.json"
        self._log = folder / "prometheus.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.scrape([])
        discovery = {"files": [str(self._targets)], "refresh_interval": "1s"}
        config = {
            "global": {"scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": scrape},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [{"job_name": JOB, "file_sd_configs": [discovery]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._is_ready, 30, "Prometheus is ready")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()  # its data goes with the folder: it has nothing to write down
        self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def scrape(self, addresses: Iterable[str]) -> None:
        """Scrape these and no others, each a `host:port` or the URL of an admin port; seen within a second."""
        hosts = [address.rpartition("/")[2] for address in addresses]
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps([{"targets": hosts}]))
        new.replace(self._targets)

    def query(self, expression: str, at: float | None = None) -> list[Series]:
        """What PromQL says now, or at a Unix second: a series each, or one without labels for a scalar."""
        moment = {} if at is None else {"time": str(at)}
        found = self._get("/api/v1/query", query=expression, **moment)
        if found["resultType"] == "scalar":
            return [Series({}, float(found["result"][1]))]
        return [Series(each["metric"], float(each["value"][1])) for each in found["result"]]

    def value(self, expression: str) -> float | None:
        """The value of the one series that `expression` has; None where it has none."""
        found = self.query(expression)
        assert len(found) < 2, found
        return found[0].value if found else None

    def by(self, label: str, expression: str) -> dict[str, float]:
        """The values of `expression` by one label, which tells its series apart."""
        found = self.query(expression)
        values = {each.labels.get(label, ""): each.value for each in found}
        assert len(values) == len(found), found
        return values

    def alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that are pending or firing now."""
        return list(self._get("/api/v1/alerts")["alerts"])

    def _get(self, path: str, **parameters: str) -> Any:
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from None
