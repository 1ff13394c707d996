"""What a person manages: connections, tasks, agents, alerts, people. Sees only `core`."""
