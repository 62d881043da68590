"""k8s/: each overlay is what Kubernetes and its operators take, is safe by policy, and agrees with the service."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from typer.main import get_command

from capi_stream import __version__, process
from capi_stream.cli import app
from capi_stream.config.loading import load
from capi_stream.config.settings import Settings
from k8s.grafana.queries import REPLAYS
from tests.builders import ROOT
from tests.faults.outage import Plan
from tests.ops.manifests import (
    K8S,
    OVERLAYS,
    REPLAYING,
    configuration,
    document,
    documents,
    pod,
    rendered,
    replays,
    with_comments,
    workloads,
)
from tests.ops.models import lost
from tests.ops.tools import program, wheels

pytestmark = pytest.mark.ops

VERSIONS = ("1.31", "1.33", "1.37")  # the oldest that unhealthyPodEvictionPolicy is stable in, and newer ones
OPERATORS = ("keda.sh", "monitoring.coreos.com", "external-secrets.io")

EXCEPTIONS = {
    "CKV_K8S_11": "a CPU limit throttles: heartbeats are late, and the group rebalances; the memory limit is there",
    "CKV_K8S_15": "a tag of ours is built once, and by digest there is nothing to pull anew; a registry that is down "
    "must not keep a pod from coming back",
    "CKV_K8S_43": "the digest is of the image that you build and push; overlays/prod says how to write it",
    "CKV_DOCKER_2": "Kubernetes has probes and does not look at HEALTHCHECK; compose.yaml has its own",
    "CKV_DOCKER_7": "the base is an argument, whose default has a tag; the check does not read it",
}
"""What checkov asks for and we decide against, and why."""

PODS = {"app.kubernetes.io/part-of": "capi-stream"}
"""Of the service's pods, and of a replay's."""


@pytest.fixture(params=[*OVERLAYS, *REPLAYING])
def overlay(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def settings(overlay: str, folder: Path) -> Settings:
    """The overlay's configuration, as the service reads it; secrets are files of `folder`."""
    for name in ("username", "password", "1234567890"):
        (folder / name).write_text("sandbox-1234567890")
    text = configuration(overlay)
    for place in ("capi-stream-kafka", "capi-stream"):
        text = text.replace(f"/run/secrets/{place}/", f"{folder}/")
    (folder / "config.yaml").write_text(text)
    return load(folder / "config.yaml", {"HOSTNAME": "capi-stream-0"})


def is_built_in(item: dict[str, Any]) -> bool:
    return not item["apiVersion"].startswith(OPERATORS)


# What Kubernetes and its operators take.


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifests_keep_the_schemas_of_kubernetes(overlay: str, version: str) -> None:
    """Strictly: a field that is not known is a mistake, and so is a kind that nobody of these has."""
    wheels()
    import kubernetes_validate

    for item in filter(is_built_in, documents(overlay)):
        kubernetes_validate.validate(item, version, strict=True)


def test_kubernetes_own_types_decode_what_makes_pods(overlay: str) -> None:
    """The compiled ones, which kubectl needs to find the containers."""
    command = [program("kubectl"), "set", "image", "--local", "-f", "-", "*=decoded", "-o", "name"]
    done = subprocess.run(command, input=yaml.safe_dump_all(workloads(overlay)), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(workloads(overlay))


def test_the_operators_types_hold_every_field() -> None:
    """The models leave out what they do not know: what comes back must be what went in."""
    wheels()
    from cloudcoil.models.keda import v1alpha1 as keda
    from cloudcoil.models.prometheus_operator import v1 as prometheus

    models: dict[str, Any] = {
        "ScaledObject": keda.ScaledObject,
        "TriggerAuthentication": keda.TriggerAuthentication,
        "PodMonitor": prometheus.PodMonitor,
        "PrometheusRule": prometheus.PrometheusRule,
    }
    checked = set()
    for item in documents("prod"):
        if model := models.get(item["kind"]):
            read = model.model_validate(item).model_dump(by_alias=True, exclude_unset=True, mode="json")
            assert list(lost(item, read)) == []
            checked.add(item["kind"])
    assert checked == models.keys()


def test_external_secrets_make_the_secrets_that_the_pods_mount() -> None:
    """No model of this operator is to be had: its required fields, and no others than these."""
    wanted = {each["secret"]["secretName"] for each in pod("prod")["volumes"] if "secret" in each}
    made = {}
    for item in documents("prod", "ExternalSecret"):
        spec = item["spec"]
        assert spec.keys() == {"refreshInterval", "secretStoreRef", "target", "data"}
        assert spec["secretStoreRef"].keys() == {"kind", "name"}
        for row in spec["data"]:
            assert (row.keys(), row["remoteRef"].keys()) == ({"secretKey", "remoteRef"}, {"key", "property"})
        made[spec["target"]["name"]] = {row["secretKey"] for row in spec["data"]}
    assert made.keys() == wanted
    assert made["capi-stream-kafka"] == {"username", "password"}


# Safe.


def test_checkov_finds_what_is_explained_and_nothing_else(tmp_path: Path) -> None:
    for name in (*OVERLAYS, *REPLAYING):
        (tmp_path / f"{name}.yaml").write_text(rendered(name))
    (tmp_path / "Dockerfile").write_text((ROOT / "Dockerfile").read_text())
    options = ["--framework", "kubernetes", "dockerfile", "--skip-download", "--quiet", "--compact", "--output", "json"]
    command = [program("checkov"), "--directory", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    reports = {each["check_type"]: each for each in json.loads(done.stdout)}
    assert reports["kubernetes"]["summary"]["passed"] > 200
    assert reports["dockerfile"]["summary"]["passed"] > 100
    failed = {
        check["check_id"]: f"{check['check_name']}: {check['resource']}"
        for report in reports.values()
        for check in report["results"]["failed_checks"]
    }
    assert {name: text for name, text in failed.items() if name not in EXCEPTIONS} == {}
    assert EXCEPTIONS.keys() - failed.keys() == set(), "no exception is needed any more for these"


def test_every_pod_keeps_the_restricted_standard_which_its_namespace_enforces(overlay: str) -> None:
    (namespace,) = documents(overlay, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for item in documents(overlay):
        assert item["kind"] == "Namespace" or item["metadata"]["namespace"] == namespace["metadata"]["name"]
    for workload in workloads(overlay):
        spec = workload["spec"]["template"]["spec"]
        context = spec["securityContext"]
        assert context["runAsNonRoot"]
        assert context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert {kind for volume in spec.get("volumes", ()) for kind in volume} <= {"name", "configMap", "secret"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }


def test_no_secret_is_in_the_repository_and_no_pod_has_a_token(overlay: str) -> None:
    assert documents(overlay, "Secret") == []
    assert not [path for path in K8S.rglob("*.yaml") if "secretGenerator" in path.read_text()]
    assert document(overlay, "ServiceAccount")["automountServiceAccountToken"] is False
    for workload in workloads(overlay):
        assert workload["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


def test_the_network_opens_the_admin_port_to_monitoring_and_the_way_to_meta_in_production_alone() -> None:
    for name in OVERLAYS:
        ingress = [rule for each in policies(name) for rule in each["spec"].get("ingress", ())]
        assert [[port["port"] for port in rule["ports"]] for rule in ingress] == [["admin"]]
        assert all(peer.get("namespaceSelector") for rule in ingress for peer in rule["from"])
    assert 443 in open_ports("prod")
    assert open_ports("dev") == {53, 9092, 9093, 8081, 8088}


def test_with_the_component_for_traces_the_pods_reach_the_collector_that_the_overlay_names() -> None:
    """Both stand in the overlay as comments, since most have no collector."""
    wheels()
    import kubernetes_validate

    made = {each["metadata"]["name"]: each for each in yaml.safe_load_all(with_comments("prod", "tracing"))}
    policy = made["capi-stream-traces"]
    for version in VERSIONS:
        kubernetes_validate.validate(policy, version, strict=True)
    (config,) = [each["data"]["config.yaml"] for each in made.values() if "config.yaml" in each.get("data", {})]
    collector = urlsplit(yaml.safe_load(config)["tracing"]["endpoint"])
    _, namespace = str(collector.hostname).split(".")
    assert policy["spec"]["podSelector"] == {"matchLabels": PODS}
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": collector.port}]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]


def test_with_the_component_for_letters_keys_all_pods_that_have_to_do_with_letters_have_them() -> None:
    wheels()
    import kubernetes_validate

    with_keys = list(yaml.safe_load_all(with_comments("prod", "(?:replay|letter-keys)")))
    pods = {each["metadata"]["name"]: each for each in with_keys if "template" in each.get("spec", {})}
    assert pods.keys() == {"capi-stream", "capi-stream-replay", "capi-stream-replay-parked"}
    file = re.search(r"letters: \{encryption_key_file: (\S+)\}", (ROOT / "docs/privacy.md").read_text())
    assert file is not None
    for workload in pods.values():
        spec = workload["spec"]["template"]["spec"]
        (volume,) = [each for each in spec["volumes"] if each["name"] == "letter-keys"]
        assert volume["secret"] == {"secretName": "capi-stream-letter-keys", "defaultMode": 0o440}
        (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "letter-keys"]
        assert (mount["mountPath"], mount["readOnly"]) == (str(Path(file[1]).parent), True)
        for version in VERSIONS:
            kubernetes_validate.validate(workload, version, strict=True)


def policies(overlay: str) -> list[dict[str, Any]]:
    """The NetworkPolicies of the service's pods."""
    selector = {"matchLabels": PODS}
    return [each for each in documents(overlay, "NetworkPolicy") if each["spec"]["podSelector"] == selector]


def open_ports(overlay: str) -> set[int]:
    """Where the service's pods may connect to."""
    rules = [rule for each in policies(overlay) for rule in each["spec"].get("egress", ())]
    return {port["port"] for rule in rules for port in rule["ports"]}


# A replay's pods are like the service's, and none of them.


OF_REPLAYS = {"dev+replay": [], "prod+replay": ["capi-stream-replay-kafka"]}
"""Overlay -> Secrets that are not the service's: who reads letters is another user."""


@pytest.mark.parametrize("overlay", REPLAYING)
def test_a_replay_gets_what_the_service_gets(overlay: str) -> None:
    (service,) = pod(overlay)["containers"]
    assert {each["kind"] for each in replays(overlay)} == {"Job", "Deployment"}
    for each in replays(overlay):
        spec = each["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        for name in ("securityContext", "serviceAccountName", "terminationGracePeriodSeconds"):
            assert spec[name] == pod(overlay)[name]
        differ = [each for each in spec["volumes"] if each not in pod(overlay)["volumes"]]
        assert [each["secret"]["secretName"] for each in differ] == OF_REPLAYS[overlay]
        assert by_name(spec["volumes"]).keys() == by_name(pod(overlay)["volumes"]).keys()
        assert by_name(container["volumeMounts"]) == by_name(service["volumeMounts"])
        for name in ("image", "securityContext"):
            assert container[name] == service[name]
        assert container["resources"]["limits"] == service["resources"]["limits"]


@pytest.mark.parametrize("overlay", REPLAYING)
def test_its_commands_are_such_and_the_job_only_looks_until_somebody_changes_it(overlay: str) -> None:
    folder = by_name(pod(overlay)["containers"][0]["volumeMounts"])["config"]["mountPath"]
    given = {}
    for each in replays(overlay):
        (container,) = each["spec"]["template"]["spec"]["containers"]
        given[each["kind"]] = parsed(container["args"])
        assert given[each["kind"]]["config"] == Path(folder) / "config.yaml"
    assert not given["Job"]["yes"]
    assert [given["Deployment"][name] for name in ("yes", "parked", "follow")] == [True, True, True]


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What kustomize has put together, in whatever order."""
    return {each["name"]: each for each in items}


@pytest.mark.parametrize("name", ["replay/job.yaml", "replay-parked/deployment.yaml"])
def test_what_its_comments_say_can_be_given_too(name: str) -> None:
    text = re.sub(r"# (?=- --)", "", (K8S / "components" / name).read_text())
    (container,) = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]
    assert parsed(container["args"])["yes"]


def parsed(args: list[str]) -> dict[str, Any]:
    """A replay's options, as the command reads them. Raises what the command line would say."""
    name, *options = args
    return get_command(app).commands[name].make_context(name, options).params  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("overlay", REPLAYING)
def test_a_replays_pods_are_no_members_but_have_their_ways(overlay: str) -> None:
    """A budget, a service or a spread that took them in would count them as members."""
    labels = {each["kind"]: each["spec"]["template"]["metadata"]["labels"] for each in replays(overlay)}
    members = [document(overlay, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]]
    members += [document(overlay, "StatefulSet")["spec"]["selector"]["matchLabels"]]
    members += [document(overlay, "Service")["spec"]["selector"]]
    members += [each["labelSelector"]["matchLabels"] for each in pod(overlay)["topologySpreadConstraints"]]
    (deployed,) = [each["spec"]["selector"]["matchLabels"] for each in replays(overlay) if "selector" in each["spec"]]
    for kind, of_pod in labels.items():
        assert of_pod.items() >= PODS.items()
        assert not [each for each in members if each.items() <= of_pod.items()]
        assert (deployed.items() <= of_pod.items()) == (kind == "Deployment")


def test_what_is_scraped_of_a_replay_has_a_job_of_its_own() -> None:
    """By which the alerts and panels of the service leave it out; a Job's pod has no port to be scraped at."""
    monitor = document("prod+replay", "PodMonitor")["spec"]
    assert monitor["selector"] == {"matchLabels": PODS}
    for each in replays("prod+replay"):
        template = each["spec"]["template"]
        assert re.fullmatch(REPLAYS, template["metadata"]["labels"][monitor["jobLabel"]])
        assert ("ports" in template["spec"]["containers"][0]) == (each["kind"] == "Deployment")
    assert not re.fullmatch(REPLAYS, document("prod", "StatefulSet")["metadata"]["labels"][monitor["jobLabel"]])


def test_a_job_goes_on_by_itself_only_where_its_node_was_drained() -> None:
    (job,) = [each["spec"] for each in replays("prod+replay") if each["kind"] == "Job"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"], rule["action"]) == (0, "Never", "Ignore")
    assert [each["type"] for each in rule["onPodConditions"]] == ["DisruptionTarget"]


# In agreement with the service.


def test_the_configuration_loads_with_the_pods_name_as_its_membership(overlay: str, tmp_path: Path) -> None:
    """Each file that it names is in a volume that is mounted."""
    assert settings(overlay, tmp_path).consumer.group_instance_id == "capi-stream-0"
    mounts = [each["mountPath"] for each in pod(overlay)["containers"][0]["volumeMounts"]]
    for line in configuration(overlay).splitlines():
        for word in line.split():
            if word.strip("{}").startswith("/"):
                assert str(Path(word.strip("{}")).parent) in mounts


def test_the_pod_is_given_longer_than_the_service_takes_to_stop(overlay: str, tmp_path: Path) -> None:
    """preStop runs within the grace period, before SIGTERM; then the drain; then clients that do not end."""
    lifecycle = pod(overlay)["containers"][0].get("lifecycle", {})
    pre_stop = lifecycle.get("preStop", {"sleep": {"seconds": 0}})["sleep"]["seconds"]
    longest = pre_stop + settings(overlay, tmp_path).deadlines.drain_seconds + process.EXIT_SECONDS
    assert longest < pod(overlay)["terminationGracePeriodSeconds"]


def test_the_ports_of_pod_probes_monitor_and_policy_are_the_admin_port(overlay: str, tmp_path: Path) -> None:
    (container,) = pod(overlay)["containers"]
    assert container["ports"] == [{"name": "admin", "containerPort": settings(overlay, tmp_path).admin.port}]
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {name: each["port"] for name, each in probes.items()} == dict.fromkeys(probes, "admin")
    (endpoint,) = document("prod", "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("admin", "/metrics")


def test_the_memory_limit_is_what_an_outage_is_measured_against(overlay: str) -> None:
    (container,) = pod(overlay)["containers"]
    assert container["resources"]["limits"] == {"memory": f"{Plan(1, 1).most_bytes // 2**20}Mi"}


def test_members_start_side_by_side_and_one_at_most_is_evicted_at_a_time(overlay: str) -> None:
    assert document(overlay, "StatefulSet")["spec"]["podManagementPolicy"] == "Parallel"
    budget = document(overlay, "PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
    spread = {each["topologyKey"]: each["whenUnsatisfiable"] for each in pod(overlay)["topologySpreadConstraints"]}
    assert spread.keys() == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_whatever_selects_pods_selects_those_that_are_made(overlay: str) -> None:
    made = [each["spec"]["template"]["metadata"]["labels"].items() for each in workloads(overlay)]
    kinds = ("StatefulSet", "Deployment", "PodDisruptionBudget", "PodMonitor", "NetworkPolicy", "Service")
    for item in (each for each in documents(overlay) if each["kind"] in kinds):
        selector = item["spec"].get("podSelector") or item["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert any(wanted <= labels for labels in made), item["metadata"]["name"]
    assert document(overlay, "StatefulSet")["spec"]["serviceName"] in names(overlay, "Service")


def names(overlay: str, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in documents(overlay, kind)}


def test_the_scaler_looks_at_the_lag_that_the_service_works_off(tmp_path: Path) -> None:
    """KEDA owns the number of members: the manifest must not reset it. The ceiling is the partitions in the guide."""
    spec = document("prod", "ScaledObject")["spec"]
    config = yaml.safe_load(configuration("prod"))
    (trigger,) = spec["triggers"]
    read = trigger["metadata"]
    assert read["bootstrapServers"] == config["kafka"]["common"]["bootstrap.servers"]
    assert read["consumerGroup"] == config["kafka"]["consumer"]["group.id"]
    assert read["topic"] in config["topics"]
    assert read["offsetResetPolicy"] == settings("prod", tmp_path).consumer.no_committed_offset
    assert (read["allowIdleConsumers"], read["excludePersistentLag"]) == ("false", "true")
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "capi-stream"}
    assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
    assert "replicas" not in document("prod", "StatefulSet")["spec"]
    assert f"--partitions {spec['maxReplicaCount']}" in (ROOT / "docs/kubernetes.md").read_text()


def test_the_guide_creates_the_secrets_that_the_external_ones_are_and_their_namespace_before() -> None:
    text = (ROOT / "docs/kubernetes.md").read_text().replace("\\\n", " ")
    said = re.findall(r"kubectl -n (\S+) create secret generic (\S+) (.*)", text)
    keys = {name: set(re.findall(r"--from-file=([^=]+)=", options)) for _, name, options in said}
    external = [each for each in documents("prod") if each["kind"] == "ExternalSecret"]
    replays_own = {name: keys.pop(name) for name in OF_REPLAYS["prod+replay"]}
    assert keys == {
        each["spec"]["target"]["name"]: {entry["secretKey"] for entry in each["spec"]["data"]} for each in external
    }
    assert list(replays_own.values()) == [keys["capi-stream-kafka"]]
    assert {namespace for namespace, _, _ in said} == {each["metadata"]["namespace"] for each in external}
    assert text.index("kubectl apply -f k8s/overlays/prod/namespace.yaml") < text.index("create secret generic")


def test_the_dashboard_and_the_alerts_are_those_of_the_repository() -> None:
    dashboard = document("prod", "ConfigMap", "capi-stream-dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["data"] == {"capi-stream.json": (K8S / "grafana/capi-stream.json").read_text()}
    rules = yaml.safe_load((K8S / "alerts/prometheusrule.yaml").read_text())
    assert document("prod", "PrometheusRule")["spec"] == rules["spec"]


def test_the_dev_overlay_points_the_service_at_its_sandbox(tmp_path: Path) -> None:
    (sandbox,) = [each for each in workloads("dev") if each["metadata"]["name"] == "sandbox"]
    (container,) = sandbox["spec"]["template"]["spec"]["containers"]
    given = dict(argument.partition("=")[::2] for argument in container["args"])
    config = yaml.safe_load(configuration("dev"))
    assert config["api"]["url"] == f"http://sandbox:{given['--port']}"
    assert config["registry"]["url"] == f"http://sandbox:{given['--registry-port']}"
    assert list(config["pixels"]) == [given["--pixel"]]
    served = {port["port"] for port in document("dev", "Service", "sandbox")["spec"]["ports"]}
    assert served == {int(given["--port"]), int(given["--registry-port"])}


def test_the_image_is_of_this_version(overlay: str) -> None:
    images = {
        container["image"]
        for each in workloads(overlay)
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert images == {f"capi-stream:{__version__}"}


@pytest.mark.parametrize("part", ["base", "overlays", "components"])
def test_no_manifest_lies_about_that_nobody_applies(part: str) -> None:
    listed = set()
    for root in (K8S / part).rglob("kustomization.yaml"):
        kustomization = yaml.safe_load(root.read_text())
        files = [*kustomization.get("resources", ()), *(each.get("path") for each in kustomization.get("patches", ()))]
        files += [file for each in kustomization.get("configMapGenerator", ()) for file in each["files"]]
        listed |= {(root.parent / file).resolve() for file in files if file} | {root}
    assert set((K8S / part).rglob("*.*")) - listed == set()
