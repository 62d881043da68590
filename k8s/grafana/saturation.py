"""Row 6: what a pod runs out of first."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, table, timeseries
from k8s.grafana.queries import of_cluster, of_process, rate, series


def panels() -> list[Panel]:
    """The loop, the buffer, the process, its ends."""
    return [*_service(), *_process(), *_pods()]


def _service() -> list[Panel]:
    spent = rate("loop_seconds_total")
    return [
        timeseries(
            "Where the loop's time goes",
            "Share of each second by phase, over all pods. Much idle is good. With idle at 0 a core is used up: map "
            "is the mapping, engine the delivery. Add members, or partitions if there are as many pods.",
            "percentunit",
            Query(
                f"sum by (phase) ({spent}) / on () group_left () sum({spent})",
                "{{phase}}",
            ),
            stacked=True,
            min=0,
            max=1,
        ),
        timeseries(
            "Buffer against its limit",
            "Memory held for records and events, as a share of delivery.buffer_bytes, by pod. At 100 % partitions "
            "are paused and nothing is lost. If it stays there, what is held or slow is in the rows above.",
            "percentunit",
            Query(f"max by (pod) ({series('buffered_bytes')} / {series('buffer_limit_bytes')})", "{{pod}}"),
            lines=[Line(0.9, "orange"), Line(1, "red")],
            min=0,
        ),
        timeseries(
            "Waiting and in flight",
            "Events that wait in lanes, posts without an answer, letters without one. Good is low and lively. Many "
            "waiting and posts at their limit: the API is slow. Letters that stay: their topic is in trouble.",
            "short",
            Query(f"sum({series('buffered_events')})", "events waiting"),
            Query(f"sum({series('posts_in_flight')})", "posts in flight"),
            Query(f"sum({series('letters_in_flight')})", "letters in flight"),
            min=0,
        ),
    ]


def _process() -> list[Panel]:
    return [
        timeseries(
            "CPU by pod",
            "Cores used. One process uses about one core at most. At one for long, add members; below it while lag "
            "grows, the pod is throttled by a limit or waits for the API.",
            "short",
            Query(f"sum by (pod) (rate({of_process('process_cpu_seconds_total')}[$__rate_interval]))", "{{pod}}"),
            lines=[Line(0.9, "orange")],
            min=0,
        ),
        timeseries(
            "Memory by pod",
            "Resident memory, and the container's limit. It is flat at the buffer's limit and a hundred MB above it. "
            "A rise without end is a leak: report it. At the limit the kernel ends the pod, see the reason beside.",
            "bytes",
            Query(f"max by (pod) ({of_process('process_resident_memory_bytes')})", "{{pod}}"),
            Query(
                f"min({of_cluster('kube_pod_container_resource_limits', resource='memory')})",
                "limit of a container",
            ),
            min=0,
        ),
    ]


def _pods() -> list[Panel]:
    return [
        table(
            "Restarts by pod",
            "New starts of the process within a pod, over the time shown. Good is 0. Otherwise read why it ended "
            "below, and the last log lines before: kubectl logs --previous.",
            "short",
            Query(f"max by (pod) (changes({of_process('process_start_time_seconds')}[$__range]))", "{{pod}}"),
            "pod",
            value="restarts",
            width=8,
            height=8,
        ),
        table(
            "Why containers ended last",
            "The kubelet's last word on each pod. OOMKilled: raise the memory limit or lower delivery.buffer_bytes. "
            "Error: see Exit codes in Operations. Empty is good.",
            "short",
            Query(
                f"sum by (pod, reason) ({of_cluster('kube_pod_container_status_last_terminated_reason')})",
                "{{pod}}: {{reason}}",
            ),
            "pod",
            "reason",
            value="containers",
        ),
        table(
            "Versions by pod",
            "What runs where. Two versions for longer than a deploy takes are a rollout that stands still. A version "
            "that ends in +shadow posts nothing.",
            "short",
            Query(
                f"max by (pod, version, graph_api_version, librdkafka) ({series('build_info')})",
                "{{pod}} {{version}} {{graph_api_version}} {{librdkafka}}",
            ),
            "pod",
            "version",
            "graph_api_version",
            "librdkafka",
            value="running",
        ),
    ]
