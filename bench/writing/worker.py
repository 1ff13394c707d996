"""One writer on one kind of destination, in a process of its own, so that its memory is its own.

`python -m bench.writing.worker WRITER KIND URL FOLDER` prints JSON: the ms of each run of a job,
and the peak of resident memory in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from bench.writing import ours, plain, with_dlt

TIMES = {"fill": 3, "upsert": 9, "small": 21, "single": 21, "delete": 1, "million": 1}
DLT_TIMES = {"fill": 2, "upsert": 3, "small": 5, "single": 5}


def main(writer: str, kind: str, url: str, folder: str, names: str = "") -> None:
    """Run the jobs (or those of these names) and print the figures."""
    if writer == "headrace":
        jobs = ours.jobs(url)
    elif writer == "plain":
        jobs = plain.jobs(kind, url)
    else:
        jobs = with_dlt.jobs(kind, url, Path(folder))
    times = DLT_TIMES if writer == "dlt" else TIMES
    wanted = names.split(",") if names else [name for name in jobs if name != "million"]
    found: dict[str, list[float]] = {}
    for name in wanted:
        for _ in range(times[name]):
            began = time.perf_counter()
            jobs[name]()
            found.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": found, "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
