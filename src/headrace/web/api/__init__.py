"""The JSON API, `/api/v1`: one module a resource, each handler one call of one service."""
