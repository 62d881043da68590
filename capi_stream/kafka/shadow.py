"""Letters that go nowhere: for a run that only shows which there would be."""

from __future__ import annotations

from capi_stream.delivery.batches import Letter


class ShadowLetters:
    """Stands where `LetterProducer` does, and says of every letter that it is stored. It has no client of Kafka's."""

    outage = None  # nothing here can fail

    def __init__(self) -> None:
        self._reports: list[tuple[Letter, str | None]] = []

    def start(self) -> None:
        """Look at nothing: the topics of letters need not be there."""

    def store(self, letter: Letter) -> None:
        """Take `letter`; `reports` says once that it is stored."""
        self._reports.append((letter, None))

    def reports(self) -> list[tuple[Letter, str | None]]:
        """The letters that were taken since the last call."""
        reports, self._reports = self._reports, []
        return reports

    def close(self, timeout: float) -> None:
        """Nothing is out."""
