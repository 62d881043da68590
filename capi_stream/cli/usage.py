"""What is wrong with how a command was called."""

from __future__ import annotations


class UsageError(Exception):
    """Options that do not go together, or files that cannot be used. The message says what to write."""
