"""What `dead-letters` and `replay` share: which letters are meant, and where they are found."""
