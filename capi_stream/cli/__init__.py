"""The commands, one file each, thin: they read arguments, call a room and print."""


def main() -> None:
    """Run the command line."""
