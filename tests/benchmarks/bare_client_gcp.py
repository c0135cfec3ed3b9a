"""The least that a client can do: the large lists and the same metrics through bare requests, kept in memory.

    python -m tests.benchmarks.bare_client_gcp ENDPOINT FILE

FILE has the requests that were made, as JSON: path and parameters, of each question the first page. Answers are parsed
by the standard library, threads are eight, and nothing is stored or judged: what CPU the data cost anybody.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

WORKERS = 8
HEADERS = {"User-Agent": "bare (gzip)", "Accept-Encoding": "gzip"}


def read(session: requests.Session, address: str, parameters: dict[str, str]) -> int:
    """Points of a question, on all its pages; times stay text, values become numbers."""
    kept: list[tuple[list[str], list[float]]] = []
    while True:
        page = session.get(address, params=parameters, headers=HEADERS, timeout=60).json()
        for series in page.get("timeSeries", ()):
            points = series["points"]
            kept.append(
                (
                    [each["interval"]["endTime"] for each in points],
                    [float(next(iter(each["value"].values()))) for each in points],
                )
            )
        if not page.get("nextPageToken"):
            return sum(len(values) for _, values in kept)
        parameters = {**parameters, "pageToken": page["nextPageToken"]}


def main() -> None:
    endpoint, wanted = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    session: Any = requests.Session()
    session.trust_env = False
    with ThreadPoolExecutor(WORKERS) as workers:
        done = [workers.submit(read, session, endpoint + path, asked) for path, asked in wanted]
        print(sum(one.result() for one in done))


if __name__ == "__main__":
    main()
