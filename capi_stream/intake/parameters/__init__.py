"""What the API takes: every parameter with its normal form and hash, and the rules that an event must keep.

Knows no schema and no mapping.
"""
