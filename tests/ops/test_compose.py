"""compose.yaml, as far as it can be checked without an engine: its form, what it names, and each part that is ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from capi_stream import process
from capi_stream.config.loading import load
from capi_stream.config.settings import Settings
from tests.builders import ROOT
from tests.ops.tools import program
from tests.real.java import KAFKA_VERSION, REGISTRY_VERSION
from tests.service.shop import PIXELS, Shop

pytestmark = pytest.mark.ops

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
OURS = ("schema", "sandbox", "capi-stream", "load")
PARTS = {"kafka", "topics", "registry", "prometheus", "grafana", *OURS}


def mounts(name: str) -> dict[str, Path]:
    """Path in the container -> the file or folder of the repository, which is read there and not written."""
    found = {}
    for volume in SERVICES[name].get("volumes", ()):
        source, target, mode = volume.split(":")
        assert mode == "ro"
        found[target] = ROOT / source
    return found


def option(name: str, option: str) -> list[str]:
    """The values that a service's command gives to an option."""
    return [word.partition("=")[2] for word in SERVICES[name]["command"] if word.startswith(f"{option}=")]


CONFIG = mounts("capi-stream")["/etc/capi-stream/config.yaml"]


@pytest.fixture
def settings() -> Settings:
    """The service's, as it reads them."""
    return load(CONFIG, {})


def test_the_file_is_in_the_form_of_compose() -> None:
    command = [program("docker-compose"), "--file", str(ROOT / "compose.yaml"), "config", "--services"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == PARTS


def test_everything_that_is_mounted_is_there() -> None:
    assert [path for name in SERVICES for path in mounts(name).values() if not path.exists()] == []


def test_what_is_waited_for_can_come_true() -> None:
    """A service that others want healthy has a check; one that is to complete is no server."""
    for row in SERVICES.values():
        wanted = row.get("depends_on", {})
        for name, condition in wanted.items() if isinstance(wanted, dict) else ():
            assert condition["condition"] != "service_healthy" or "healthcheck" in SERVICES[name]
            assert condition["condition"] != "service_completed_successfully" or "ports" not in SERVICES[name]


def test_ports_are_open_on_this_machine_alone_and_each_once() -> None:
    ports = [port for row in SERVICES.values() for port in row.get("ports", ())]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    outside = [port.split(":")[1] for port in ports]
    assert len(outside) == len(set(outside))


def test_every_image_has_a_version() -> None:
    assert all(
        re.fullmatch(r"[a-z-]+(/[a-z-]+)?:v?\d[\w.]*|capi-stream:compose", row["image"]) for row in SERVICES.values()
    )
    assert [name for name in OURS if "build" in SERVICES[name]] == ["sandbox"]


def test_kafka_and_the_registry_are_of_the_versions_that_everything_is_tested_with() -> None:
    tested = {"apache/kafka": KAFKA_VERSION, "apicurio/apicurio-registry-mem": REGISTRY_VERSION}
    images = [SERVICES[name]["image"].split(":") for name in ("kafka", "topics", "registry")]
    assert [(image, version) for image, version in images if version != tested[image]] == []


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_locked_down_as_in_kubernetes(name: str) -> None:
    row = SERVICES[name]
    assert (row["read_only"], row["cap_drop"], row["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


def test_the_services_settings_agree_with_what_is_beside_it(settings: Settings) -> None:
    sandbox = {target.endpoint.url for target in settings.posters.targets.values()}
    assert sandbox == {f"http://sandbox:{option('sandbox', '--port')[0]}"}
    assert (
        sorted(option("sandbox", "--pixel"))
        == sorted(option("load", "--pixels")[0].split(","))
        == sorted(settings.posters.credentials)
    )
    registry = yaml.safe_load(CONFIG.read_text())["registry"]["url"]
    assert option("schema", "--registry") == option("load", "--registry") == [registry]
    assert option("schema", "--subject") == [f"{topic.name}-value" for topic in settings.intake.topics]
    made = re.search(r"for topic in (.*);", SERVICES["topics"]["command"][0])
    assert made is not None
    topics = {each.partition(":")[0] for each in made[1].split()}
    assert topics == {*option("load", "--topic"), settings.producer.dead_letter_topic, settings.producer.parked_topic}
    grace = float(SERVICES["capi-stream"]["stop_grace_period"].removesuffix("s"))
    assert settings.deadlines.drain_seconds + process.EXIT_SECONDS < grace


def test_the_sandbox_starts_with_what_it_is_given() -> None:
    """Each option and fault; at ports that are free here."""
    arguments = [re.sub("^(--port|--host)=.*", r"\1=", word) for word in SERVICES["sandbox"]["command"]]
    arguments = [word.replace("--port=", "--port=0").replace("--host=", "--host=127.0.0.1") for word in arguments]
    with subprocess.Popen(
        [sys.executable, "-m", "capi_stream", *arguments], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline().startswith("The Conversions API's stand-in listens at")
        started.terminate()
        started.communicate(timeout=20)
    assert started.returncode == 0


def test_the_schema_can_be_registered_as_it_is_there(shop: Shop) -> None:
    words = [word.replace("/opt/app", str(ROOT)) for word in SERVICES["schema"]["command"]]
    words = [f"--registry={shop.registry.url}" if word.startswith("--registry=") else word for word in words]
    done = subprocess.run([sys.executable, "-m", "capi_stream", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "commerce.events-value: registered" in done.stdout


def test_prometheus_takes_its_settings_and_the_alerts(tmp_path: Path, settings: Settings) -> None:
    config, rules = (mounts("prometheus")[f"/etc/prometheus/{name}"] for name in ("prometheus.yml", "rules.yaml"))
    for path in (config, rules):
        (tmp_path / path.name).write_text(path.read_text())
    command = [program("promtool"), "check", "config", str(tmp_path / config.name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout
    (scraped,) = yaml.safe_load(config.read_text())["scrape_configs"]
    (found,) = scraped["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["capi-stream"], settings.admin.port)
    assert [each["target_label"] for each in scraped["relabel_configs"]] == ["pod", "namespace"]


def test_grafana_is_given_the_dashboard_and_its_data() -> None:
    mounted, environment = mounts("grafana"), SERVICES["grafana"]["environment"]
    provisioning = mounted["/etc/grafana/provisioning"]
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"] == f"http://prometheus:{SERVICES['prometheus']['ports'][0].split(':')[2]}"
    (provider,) = yaml.safe_load((provisioning / "dashboards/capi-stream.yaml").read_text())["providers"]
    home = Path(environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.parent == Path(provider["options"]["path"])
    dashboard = json.loads(mounted[str(home)].read_text())
    (variable,) = [each for each in dashboard["templating"]["list"] if each["type"] == "datasource"]
    assert variable["query"] == source["type"]


def test_the_load_is_what_the_service_delivers(shop: Shop) -> None:
    """The load generator as it stands there, but for the addresses, with the service behind it."""
    here = {"--bootstrap": shop.broker, "--registry": shop.registry.url, "--topic": shop.topic, "--rate": "0"}
    name, *options = SERVICES["load"]["command"]
    pairs = dict(each.split("=", 1) for each in options)
    assert here.keys() <= pairs.keys()
    words = [f"{option}={value}" for option, value in (pairs | here).items()]
    command = [sys.executable, "-m", "capi_stream", name, *words, "--count=200", "--seed=1"]
    subprocess.run(command, check=True, timeout=60)
    assert sum(shop.ends.values()) == 200
    shop.run()
    shop.wait_until_committed()
    assert shop.letters() == []
    assert all(shop.accepted(pixel) for pixel in PIXELS)
