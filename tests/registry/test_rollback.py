from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit.errors import RegistryError
from registry.holder import find_recorded_holder
from registry.stage import Stage
from registry.stages import put_in_stage
from tests.registry.moves import PRODUCTION, back, find, run

if TYPE_CHECKING:
    from tests.registry.conftest import Registry


def test_a_rollback_restores_the_version_before(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    outcome = back(three_versions)

    assert find(three_versions, Stage.STAGING) == "2"
    moved = outcome.record.transition
    assert (moved.action, moved.from_version, moved.version) == ("rollback", "3", "2")


def test_two_rollbacks_go_two_versions_back(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    back(three_versions)
    back(three_versions)

    assert find(three_versions, Stage.STAGING) == "1"
    with pytest.raises(RegistryError, match="nothing to go back to: version 1 is the first"):
        back(three_versions)


def test_a_rollback_from_a_named_version_is_done_once(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    for _ in range(2):
        back(three_versions, leaving="3")

    assert find(three_versions, Stage.STAGING) == "2"
    with pytest.raises(RegistryError, match=r"Version 1 .* is not in Staging; version 2 is"):
        back(three_versions, leaving="1")


def test_production_is_rolled_back_to_what_was_production(three_versions: Registry) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
        run(three_versions, version, PRODUCTION)

    back(three_versions, PRODUCTION)

    assert find(three_versions, Stage.PRODUCTION) == "1"
    assert find(three_versions, Stage.STAGING) is None
    assert three_versions.find_stages()["2"] == "Archived"


def test_nothing_can_be_rolled_back_before_anything_was_promoted(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="no version is in Staging"):
        back(registry)


def test_a_version_that_was_edited_is_not_gone_back_to(three_versions: Registry) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    three_versions.client.set_model_version_tag(three_versions.name, "1", "threshold", "0.9")

    with pytest.raises(RegistryError, match=r"Threshold.* version 1 .*not those .*record 1"):
        back(three_versions)

    assert find(three_versions, Stage.STAGING) == "2"


def test_a_rollback_puts_the_recorded_version_back_where_another_was_moved_in(
    three_versions: Registry,
) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    back(three_versions, leaving="2")
    put_in_stage(three_versions.client, three_versions.name, "2", Stage.STAGING)

    back(three_versions, leaving="2")

    holder = find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)
    assert holder.version == "1"
