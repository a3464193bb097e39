"""Everything that the sandbox serves, by whichever version of the official SDK is found first.

Started by benchmarks/real_clients.py, with that version ahead on PYTHONPATH. Prints one JSON
object: resources and refused answers, by operation.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from openapi_client import ApiException
from sandbox.official_sdk import Key, OfficialSdk
from sandbox.sdk_walk import Walk, promised


def main() -> None:
    url, key, certificate, now, revision = sys.argv[1:]
    refused: Counter[str] = Counter()

    def failed(operation: Key, error: Exception) -> None:
        refused[f"{' '.join(operation)}: {_told(error)}"] += 1

    with OfficialSdk(url, key=key, certificate=certificate) as sdk:
        until = dt.datetime.fromisoformat(now)
        contract = promised(revision)
        met = Walk(sdk, until=until, each=20, failed=failed, contract=contract).everything()
    records = {" ".join(operation): count for operation, count in met.resources.items()}
    print(json.dumps({"records": records, "complaints": refused}))


def _told(error: Exception) -> str:
    """An error in one line, the same for the same mistake: without the ids that it names."""
    if not isinstance(error, ApiException):
        return f"{type(error).__name__} {str(error)[:300]}"
    detail = json.loads(error.body)["errors"][0]["detail"] if error.body else error.reason
    return f"{error.status} {detail}"


if __name__ == "__main__":
    main()
