"""A day of the service in small, which a real Prometheus watches: members come and go under load, and records of every
kind pass. What was published is counted beside it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Self

from capi_stream.cli.demo.members import Member, wait_until_ready
from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, encoded
from tests.ops.prometheus import Prometheus
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged

PARTITIONS = 6
TOKEN_SECONDS = 30 * 86_400.0

DONE = "settled|released|skipped|tombstone"


class Day:
    """Two members deliver, a third joins; all comes to rest (`noon`); the first stops while all have work."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.shop = Shop(broker, folder, PARTITIONS)
        self.prometheus = Prometheus(folder / "prometheus")
        self.published: Counter[str] = Counter()  # kind -> records
        self.noon: Noon
        self._values = self._endless()

    def __enter__(self) -> Self:
        self.shop.__enter__()
        self.prometheus.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.prometheus.__exit__(kind, error, at)
        self.shop.__exit__(kind, error, at)

    # What happens.

    def pass_by(self) -> None:
        """All of it."""
        self.shop.sandbox.poison("bad-")
        self.shop.sandbox.tokens.expire(str(PIXEL), TOKEN_SECONDS)
        self.shop.sandbox.always(Fault("latency", delay_seconds=0.3))
        wait_until_ready([self._started(), self._started()], 40)
        self._under_load(lambda: self._counted("settled") > 100, "delivery began")
        third = self._started()
        self._under_load(lambda: logged(third, "partitions_assigned"), "the third has a share")
        self._rest()
        self.noon = Noon(self.prometheus, self.published)
        self._stop_the_first()

    def _started(self) -> Member:
        member = self.shop.start()
        self.prometheus.scrape(each.admin for each in self.shop.members)
        return member

    def _stop_the_first(self) -> None:
        """While the API takes nothing and all is known to be read: what it still settles is what it has in hand."""
        self.shop.sandbox.clear_faults()
        self.shop.sandbox.always(Fault("transient"))
        self._publish(300)
        wait_until(lambda: self._read() == self.published.total(), 20, "Prometheus knows that all is read")
        assert self.prometheus.value(f'sum(capi_stream_records_in_hand{{instance="{self.first}"}})')
        self.shop.members[0].signal(signal.SIGTERM)
        self.shop.sandbox.clear_faults()
        assert self.shop.members[0].wait(60) == 0
        self._rest()

    def _rest(self) -> None:
        self.shop.wait_until_committed(60)
        running = [each for each in self.shop.members if each.exit_code is None]
        wait_until(lambda: self._is_at_rest(len(running)), 20, "Prometheus has seen the rest")

    def _is_at_rest(self, members: int) -> bool:
        is_idle = "count(sum by (instance) (capi_stream_records_in_hand) == 0 and on (instance) up == 1)"
        lag = f"count(capi_stream_consumer_lag_records == 0) == {PARTITIONS}"
        # That all is read is asked too: a scrape before it looks the same, with nothing in hand and ends seconds old.
        is_read = self._read() == self.published.total()
        return is_read and self.prometheus.value(is_idle) == members and self.prometheus.value(lag) is not None

    # What is asked of Prometheus.

    @property
    def first(self) -> str:
        """The label of the member that stops."""
        return self.shop.members[0].admin.rpartition("/")[2]

    def _counted(self, outcomes: str) -> float:
        return self.prometheus.value(f"sum({seen_of(outcomes)})") or 0.0

    def _read(self) -> float:
        """Records that were consumed, less those that were consumed again."""
        return self._counted("consumed") - self._counted("released|skipped")

    # What is published.

    def _under_load(self, condition: Callable[[], object], what: str) -> None:
        """Publish on until `condition` holds."""

        def is_met() -> bool:
            self._publish(40)
            return bool(condition())

        wait_until(is_met, 40, what)

    def _publish(self, number: int) -> None:
        self.shop.publish_values(islice(self._values, number), key=b"key")

    def _endless(self) -> Iterator[bytes | None]:
        """Of 20 records a tombstone, one without consent, one that is no Avro and one of a foreign pixel; and now and
        then one that the API refuses. Every other event of the second pixel carries no email."""
        for number in count():
            kind, value = self._made(number)
            self.published[kind] += 1
            yield value

    def _made(self, number: int) -> tuple[str, bytes | None]:
        match number % 20:
            case 3:
                return "tombstone", None
            case 7:
                return "filtered", self._encoded("denied", consent={"advertising": "DENIED"})
            case 11:
                return "not_framed", b"not Avro"
            case 13:
                return "pixel_not_configured", self._encoded("foreign", pixel_id="999")
        if number % 500 == 15:
            return "malformed_parameter", self._encoded(f"bad-{number}")
        if number % 2:
            return "accepted", self._encoded(f"order-{number}")
        emails = [] if number % 4 else ["ana@example.com"]
        kind = "accepted other with em" if emails else "accepted other without em"
        return kind, self._encoded(f"order-{number}", pixel_id=OTHER_PIXEL, customer_emails=emails)

    def _encoded(self, event_id: str, **changes: object) -> bytes:
        return encoded(fresh(event_id, **changes), self.shop.schema_id)


class Noon:
    """What Prometheus said when all was at rest, beside what was published until then."""

    def __init__(self, prometheus: Prometheus, published: Counter[str]) -> None:
        self.published = published.copy()
        self.records = prometheus.by("outcome", "sum by (outcome) (capi_stream_records_total)")
        self.events = prometheus.by("outcome", "sum by (outcome) (capi_stream_events_total)")
        self.filtered = prometheus.value("sum(capi_stream_records_filtered_total)")
        self.dead_letters = prometheus.by("reason", "sum by (reason) (capi_stream_dead_letters_total)")
        self.coverage = prometheus.by(
            "pixel",
            'sum by (pixel) (capi_stream_identifiers_total{field="em"})'
            ' / sum by (pixel) (capi_stream_events_total{outcome="accepted"})',
        )


def seen_of(outcomes: str) -> str:
    """PromQL: how many records each member had with these outcomes when it was last seen."""
    return f'max_over_time(capi_stream_records_total{{outcome=~"{outcomes}"}}[10m])'
