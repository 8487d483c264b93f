"""Which version holds a stage: MLflow's stage and an alias, which must agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from credit.bundle import Bundle
from credit.errors import RegistryError
from registry.stage import Stage


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


def put_in_stage(client: MlflowClient, name: str, version: str, stage: Stage) -> None:
    """Give the version the stage and its alias, and nobody else; what held it is archived.

    Three calls to MLflow, each of which may be the last before an interrupt, and may be made again.
    """
    with _stages_are_deprecated():
        client.transition_model_version_stage(name, version, stage, archive_existing_versions=True)
    client.set_registered_model_alias(name, stage.alias, version)
    aliases = _find_aliases(client, name)
    for other in Stage:
        if other is not stage and aliases.get(other.alias) == version:
            client.delete_registered_model_alias(name, other.alias)


def find_holder(client: MlflowClient, name: str, stage: Stage) -> RegisteredModel:
    """Return the one version that holds the stage, by stage and by alias.

    Raises:
        RegistryError: If there is none, more than one, or stage and alias disagree.
        FingerprintMismatch: If the version carries no bundle.
    """
    version = find_holding_version(client, name, stage)
    if version is None:
        raise RegistryError(
            f"No version of {name} is in {stage}. Train one with `credit train`, then "
            f"`credit promote VERSION --to {stage}`.{_tell_others(client, name, stage)}"
        )
    return load_version(client, name, version)


def find_holding_version(client: MlflowClient, name: str, stage: Stage) -> str | None:
    """Return the number of the version that holds the stage; None if none does.

    Raises:
        RegistryError: If more than one does, or stage and alias disagree.
    """
    staged = [
        str(version.version)
        for version in _list_versions(client, name)
        if version.current_stage == stage
    ]
    mend = f"`credit promote VERSION --to {stage}`"
    if len(staged) > 1:
        raise RegistryError(
            f"Versions {', '.join(sorted(staged, key=int))} of {name} are all in {stage}; expected "
            f"one. {mend} keeps the one you name."
        )
    holder = staged[0] if staged else None
    aliased = _find_aliases(client, name).get(stage.alias)
    if aliased != holder:
        raise RegistryError(
            f"{f'Version {holder}' if holder else 'No version'} of {name} has the stage {stage}, "
            f"but the alias {stage.alias!r} is at {f'version {aliased}' if aliased else 'none'}: "
            f"a promotion was interrupted, or made past `credit promote`. Repeat {mend}."
        )
    return holder


def load_version(client: MlflowClient, name: str, version: str) -> RegisteredModel:
    """Return a version with its bundle.

    Raises:
        RegistryError: If there is no such version.
        FingerprintMismatch: If the version carries no bundle.
    """
    versions = {str(item.version): item for item in _list_versions(client, name)}
    if version in versions:
        tags = {**versions[version].tags, "model_version": version}
        return RegisteredModel(name, version, Bundle.from_metadata(tags))
    known = sorted(versions, key=int)
    raise RegistryError(
        f"{name} has no version {version}; it has {', '.join(known) or 'none'}. "
        "`credit train` registers one."
    )


def has_begun(client: MlflowClient, name: str, version: str, stage: Stage) -> bool:
    """Return whether a move of the version to the stage has begun: it holds stage or alias."""
    staged = any(
        str(item.version) == version and item.current_stage == stage
        for item in _list_versions(client, name)
    )
    return staged or _find_aliases(client, name).get(stage.alias) == version


def _tell_others(client: MlflowClient, name: str, stage: Stage) -> str:
    """Return who holds the other stages, for somebody who looked in the wrong one."""
    aliases = _find_aliases(client, name)
    held = [f"version {aliases[each.alias]} is {each}" for each in Stage if each.alias in aliases]
    return f" (In other stages: {', '.join(held)}.)" if held and stage.alias not in aliases else ""


def has_version(client: MlflowClient, name: str, version: str) -> bool:
    """Return whether there is such a version."""
    return any(str(item.version) == version for item in _list_versions(client, name))


def select_name(name: str) -> str:
    """Return the condition by which MLflow finds a registered model."""
    quoted = name.replace("'", "''")
    return f"name='{quoted}'"


def _list_versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    versions: list[ModelVersion] = []
    token = None
    while token is None or token:
        page = client.search_model_versions(select_name(name), page_token=token)
        versions += page
        token = page.token or ""
    return versions


def _find_aliases(client: MlflowClient, name: str) -> dict[str, str]:
    """Return the version of each alias; no alias where nobody registered the model."""
    registered = client.search_registered_models(select_name(name), max_results=1)
    aliases = registered[0].aliases if registered else {}
    return {alias: str(version) for alias, version in aliases.items()}


@contextmanager
def _stages_are_deprecated() -> Iterator[None]:
    """Silence MLflow's advice to give up stages: the alias is set beside the stage (ADR 0004)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=".*transition_model.*")
        yield
