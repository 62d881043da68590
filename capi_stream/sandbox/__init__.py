"""Stand-ins of the Conversions API and of a schema registry, for demos, tests and users' own CI.

Written from the public reference on the standard library alone. Knows nothing of ours: a second opinion that shared
helpers with the service would repeat its mistakes.
"""
