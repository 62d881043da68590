"""The mapping language: YAML text to spec, spec and schema to one Python function, and what is wrong between them.

Knows the API's parameters by their table, and schemas, but no record and no normal form.
"""
