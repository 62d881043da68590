"""Files and environment become the settings that each room declares. Read once, at start.

Knows the rooms' settings. Only cli and service know it: no room reads a file or a variable for itself. Of all of it the
service knows `settings` and `facts`, which are plain: what reads and checks is heavy, and is not loaded there.
"""
