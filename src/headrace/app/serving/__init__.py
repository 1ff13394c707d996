"""`headrace serve`, wired: the control store, its services, and the agent that runs its tasks."""
