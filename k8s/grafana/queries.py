"""Selectors of PromQL that obey the variables: a metric is filtered by each variable that it has a label for.

They leave out replays, which have the service's metrics: lag there is that of letters, and what a replay sends was
counted before, as dead-lettered or parked.
"""

from __future__ import annotations

from capi_stream.observability.metrics import COLLECTED, HISTOGRAMS, PREFIX

VARIABLES = ("topic", "pixel")
"""Labels of our own that are variables too. `namespace` and `pod` come with the scrape, so every series has those."""

REPLAYS = ".+-replay"
"""`job` of what is scraped of a replay, as k8s/components/monitoring gives it; the alerts name it too."""

NO_REPLAY = {"job": f"!~{REPLAYS}"}

_LABELS: dict[str, tuple[str, ...]] = {"build_info": ()}
_LABELS |= {each.name: each.labels for each in COLLECTED}
_LABELS |= {each.name: each.labels for each in HISTOGRAMS}


def series(name: str, **labels: str) -> str:
    """Our metric `name`, without its prefix.

    A label's value that begins with `~` is a regular expression, one with `!~` what must not match. A histogram's part
    is named as Prometheus has it: `event_age_seconds_bucket`. Raises KeyError for a foreign name.
    """
    return PREFIX + name + _selector(labels | NO_REPLAY, _variables(name))


def of_replays(name: str) -> str:
    """As `series`, of replays too: for what is about them."""
    return PREFIX + name + _selector({}, _variables(name))


def of_process(name: str) -> str:
    """A metric that every Python process has, such as `process_cpu_seconds_total`."""
    return name + _selector(NO_REPLAY, [])


def of_cluster(name: str, **labels: str) -> str:
    """A metric of kube-state-metrics about our pods."""
    return name + _selector({"container": "capi-stream"} | labels, [])


def rate(name: str, **labels: str) -> str:
    """Its rise each second."""
    return f"rate({series(name, **labels)}[$__rate_interval])"


def increase(name: str, **labels: str) -> str:
    """Its rise from one scrape interval or step to the next."""
    return f"increase({series(name, **labels)}[$__rate_interval])"


def in_range(name: str, **labels: str) -> str:
    """Its rise over the whole time that the dashboard shows."""
    return f"increase({series(name, **labels)}[$__range])"


def quantile(share: float, name: str, **labels: str) -> str:
    """The value below which `share` of a histogram's observations are."""
    return f"histogram_quantile({share}, sum by (le) ({rate(f'{name}_bucket', **labels)}))"


def or_zero(expr: str) -> str:
    """`expr`, and 0 where it is empty though the service is there; a service that is away stays empty."""
    return f"{expr} or 0 * sum({series('buffered_events')})"


def relabelled(expr: str, name: str, value: str, of: str = "", pattern: str = "") -> str:
    """`expr` with the label `name`, which is `value` where label `of` matches `pattern`; of all series by default."""
    return f'label_replace({expr}, "{name}", "{value}", "{of}", "{pattern}")'


def _variables(name: str) -> list[str]:
    declared = _LABELS[_family(name)]
    return [each for each in VARIABLES if each in declared]


def _family(name: str) -> str:
    for suffix in ("_bucket", "_count", "_sum"):
        if name not in _LABELS and name.removesuffix(suffix) in _LABELS:
            return name.removesuffix(suffix)
    return name


def _selector(labels: dict[str, str], variables: list[str]) -> str:
    matchers = [f'{each}=~"${each}"' for each in ("namespace", "pod", *variables)]
    matchers += [f"{name}{_matching(value)}" for name, value in labels.items()]
    return "{" + ", ".join(matchers) + "}"


def _matching(value: str) -> str:
    for sign, operator in (("!~", "!~"), ("~", "=~")):
        if value.startswith(sign):
            return f'{operator}"{value.removeprefix(sign)}"'
    return f'="{value}"'
