"""What the booster's file says of itself, for processes that do not predict."""

from __future__ import annotations

import re
from pathlib import Path

from credit.errors import UnreadableTable

# A key and a text in UBJSON: "S" and, as in every length, "L" with eight bytes.
FEATURE_COUNT = re.compile(rb"num_featureSL\0{7}.(\d+)", re.DOTALL)


def read_feature_count(path: Path) -> int:
    """Return how many features the booster takes; XGBoost, which knows too, costs 23 MB.

    Raises:
        UnreadableTable: If the file is not a booster in UBJSON.
    """
    found = FEATURE_COUNT.search(path.read_bytes())
    if found is None:
        raise UnreadableTable(
            f"{path} is no XGBoost model in UBJSON. Import it with `credit build`."
        )
    return int(found[1])
