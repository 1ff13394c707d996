"""The suites of destinations try fewer values outside CI."""

from __future__ import annotations

import os

from headrace.testing.destination_contract import DestinationContract

if not os.environ.get("HEADRACE_CI"):
    DestinationContract.EXAMPLES = 8
