"""The API's own words, without what is not its own: a message may quote an event, and may be seen all the same.

A word is kept if it stands in a closed list, in whatever form an event is quoted. What is in the list and could be a
name all the same (May, Page) goes out as a hash.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LEFT_OUT = "…"
MOST_CHARACTERS = 500

_TAG = re.compile(r"<[^>]*>")
_RUN = re.compile(
    r"[^ -/:-@\[-`{-~]+"
)  # what lies between ASCII's blanks and punctuation: words, numbers, and the rest
_LEFT_OUT_RUN = re.compile(r"…(?:[^A-Za-z0-9…]*…)+")
_INDEX = re.compile(r"[0-9]{1,3}")

WORDS = frozenset(
    """
    a about above abusive access account accounts action actions ad address ads advertisements advertiser again agent
    aliases all already always am amount an and anonymous any api app application appsecret are argument array arrays as
    ask asked asking at attempted attribution authorization authorized authorizing available bad be because been before
    below between birth blocked broad browser business but by call calls can cannot capability category certificate
    change changed chat check city click client cloudflare code combination component components connect connection
    contact contain contains content contents conversion conversions correct could country ct currency current custom
    customer data dataset date day days db debug deemed deleted delivery denied deprecated developer developers did
    disabled disallowed do docs documentation documented does doesn downtime due during each earlier either else em
    email emails empty enabled end ended enough entity errno error errors event events exceed exceeded exceeds exchanged
    exist existing exists expected expired external extinfo facebook failed failure fbc fbclid fbp fetch few field
    fields find first fn for forbidden form format formatted found from full future gateway ge gender generated get
    given graph graphmethodexception has hash hashed have header help host hostname hour hours how html http https id
    ids if in incorrect incorrectly information insufficient integer internal into invalid ip is issue issuer it item
    items its json key known large last later ldu lead least less limit limited limits list ln load loaded local log
    login long longer lookup ltv made madid malformed management managing many match matching maximum may measurement
    message meta method minimum minute minutes mismatch missing moment more most must name named necessary need needed
    needs network new nginx no nobody nodename non none nor not num number oauth oauthexception object objects occurred
    of off old on once one only operation opt option options or order original other out over owner page parameter
    parameters parse password path per permission permissions permitted ph phone phones physical pixel please policies
    policy post predicted price processing product proof provide provided proxy purchase quantity query rate re reached
    read ready reason reduce refer reference refused register registered rejected remote remove repeatedly request
    requested requests require required requires reset resolution resolve resource response retry revoked route same
    scope search secret see self send sent server service session set short should side signature signed size small some
    soon source specific specified ssl st start started state status stopped store string subscription such supplied
    support supported suspended system team temporarily temporary than that the their then there these they this those
    through time timed timeout timestamp title tls to token tokens too tracking try two type types unable unauthorized
    unavailable unexpected unknown unprocessable unreachable unsuitable unsupported until up upload url use used user
    users using utm valid validate validated validating value values verification verify version very was way we website
    well were what when where whether which while will with within without wrong yet you your zip zp
    """.split()  # noqa: SIM905  a list of this length reads best so
)


def without_quotes(text: str, numbers: Collection[int | None] = ()) -> str:
    """What `text` says in words of the closed list; `…` stands for the rest, most numbers among it.

    Those in `numbers`, the error's codes, pass behind a `#`; those of up to three digits within brackets, where they
    are the index of an event.
    """
    known = {str(number) for number in numbers if number is not None}
    plain = " ".join(_TAG.sub(" ", text).split())

    def kept(run: re.Match[str]) -> str:
        before, after = plain[max(0, run.start() - 1) : run.start()], plain[run.end() : run.end() + 1]
        is_index = before == "[" and after == "]" and _INDEX.fullmatch(run[0])
        is_code = before == "#" and run[0] in known
        return run[0] if run[0].lower() in WORDS or is_code or is_index else LEFT_OUT

    short = _LEFT_OUT_RUN.sub(LEFT_OUT, _RUN.sub(kept, plain))
    return short if len(short) <= MOST_CHARACTERS else short[: MOST_CHARACTERS - 1] + LEFT_OUT
