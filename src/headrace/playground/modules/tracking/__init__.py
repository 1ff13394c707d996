"""What hangs on issues: comments, work logs, status changes, relations, releases."""
