"""An event's customer information value by value: its normal form, what is sent for it, or why it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from capi_stream.cli.explain.masking import Mask
from capi_stream.cli.explain.steps import Identifier, Missing
from capi_stream.intake.parameters.forms import form_of
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.raw_values import LeftOut, hash_of, is_hash
from capi_stream.intake.parameters.settings import IdentifierSettings
from capi_stream.intake.parameters.table import USER_DATA, Hashing
from capi_stream.model import Mapped


class Customers:
    """Explains customer information, masked by `mask`, as intake makes it ready at Unix second `unix_now`."""

    def __init__(self, settings: IdentifierSettings, unix_now: float, mask: Mask) -> None:
        self._identifiers = Identifiers(settings)
        self._this_year = datetime.fromtimestamp(unix_now, UTC).year
        self._mask = mask

    def explained(self, raw: dict[str, Any]) -> Iterator[Identifier | Missing]:
        """Each value of the event `raw`, as the mapping made it, by itself; then what was made of other parameters."""
        user_data = raw.get("user_data", {})
        for name, values in user_data.items():
            for value in values if isinstance(values, list) else [values]:
                yield self._alone(name, value, user_data)
        sent = self._identifiers.identified(raw, self._this_year, Mapped())
        for name in (each for each in sent if each not in user_data):
            yield self._identifier(name, "", sent[name])

    def _alone(self, name: str, value: Any, user_data: dict[str, Any]) -> Identifier | Missing:
        """One value; a phone with the country, whose code it may need."""
        told = Mapped()
        alone = {name: value} | ({"country": user_data["country"]} if name == "ph" and "country" in user_data else {})
        sent = self._identifiers.identified({"user_data": alone}, self._this_year, told).get(name)
        if sent is None:
            reason = next(each.reason for each in told.dropped if each.field == name)
            return Missing(name, self._mask.customer(value, name), reason)
        return self._identifier(name, value, sent[0] if isinstance(sent, list) else sent)

    def _identifier(self, name: str, raw: Any, sent: str) -> Identifier:
        """What is sent for one value, with its normal form as the table has it; the settings may make another of it."""
        if not is_hash(sent) or USER_DATA[name].hashing is Hashing.NEVER:
            masked = self._mask.customer(sent, name)
            return Identifier(name, masked, masked, is_hashed=False)
        told = self._mask.hash(name, sent)
        form = form_of(USER_DATA[name], raw, self._this_year)
        if not isinstance(form, LeftOut) and sent == hash_of(form.normal):
            return Identifier(name, self._mask.customer(form.normal, name), told, is_hashed=True)
        was_hashed = not isinstance(form, LeftOut) and sent == form.sent
        normal_form = "(hashed already)" if was_hashed else "(made as `identifiers` says)"
        return Identifier(name, normal_form, told, is_hashed=True)
