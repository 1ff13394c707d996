"""How much a browser has to fetch: the first page stays light, and what it fetched it keeps."""

from __future__ import annotations

import re

import urllib3
from tests.console.conftest import Console
from tests.web.api_site import PASSWORD

FIRST_PAGE_MAX = 200 * 1024
CHARTS = ("echarts.js", "charts.js")


def test_the_first_page_is_light(console: Console) -> None:
    value = console.behind.platform.people.sign_in("viewer-1", PASSWORD)
    pool = urllib3.PoolManager(retries=False, timeout=20)
    sent = {"cookie": f"headrace_session={value}", "accept-encoding": "gzip"}

    def fetched(path: str) -> urllib3.BaseHTTPResponse:
        got = pool.request("GET", console.url + path, headers=sent, decode_content=False)
        assert got.status == 200, path
        return got

    page = fetched("/")
    assets = set(re.findall(rb'(?:src|href)="(/static/[^"]+)"', page.data))
    weights = {path.decode(): len(fetched(path.decode()).data) for path in assets}
    charts = sum(size for path, size in weights.items() if path.endswith(CHARTS))
    first = len(page.data) + sum(weights.values()) - charts
    assert 50_000 < first < FIRST_PAGE_MAX, weights
    for path in weights:
        assert "immutable" in fetched(path).headers["cache-control"]
