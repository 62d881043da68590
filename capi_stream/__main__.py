"""`python -m capi_stream` is `capi-stream`."""

from __future__ import annotations


def main() -> None:
    """The program. Ctrl-C ends it without a word, also while it is still being loaded."""
    try:
        from capi_stream.cli import main as program

        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
