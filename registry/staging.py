"""Which version is Staging: a stage and an alias, which must agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from credit.bundle import Bundle
from credit.errors import RegistryError

STAGE = "Staging"
ALIAS = "staging"


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered version and the bundle it carries.

    Attributes:
        name: Registered model.
        version: Number of the version, as text.
        bundle: Threshold, costs and fingerprint.
    """

    name: str
    version: str
    bundle: Bundle


def promote_to_staging(client: MlflowClient, name: str, version: str) -> RegisteredModel:
    """Make the version the one Staging version, by stage and by alias, and return it.

    Whatever was Staging is archived. Interrupted between the two calls, stage and alias differ:
    `find_staging` refuses that, and the same call again mends it.

    Raises:
        RegistryError: If there is no such version.
        FingerprintMismatch: If the version carries no bundle.
    """
    model = load_version(client, name, version)
    with _stages_are_deprecated():
        client.transition_model_version_stage(name, version, STAGE, archive_existing_versions=True)
    client.set_registered_model_alias(name, ALIAS, version)
    return model


def find_staging(client: MlflowClient, name: str) -> RegisteredModel:
    """Return the one version that is Staging by stage and by alias.

    Raises:
        RegistryError: If there is none, more than one, or stage and alias disagree.
        FingerprintMismatch: If the version carries no bundle.
    """
    staged = [
        str(version.version)
        for version in _list_versions(client, name)
        if version.current_stage == STAGE
    ]
    if not staged:
        raise RegistryError(
            f"No version of {name} is in Staging. Train one with `credit train`, then "
            "`credit promote VERSION --to Staging`."
        )
    if len(staged) > 1:
        raise RegistryError(
            f"Versions {', '.join(sorted(staged, key=int))} of {name} are all in Staging; expected "
            "one. `credit promote VERSION --to Staging` keeps the one you name."
        )
    aliased = _find_aliased(client, name)
    if aliased != staged[0]:
        raise RegistryError(
            f"Version {staged[0]} of {name} has the stage {STAGE}, but the alias {ALIAS!r} is at "
            f"{f'version {aliased}' if aliased else 'none'}: a promotion was interrupted. Repeat "
            "`credit promote VERSION --to Staging`."
        )
    return load_version(client, name, staged[0])


def load_version(client: MlflowClient, name: str, version: str) -> RegisteredModel:
    """Return a version with its bundle.

    Raises:
        RegistryError: If there is no such version.
        FingerprintMismatch: If the version carries no bundle.
    """
    for candidate in _list_versions(client, name):
        if str(candidate.version) == version:
            bundle = Bundle.from_metadata({**candidate.tags, "model_version": version})
            return RegisteredModel(name, version, bundle)
    known = sorted((str(item.version) for item in _list_versions(client, name)), key=int)
    raise RegistryError(
        f"{name} has no version {version}; it has {', '.join(known) or 'none'}. "
        "`credit train` registers one."
    )


def _list_versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    quoted = name.replace("'", "''")
    versions: list[ModelVersion] = []
    token = None
    while token is None or token:
        page = client.search_model_versions(f"name='{quoted}'", page_token=token)
        versions += page
        token = page.token or ""
    return versions


def _find_aliased(client: MlflowClient, name: str) -> str | None:
    try:
        return str(client.get_model_version_by_alias(name, ALIAS).version)
    except MlflowException as error:
        if error.error_code in {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}:
            return None
        raise


@contextmanager
def _stages_are_deprecated() -> Iterator[None]:
    """Silence MLflow's advice to give up stages: the alias is set beside the stage (ADR 0004)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*transition_model.*")
        yield
