"""Numbers as the page writes them: no count of a few clients, no value of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from credit.disclosure import SMALLEST_GROUP
from training.data_report.rates import Group


def tell_count(count: int) -> str:
    """Return the count, or that it is small."""
    if 0 < count < SMALLEST_GROUP:
        return f"fewer than {SMALLEST_GROUP}"
    return f"{count:,}"


def tell_share(count: int, whole: int) -> str:
    """Return the share as a percentage; of a few, only that it is small."""
    if not whole:
        return "none"
    if 0 < count < SMALLEST_GROUP:
        return f"fewer than {SMALLEST_GROUP} rows"
    return tell_percent(count / whole)


def tell_percent(share: float) -> str:
    """Return a share in per cent, with one digit more where it is small."""
    if isnan(share):
        return "unknown"
    return f"{share:.2%}" if 0 < share < 0.1 else f"{share:.1%}"  # noqa: PLR2004 # below 10 %


def tell_rate(group: Group) -> str:
    """Return a default rate with its interval."""
    low, high = group.interval
    return f"{tell_percent(group.rate)} ({tell_percent(low)} to {tell_percent(high)})"


def tell_number(number: float) -> str:
    """Return a number of three digits, as the page shows amounts: rounded, hence nobody's."""
    if isnan(number):
        return "unknown"
    if number == 0:
        return "0"
    rounded = float(f"{number:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"  # noqa: PLR2004


def tell_size(size: int) -> str:
    """Return a number of bytes in the unit that a person would take."""
    for unit, limit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= limit:
            return f"{size / limit:.1f} {unit}"
    return f"{size} bytes"


def tell_list(words: Sequence[str], most: int = 8) -> str:
    """Return the words with commas and `and`; what exceeds `most` is counted."""
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most:,} more"]
    if len(words) < 2:  # noqa: PLR2004 # nothing to join
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
