"""capi-stream: commerce events from Apache Kafka to Meta's Conversions API, with none lost.

Its public face is the command line, the settings, the metrics and the headers of the letters it writes.
"""

__version__ = "0.1.0.dev0"
