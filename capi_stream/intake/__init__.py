"""A record becomes events, or the reasons why not. Pure.

Knows the model and libraries that compute. Never knows a clock, a registry, a socket, a log; nor delivery.
"""
