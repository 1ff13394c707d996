"""Tasks: what runs them, how far they are, and what is done about them on a person's behalf."""
