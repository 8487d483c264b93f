from __future__ import annotations

from contextlib import nullcontext
from itertools import product
from typing import TYPE_CHECKING

import pytest

from registry.history import read_history
from registry.holder import find_recorded_holder
from registry.stage import Stage
from registry.transition import Request
from tests.registry.moves import PRODUCTION, STAGING, Killed, back, find, list_moves, run

if TYPE_CHECKING:
    from tests.registry.conftest import Registry


@pytest.mark.parametrize(
    ("request_", "lives"),
    [*product([STAGING], range(8)), *product([PRODUCTION], range(9))],
    ids=lambda value: value.stage if isinstance(value, Request) else str(value),
)
def test_a_promotion_killed_between_any_two_calls_is_whole_after_one_repetition(
    three_versions: Registry, request_: Request, lives: int
) -> None:
    stage = request_.stage
    run(three_versions, "1")
    if stage is Stage.PRODUCTION:
        run(three_versions, "1", PRODUCTION)
        run(three_versions, "2")
    before = list_moves(three_versions)
    survives = lives == (8 if stage is Stage.PRODUCTION else 7)
    with nullcontext() if survives else pytest.raises(Killed):
        run(three_versions, "2", request_, lives=lives)

    run(three_versions, "2", request_)

    holder = find_recorded_holder(three_versions.client, three_versions.name, stage)
    assert holder.version == "2"
    assert list_moves(three_versions) == [*before, ("promote", "2", "1")]
    assert [version for version, held in three_versions.find_stages().items() if held == stage] == [
        "2"
    ]


@pytest.mark.parametrize("lives", range(5))
def test_a_rollback_killed_between_any_two_calls_goes_back_once(
    three_versions: Registry, lives: int
) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)
    with nullcontext() if lives == 4 else pytest.raises(Killed):
        back(three_versions, leaving="3", lives=lives)

    back(three_versions, leaving="3")

    holder = find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)
    assert holder.version == "2"
    assert len(list_moves(three_versions)) == 4


def test_another_promotion_completes_the_one_that_has_begun_first(
    three_versions: Registry,
) -> None:
    run(three_versions, "1")
    with pytest.raises(Killed):
        run(three_versions, "2", lives=5)

    outcome = run(three_versions, "3")

    assert [item.transition.version for item in outcome.completed] == ["2"]
    assert list_moves(three_versions)[1:] == [("promote", "2", "1"), ("promote", "3", "2")]


def test_what_has_not_begun_is_given_up_by_whoever_wants_something_else(
    three_versions: Registry,
) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    with pytest.raises(Killed):
        run(three_versions, "3", lives=4)

    back(three_versions)

    *_, given_up, last = read_history(three_versions.client, three_versions.name)
    assert (given_up.ended_at, given_up.is_open) == (None, False)
    assert (last.transition.from_version, last.transition.version) == ("2", "1")
    assert find(three_versions, Stage.STAGING) == "1"


def test_a_promotion_cut_short_of_a_version_that_was_deleted_is_given_up(
    three_versions: Registry,
) -> None:
    run(three_versions, "1")
    with pytest.raises(Killed):
        run(three_versions, "2", lives=4)
    three_versions.client.delete_model_version(three_versions.name, "2")

    run(three_versions, "3")

    first, given_up, last = read_history(three_versions.client, three_versions.name)
    assert (given_up.ended_at, given_up.is_open) == (None, False)
    assert last.transition.from_version == first.transition.version == "1"
