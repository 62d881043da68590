"""Avro as records are written in it: frames, schemas, their resolution, and readers that a bad record cannot exhaust.

Knows no mapping and no parameter of the API.
"""
