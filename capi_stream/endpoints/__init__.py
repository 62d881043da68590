"""The shell around HTTP: Graph and Gateway, the pool that posts, the credentials and their files.

Knows the model and delivery's types and readers. No exception or object of h11 or httpcore is seen outside this room.
"""
