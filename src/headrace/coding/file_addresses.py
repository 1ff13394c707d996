"""Where a file of the team can be downloaded for the next minutes: DescribeIssueFileUrl."""

from __future__ import annotations

from typing import Any

from headrace.coding.client import Client
from headrace.coding.envelope import Answer
from headrace.errors import NotFound

_ACTION = "DescribeIssueFileUrl"


class FileAddresses:
    """Asks CODING for temporary addresses. Thread-safe; raises what `Client.call` raises."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of_file(self, project: str, file_id: int) -> str:
        """The address of one file. Raises `NotFound` where CODING gives none."""
        address = self._ask(project, file_id).at("Url")
        if not isinstance(address, str) or not address:
            raise NotFound(f"{_ACTION}: CODING gave no address for file {file_id}.")
        return address

    def of_pictures(self, project: str, issue_code: int) -> list[str]:
        """The addresses of the pictures in an issue's description, in CODING's order.

        The official document wants a file's id even so; 0 stands for none.
        """
        found = self._ask(project, 0, IssueCode=issue_code).at("DescriptionImageUrl")
        listed = found if isinstance(found, list) else []
        return [address for address in listed if isinstance(address, str) and address]

    def _ask(self, project: str, file_id: int, **more: Any) -> Answer:
        params = {"ProjectName": project, "FileId": file_id, **more}
        return self._client.call(_ACTION, params, expects="Url", many=None)
