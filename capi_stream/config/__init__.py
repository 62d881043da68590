"""Files and environment become the settings that each room declares. Read once, at start.

Knows the rooms' settings. Only cli and service know it: no room reads a file or a variable for itself.
"""

from __future__ import annotations

from capi_stream.config.loading import Configuration, load, read
from capi_stream.config.mistakes import ConfigError, Mistake
from capi_stream.config.settings import Deadlines, Settings

__all__ = ["ConfigError", "Configuration", "Deadlines", "Mistake", "Settings", "load", "read"]
