"""The team's people: who they are, their departments, administrators and SSH keys."""
