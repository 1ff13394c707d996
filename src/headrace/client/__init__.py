"""The Python client of `headrace serve`: `HeadraceClient(url, token)`, typed throughout."""

from __future__ import annotations

from headrace.client.connections import ConnectionsClient
from headrace.client.entry import HeadraceClient
from headrace.client.hooks import HooksClient
from headrace.client.tasks import TasksClient

__all__ = ["ConnectionsClient", "HeadraceClient", "HooksClient", "TasksClient"]
