"""Every setting, documented where it stands; read by the command line, the service and load tests.

Each is an environment variable `CREDIT_<NAME>` or, for the commands in the checkout, a line in
`.env`; MLflow's and BentoML's own variables (`MLFLOW_TRACKING_URI`, `BENTOML_HOME`) keep their
names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings with their defaults: one machine, embedded stores, no server but our own."""

    model_config = SettingsConfigDict(env_prefix="CREDIT_", env_file=".env", extra="ignore")

    home: Path = Field(Path("var"), description="Folder for what the commands make.")
    model_name: str = Field(
        "credit_scoring_model",
        pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",  # BentoML's rule for tags
        max_length=63,
        description="Name in the model registry and the BentoML store.",
    )
    mlflow_tracking_uri: str = Field(
        "sqlite:///mlflow.db",
        min_length=1,
        validation_alias=AliasChoices("MLFLOW_TRACKING_URI", "CREDIT_MLFLOW_TRACKING_URI"),
        description="MLflow's database or server.",
    )
    false_negative_cost: float = Field(
        10.0, gt=0, allow_inf_nan=False, description="Price of a missed default."
    )
    false_positive_cost: float = Field(
        1.0,
        gt=0,
        allow_inf_nan=False,
        description="Price of a refused applicant who would have repaid.",
    )
    contact: str = Field(
        "the lender's customer service, in writing",
        min_length=1,
        description="Whom a refused applicant turns to; stands in the model card.",
    )
    user: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Who promotes and rolls back, for the history; default: the system's user.",
    )
    approver: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Who approves of a promotion to Production.",
    )
    pseudonym_key: SecretStr | None = Field(
        None,
        description="Key of the clients' pseudonyms, at least 64 hex digits; default: a random one "
        "in pseudonym.key in home, made at first need.",
    )
    memory_limit: str = Field(
        "4GB",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="Memory DuckDB may use before it spills to disk, such as 4GB or 512MiB; "
        "also the heap of a Spark on this machine.",
    )
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="What computes history features."
    )
    spark_master: str = Field(
        "local[*]",
        min_length=1,
        description="Where Spark runs: this machine's cores, or a cluster's URL.",
    )
    history_store_location: str | None = Field(
        None,
        min_length=1,
        validation_alias="CREDIT_HISTORY_STORE",
        description=(
            "Arrow file of the clients' history features, a path or, for the service, a URL; "
            "default: history.arrow in home."
        ),
    )
    application_store_location: str | None = Field(
        None,
        min_length=1,
        validation_alias="CREDIT_APPLICATION_STORE",
        description=(
            "Arrow file of the clients' applications, a path or, for the service, a URL; "
            "default: applications.arrow in home."
        ),
    )

    service_url: str = Field(
        "http://127.0.0.1:3000",
        pattern=r"^https?://[^/]",
        description="Where the dashboard finds the service.",
    )

    @property
    def history_store(self) -> str:
        """Where the service reads the history features: a path or a URL."""
        return self.history_store_location or str(self.home / "history.arrow")

    @property
    def written_history_store(self) -> Path:
        """Where `credit train` writes them: what was set, or the default if that is a URL."""
        is_url = "://" in self.history_store
        return self.home / "history.arrow" if is_url else Path(self.history_store)

    @property
    def application_store(self) -> str:
        """Where the service reads the clients' applications: a path or a URL."""
        return self.application_store_location or str(self.home / "applications.arrow")

    @property
    def written_application_store(self) -> Path:
        """Where `credit train` writes them: what was set, or the default if that is a URL."""
        is_url = "://" in self.application_store
        return self.home / "applications.arrow" if is_url else Path(self.application_store)

    @property
    def pseudonym_key_text(self) -> str | None:
        """The key of the pseudonyms if one was set."""
        key = self.pseudonym_key
        return None if key is None else key.get_secret_value()  # an empty one is set, and no key

    @property
    def pseudonym_key_file(self) -> Path:
        """Where the key of the pseudonyms is kept if none is set."""
        return self.home / "pseudonym.key"

    @property
    def cache(self) -> Path:
        """Where the service keeps what it downloads."""
        return self.home / "cache"
