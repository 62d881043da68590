"""The country code of a phone number that came without one. Off unless the settings ask for it.

The library's tables take 3 to 5 MB once they are read, and a number 30 us: so it is imported when it is first wanted.
"""

from __future__ import annotations

import re

_NO_DIGIT = re.compile(r"[^0-9]+")


class PhoneCodes:
    """Completes numbers with the code of a country that is known from elsewhere; it never guesses one."""

    def __init__(self) -> None:
        import phonenumbers

        self._library = phonenumbers

    def completed(self, text: str, country: str) -> str | None:
        """`text` as `+`, code and number, if it is a valid number of `country` (alpha-2) as one dials it there.

        None where it stays as it is: it has a code (behind a plus or 00, or the country's own without them), or it is
        no number of that country. Such a one may be another country's whose plus was lost, or be younger than the
        library's tables: it is no less right than it was before. A number that could be either, the country's own or
        another country's with its code, is the country's own: (479) 555-1234 of the US, 47 95 55 12 34 of Norway.
        """
        library, region = self._library, country.upper()
        digits = _NO_DIGIT.sub("", text)
        if digits.startswith("00") or self._has_own_code(digits, region):
            return None
        try:
            number = library.parse(text, region, keep_raw_input=True)
        except library.NumberParseException:  # no number at all, or a country without a numbering plan
            return None
        is_national = number.country_code_source == library.CountryCodeSource.FROM_DEFAULT_COUNTRY
        if not is_national or not library.is_valid_number(number):
            return None
        return f"+{number.country_code}{library.national_significant_number(number)}"

    def _has_own_code(self, digits: str, region: str) -> bool:
        """Whether `digits` are a whole number with the code of `region`.

        The library reads 49 151 23456789 as one of Germany, +49 49151 23456789, because there are long ones.
        """
        code = self._library.country_code_for_region(region)
        if not code or not digits.startswith(str(code)):
            return False
        try:
            return self._library.is_valid_number(self._library.parse(f"+{digits}"))
        except self._library.NumberParseException:
            return False
