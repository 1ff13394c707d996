"""The memory twin keeps the same contract as the databases."""

from __future__ import annotations

import pytest

from headrace.destinations.memory import MemoryDestination, MemoryStorage, MemoryTable
from headrace.testing.destination_contract import DestinationContract, Opened


class TestMemory(DestinationContract):
    @pytest.fixture
    def destination(self) -> Opened:
        self.storage = MemoryStorage()
        return lambda: MemoryDestination(self.storage)

    def make_foreign_table(self, name: str) -> None:
        self.storage.tables[name] = MemoryTable()

    def drop_table(self, name: str) -> None:
        del self.storage.tables[name]
