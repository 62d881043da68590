"""The shell that shows: metrics, logs, the admin port. It reads snapshots and changes nothing.

Knows the model and delivery's types. Never sees personal data or a secret.
"""
