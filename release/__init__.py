"""A release, made here: one version in every file that bears it. `python -m release`, or `make release VERSION=...`."""
