"""Service Hooks of all sources: where they come in, what came, and how they are set up."""
