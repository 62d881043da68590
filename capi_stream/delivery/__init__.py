"""Events become verdicts: lanes, gates, offsets, the reading of answers. Pure.

Knows the model. Never knows a clock, a thread, a socket, a log or any randomness that was not handed in; nor intake.
"""
