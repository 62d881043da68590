"""`python -m capi_stream` is `capi-stream`."""

from __future__ import annotations

import sys


def main() -> None:
    """The program. Ctrl-C ends it without a word, also while it is still being loaded."""
    try:
        if sys.argv[1:2] == ["run"]:
            from capi_stream.handover import started_by

            started_by(_command_line)
        _command_line()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _command_line() -> None:
    from capi_stream.cli import main as program

    program()


if __name__ == "__main__":
    main()
