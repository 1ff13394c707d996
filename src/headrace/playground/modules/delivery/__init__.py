"""Deployment (CD): applications and pipelines, what was deployed when, hosts and bastions."""
