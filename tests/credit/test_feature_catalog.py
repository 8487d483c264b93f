"""What the catalog says of its features: their names, their meanings, their page."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from credit.contract import HISTORY_TABLES
from credit.features.application import APPLICATION_FEATURES
from credit.features.catalog import FEATURES, HISTORY_FEATURES
from credit.features.document import main, render_features

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
PREFIXES = {
    "bureau": "bureau_",
    "bureau_balance": "bureau_balance_",
    "previous_application": "previous_",
    "POS_CASH_balance": "pos_",
    "credit_card_balance": "card_",
    "installments_payments": "installments_",
}
WINDOW = re.compile(r"_(\d+[dm]|last\d+)(?=_|$)")
AGGREGATES = ("sum", "mean", "min", "max", "std", "count", "share", "trend")
SINGLE_FACTS = re.compile(r"has_history|last_loan_\w+|late_(latest|first)_month")
RATIO = re.compile(r"\w+_to_\w+")
WITH_AN_INNER_WINDOW = {"bureau_active_365d_count"}
EVERYDAY = re.compile(r"[A-Z1][^_]*[^ .,_]")


def derived() -> list[str]:
    return [feature.name for feature in FEATURES if not feature.name.isupper()]


def test_names_are_unique() -> None:
    assert [name for name, times in Counter(f.name for f in FEATURES).items() if times > 1] == []


def test_derived_features_are_lower_case_words() -> None:
    words = re.compile(r"[a-z]+(_[a-z0-9]+)*")
    assert [name for name in derived() if not words.fullmatch(name)] == []


def test_features_of_a_history_open_with_their_table() -> None:
    assert {feature.table for feature in HISTORY_FEATURES} == set(HISTORY_TABLES)
    strays = [f.name for f in HISTORY_FEATURES if not f.name.startswith(PREFIXES[f.table])]
    assert strays == []
    opening = tuple(PREFIXES.values())
    assert [f.name for f in APPLICATION_FEATURES if f.name.startswith(opening)] == []


def test_a_window_ends_the_name() -> None:
    inside = {
        feature.name
        for feature in HISTORY_FEATURES
        if (window := WINDOW.search(feature.name)) and window.end() != len(feature.name)
    }
    assert inside == WITH_AN_INNER_WINDOW


def test_before_the_window_a_name_ends_with_its_aggregate() -> None:
    ends = {
        feature.name: WINDOW.sub("", feature.name).removeprefix(PREFIXES[feature.table])
        for feature in HISTORY_FEATURES
    }
    without = {
        name
        for name, end in ends.items()
        if end.rpartition("_")[2] not in AGGREGATES
        and not RATIO.fullmatch(end)
        and not SINGLE_FACTS.fullmatch(end)
    }
    assert without == set()


def test_no_two_features_of_a_table_share_a_meaning() -> None:
    meanings = Counter((feature.table, feature.meaning) for feature in FEATURES)
    assert [meaning for meaning, times in meanings.items() if times > 1] == []


def test_meanings_are_short_phrases_without_the_names_of_code() -> None:
    derived_features = [feature for feature in FEATURES if not feature.name.isupper()]
    unreadable = [f.meaning for f in derived_features if not EVERYDAY.fullmatch(f.meaning)]
    assert unreadable == []
    assert [f.meaning for f in derived_features if len(f.meaning) > 90] == []


@pytest.mark.parametrize(
    ("clumsy"),
    [r"flag:", r"\b(\w+) \1\b", r"(Largest|Smallest) (days?|smallest|largest|most)\b", r"Mean of"],
)
def test_no_meaning_is_put_together_clumsily(clumsy: str) -> None:
    assert [f.meaning for f in HISTORY_FEATURES if re.search(clumsy, f.meaning)] == []


def test_the_page_of_the_features_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_features(), (
        "Run `python -m credit.features.document docs/features.md`."
    )


def test_the_page_names_every_feature_and_its_meaning() -> None:
    page = render_features()
    assert [f.name for f in FEATURES if f"| `{f.name}` | {f.meaning} |" not in page] == []


def test_writes_the_page_where_it_is_told(tmp_path: Path) -> None:
    main([str(tmp_path / "page.md")])

    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render_features()
