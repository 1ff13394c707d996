"""How a team is governed: labels, roles, notices, programs, groups, policies, Service Hooks."""
