"""The newest letters that were stored, by kind and reason, as people may see them: none of the record's own words."""

from __future__ import annotations

from collections import deque
from itertools import chain

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.ledger import LetterView

MOST_OF_A_REASON = 10  # enough to see what they share; the others are in their topic
MOST_REASONS = 50  # of both kinds together: what had no letter for the longest time goes first

Newest = deque[LetterView]


class Recent:
    """A bounded memory. It keeps values, so that neither a record nor its ticket lives longer for it."""

    def __init__(self) -> None:
        self._newest: dict[tuple[LetterKind, str], Newest] = {}  # the reason that had a letter last is the last
        self._views: tuple[LetterView, ...] | None = ()

    def stored(self, letter: Letter, pixel: str, event: str) -> None:
        """Remember `letter`, which was stored. `pixel` and `event` are labels: what a record names may be personal."""
        key = letter.kind, letter.rejection.reason
        newest = self._newest.pop(key, None) or Newest(maxlen=MOST_OF_A_REASON)
        newest.append(_view(letter, pixel, event))
        self._newest[key] = newest
        if len(self._newest) > MOST_REASONS:
            del self._newest[next(iter(self._newest))]
        self._views = None

    @property
    def views(self) -> tuple[LetterView, ...]:
        """All that are remembered, those of one reason from old to new. Made anew only where one came."""
        if self._views is None:
            self._views = tuple(chain.from_iterable(self._newest.values()))
        return self._views


def _view(letter: Letter, pixel: str, event: str) -> LetterView:
    rejection, answer = letter.rejection, letter.answer
    return LetterView(
        kind=letter.kind.value,
        reason=rejection.reason,
        stage=rejection.stage,
        pixel=pixel,
        event=event,
        partition=letter.record.partition,
        offset=letter.record.offset,
        status=answer.status,
        code=answer.code,
        subcode=answer.subcode,
        words=answer.message,
        fbtrace_id=answer.fbtrace_id,
        attempts=letter.attempts,
        failed_at=letter.last_failed_at,
    )
