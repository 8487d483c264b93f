from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.evidence.reference_sample import draw_reference_sample, to_parquet

NAMES = ("AMT_CREDIT", "EXT_SOURCE_2")


def draw(clients: int = 100, size: int = 30, seed: int = 0) -> pa.Table:
    numbers = np.arange(clients, dtype=np.float32)
    features = np.column_stack([numbers, -numbers])
    return draw_reference_sample(features, numbers / clients, NAMES, size, seed)


def test_rows_are_those_of_different_clients_with_their_pd() -> None:
    sample = draw()

    numbers = sample["AMT_CREDIT"].to_numpy()
    assert sample.column_names == [*NAMES, "pd"]
    assert len(np.unique(numbers)) == sample.num_rows == 30
    np.testing.assert_array_equal(sample["EXT_SOURCE_2"].to_numpy(), -numbers)
    np.testing.assert_allclose(sample["pd"].to_numpy(), numbers / 100)


def test_the_order_of_the_clients_is_lost_even_where_all_are_taken() -> None:
    numbers = draw(size=500)["AMT_CREDIT"].to_numpy()

    assert sorted(numbers.tolist()) == list(range(100))
    assert np.any(np.diff(numbers) < 0)


def test_the_file_is_the_same_for_the_same_seed_and_reads_back() -> None:
    content = to_parquet(draw())

    assert content == to_parquet(draw())
    assert content != to_parquet(draw(seed=1))
    assert pq.read_table(pa.BufferReader(content)).equals(draw())


@pytest.mark.parametrize("identifier", ["SK_ID_CURR", "SK_ID_PREV"])
def test_identifiers_are_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="identifiers"):
        draw_reference_sample(np.zeros((3, 1), np.float32), np.zeros(3), (identifier,))


def test_a_feature_named_like_the_pd_is_refused() -> None:
    with pytest.raises(ValueError, match="named 'pd'"):
        draw_reference_sample(np.zeros((3, 1), np.float32), np.zeros(3), ("pd",))


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="not of 4 clients"):
        draw_reference_sample(np.zeros((3, 1), np.float32), np.zeros(4), ("AMT_CREDIT",))
