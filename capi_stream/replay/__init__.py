"""Letters have a way back: which of them are meant, and how they are read as the records that they were. Pure.

Knows the core's words and intake. Must never know Kafka, HTTP, a clock or a command line.
"""
