"""The shell around httpx: Graph and Gateway, the pool that posts, the credentials and their files.

Knows the model and delivery's types and readers. No exception or object of httpx is seen outside this room.
"""
