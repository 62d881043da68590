"""The Grafana dashboard as code: `python -m k8s.grafana` writes capi-stream.json, a test keeps the two equal.

One file a row, in the order in which they are read; `dashboard.py` puts them together. It knows the names and labels of
the metrics, and which reasons of a gate wait for a person, and nothing else of the service.
"""
