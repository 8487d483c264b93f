from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from credit.bundle import compute_fingerprint
from credit.errors import FingerprintMismatch, RegistryError
from registry.stage import Stage
from registry.stages import find_holder, find_holding_version, load_version, put_in_stage

if TYPE_CHECKING:
    from registry.stages import RegisteredModel
    from tests.conftest import Trained
    from tests.registry.conftest import Registry

REFUSE_ALIASES = """
CREATE TRIGGER no_insert BEFORE INSERT ON registered_model_aliases
BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;
CREATE TRIGGER no_update BEFORE UPDATE ON registered_model_aliases
BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
"""
STAGE_EVERYTHING = "UPDATE model_versions SET current_stage = 'Staging'"


def promote_to_staging(client: MlflowClient, name: str, version: str) -> None:
    put_in_stage(client, name, version, Stage.STAGING)


def find_staging(client: MlflowClient, name: str) -> RegisteredModel:
    return find_holder(client, name, Stage.STAGING)


def interrupt_promotion(registry: Registry, version: str) -> None:
    """Promote a version so that the registry fails between the stage and the alias."""
    registry.execute(REFUSE_ALIASES)
    with pytest.raises(MlflowException):
        promote_to_staging(registry.client, registry.name, version)
    registry.execute("DROP TRIGGER no_insert; DROP TRIGGER no_update")


def test_promotion_sets_stage_and_alias(registry: Registry) -> None:
    promote_to_staging(registry.client, registry.name, "1")

    assert registry.find_stages() == {"1": "Staging"}
    assert registry.find_alias() == "1"
    assert find_staging(registry.client, registry.name).version == "1"


def test_the_staging_version_brings_threshold_costs_and_fingerprint(
    registry: Registry, trained: Trained
) -> None:
    promote_to_staging(registry.client, registry.name, "1")

    model = find_staging(registry.client, registry.name)

    assert (model.name, model.version, model.bundle.model_version) == (registry.name, "1", "1")
    assert model.bundle.threshold == trained.result.evaluation.choice.threshold
    assert model.bundle.costs == trained.order.costs
    assert model.bundle.fingerprint == compute_fingerprint()


def test_promoting_another_version_archives_the_former(registry: Registry) -> None:
    registry.add_version()
    promote_to_staging(registry.client, registry.name, "1")

    promote_to_staging(registry.client, registry.name, "2")

    assert registry.find_stages() == {"1": "Archived", "2": "Staging"}
    assert registry.find_alias() == "2"
    assert find_staging(registry.client, registry.name).version == "2"


def test_promoting_twice_is_harmless(registry: Registry) -> None:
    for _ in range(2):
        promote_to_staging(registry.client, registry.name, "1")

    assert find_staging(registry.client, registry.name).version == "1"


def test_a_first_promotion_cut_short_is_refused_and_mended_by_promoting_again(
    registry: Registry,
) -> None:
    interrupt_promotion(registry, "1")

    with pytest.raises(
        RegistryError, match=r"Version 1 .*stage Staging.* alias 'staging' is at none.*Repeat"
    ):
        find_staging(registry.client, registry.name)

    promote_to_staging(registry.client, registry.name, "1")
    assert find_staging(registry.client, registry.name).version == "1"


def test_a_later_promotion_cut_short_is_refused_by_the_names_of_both_versions(
    registry: Registry,
) -> None:
    registry.add_version()
    promote_to_staging(registry.client, registry.name, "1")
    interrupt_promotion(registry, "2")

    with pytest.raises(
        RegistryError, match=r"Version 2 .*stage Staging.* alias 'staging' is at version 1"
    ):
        find_staging(registry.client, registry.name)

    promote_to_staging(registry.client, registry.name, "2")
    assert find_staging(registry.client, registry.name).version == "2"
    assert registry.find_stages() == {"1": "Archived", "2": "Staging"}


def test_two_staging_versions_are_refused_and_mended_by_promoting_one(registry: Registry) -> None:
    registry.add_version()
    registry.execute(STAGE_EVERYTHING)

    with pytest.raises(RegistryError, match=r"Versions 1, 2 .*all in Staging; expected one"):
        find_staging(registry.client, registry.name)

    promote_to_staging(registry.client, registry.name, "1")
    assert find_staging(registry.client, registry.name).version == "1"
    assert registry.find_stages() == {"1": "Staging", "2": "Archived"}


def test_no_staging_version_is_said_with_what_to_do(registry: Registry) -> None:
    with pytest.raises(RegistryError, match=r"No version .* is in Staging.*credit promote"):
        find_staging(registry.client, registry.name)


def test_a_model_that_nobody_registered_has_no_staging_version(tracking_uri: str) -> None:
    with pytest.raises(RegistryError, match=r"No version of nobody is in Staging.*credit train"):
        find_staging(MlflowClient(tracking_uri), "nobody")


def test_an_unknown_version_is_refused_with_those_that_are_there(registry: Registry) -> None:
    registry.add_version()

    with pytest.raises(RegistryError, match="has no version 7; it has 1, 2"):
        load_version(registry.client, registry.name, "7")


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"threshold": None}, "lack or garble: threshold"),
        ({"threshold": "a tenth"}, "lack or garble: threshold"),
        ({"fingerprint": None, "oof_auc": None}, "lack or garble: fingerprint, oof_auc"),
    ],
)
def test_a_version_without_bundle_is_refused(
    registry: Registry, tags: dict[str, str | None], told: str
) -> None:
    version = registry.add_version(tags)

    with pytest.raises(FingerprintMismatch, match=told):
        load_version(registry.client, registry.name, version)


def test_an_alias_without_a_stage_is_refused(registry: Registry) -> None:
    registry.client.set_registered_model_alias(registry.name, "staging", "1")

    with pytest.raises(RegistryError, match=r"No version .* stage Staging.* at version 1.*Repeat"):
        find_staging(registry.client, registry.name)


def test_a_version_that_goes_on_to_production_leaves_staging_empty(registry: Registry) -> None:
    promote_to_staging(registry.client, registry.name, "1")

    put_in_stage(registry.client, registry.name, "1", Stage.PRODUCTION)

    assert find_holder(registry.client, registry.name, Stage.PRODUCTION).version == "1"
    assert find_holding_version(registry.client, registry.name, Stage.STAGING) is None


def test_a_version_that_somebody_staged_without_bundle_is_not_used(registry: Registry) -> None:
    version = registry.add_version({"threshold": None})
    registry.execute(f"{STAGE_EVERYTHING} WHERE version = {version}")
    registry.client.set_registered_model_alias(registry.name, "staging", version)

    with pytest.raises(FingerprintMismatch, match="threshold"):
        find_staging(registry.client, registry.name)
