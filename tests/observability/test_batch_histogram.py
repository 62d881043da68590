"""A histogram that takes a batch at once tells what the library's own would tell of one value after another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from capi_stream.observability.batch_histogram import BatchHistogram

BUCKETS = (1, 5, 15, 60)
VALUES = st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 5.0, 14.9, 15.0, 60.0, 61.0, 1e9]), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["1", "2", 'a"b']), VALUES), max_size=5))
def test_it_tells_what_the_librarys_own_does(batches: list[tuple[str, list[float]]]) -> None:
    plain, quick = CollectorRegistry(), CollectorRegistry()
    one_by_one = Histogram("age_seconds", "Help.", ["pixel"], buckets=BUCKETS, registry=plain)
    at_once = BatchHistogram("age_seconds", "Help.", "pixel", BUCKETS)
    quick.register(at_once)
    for label, values in batches:
        child = one_by_one.labels(label)
        at_once.observe(label, values)
        for value in values:
            child.observe(value)
    lines = [line for line in generate_latest(plain).decode().splitlines() if "_created" not in line]
    assert generate_latest(quick).decode().splitlines() == lines
