"""The registries of all topics, as one: most topics share one, and some have their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from capi_stream.kafka.registry import Said, SchemaFetcher
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.model import SchemaRef


class Registries:
    """One fetcher a registry, each with a thread and an outage of its own. Raises as SchemaFetcher does."""

    def __init__(self, settings: Mapping[str, RegistrySettings]) -> None:
        self._fetchers = {name: SchemaFetcher(each) for name, each in settings.items()}

    def want(self, schemas: Collection[SchemaRef]) -> None:
        """Records wait for `schemas`, and for no others. Says so as often as it likes."""
        for name, fetcher in self._fetchers.items():
            fetcher.want({key for registry, key in schemas if registry == name})

    def fetched(self) -> Iterator[tuple[SchemaRef, Said]]:
        """What the registries said since the last call, each with the schema that was asked for."""
        for name, fetcher in self._fetchers.items():
            for answer in fetcher.fetched():
                yield SchemaRef(name, answer.key), answer

    @property
    def outages(self) -> list[str]:
        """Why a registry cannot be asked, a sentence for each that cannot."""
        return [fetcher.outage for fetcher in self._fetchers.values() if fetcher.outage is not None]

    @property
    def fetches(self) -> Counter[str]:
        """Outcome -> number, of all registries."""
        return sum((fetcher.fetches for fetcher in self._fetchers.values()), Counter())
