"""`python -m tests.real -- COMMAND ...`: run a command with a real Kafka and a real registry beside it.

`{kafka}` and `{registry}` in its arguments become their addresses. Its exit code is this one's.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.real.broker import RealBroker
from tests.real.registry import RealRegistry


def main() -> int:
    """Start both, run the command, end both."""
    arguments = sys.argv[1:]
    if arguments[:1] != ["--"] or len(arguments) < 2:
        sys.exit(__doc__)
    print("starting a real Kafka and a real schema registry (the first time their jars are fetched) ...", flush=True)
    with RealBroker() as broker, RealRegistry() as registry:
        places = {"{kafka}": broker.bootstrap, "{registry}": registry.url}
        command = [places.get(argument, argument) for argument in arguments[1:]]
        process = subprocess.Popen(command)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: process.send_signal(number))
        return process.wait()


sys.exit(main())
