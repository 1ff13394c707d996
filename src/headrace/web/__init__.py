"""What listens: the receiver of Service Hooks, and the server it runs in."""
