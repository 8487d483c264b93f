"""Every setting, documented where it stands; read by the command line, the service and load tests.

Each is an environment variable `CREDIT_<NAME>` or, for the commands in the checkout, a line in
`.env`; MLflow's and BentoML's own variables (`MLFLOW_TRACKING_URI`, `BENTOML_HOME`) keep their
names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

_NOT_THE_SERVICE_S = {"mlflow_tracking_uri", "service_token", "token_private_key"}


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

    decision_log_location: str | None = Field(
        None,
        min_length=1,
        validation_alias="CREDIT_DECISION_LOG",
        description="Database of the decision log, sqlite:///FILE or postgresql://USER@HOST/NAME, "
        "or off; default: decisions.db in home.",
    )
    log_durability: Literal["process", "power"] = Field(
        "process",
        description="What a recorded decision survives in SQLite: the end of every process at any "
        "moment, or the machine's too, which waits for the disk.",
    )
    log_policy: Literal["refuse", "answer"] = Field(
        "refuse",
        description="When the decision log takes nothing: answer 503, or answer all the same and "
        "count what is not recorded.",
    )
    log_reasons: bool = Field(
        default=True,
        description="Whether refusals are explained at once: their reasons stand in the log, and "
        "one that rests on protected facts is referred to a person.",
    )
    log_pseudonyms: bool = Field(
        default=True, description="Whether clients have pseudonyms in the decision log."
    )
    previous_pseudonym_keys: SecretStr | None = Field(
        None,
        description="Keys that pseudonyms were made with before, with commas between them: a "
        "client's decisions of that time are found by them.",
    )

    log_retention_days: int = Field(
        3_650, ge=1, description="Age in days from which on `credit log prune` removes decisions."
    )

    token_secret: SecretStr | None = Field(
        None,
        description="Signs and checks access tokens (HS256), at least 32 bytes; without it, a "
        "public key and a JWKS the service has no key, and listens on 127.0.0.1 only.",
    )
    token_secret_previous: SecretStr | None = Field(
        None, description="Checks tokens that were issued before the secret was changed."
    )
    token_public_key: str | None = Field(
        None, description="Checks access tokens (RS256): PEM text or file, of one key or several."
    )
    token_jwks: str | None = Field(
        None,
        description="Checks access tokens (RS256): file or https:// address of an issuer's keys.",
    )
    token_private_key: Path | None = Field(
        None, description="PEM file that `credit token` signs with (RS256) instead of the secret."
    )
    token_issuer: str = Field(
        "credit-scoring", min_length=1, description="Who issues access tokens: their `iss`."
    )
    token_audience: str = Field(
        "credit-scoring", min_length=1, description="For whom they are: their `aud`."
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Without a key, answer everyone who reaches the service (never `/logs`).",
    )
    service_token: SecretStr | None = Field(
        None, description="Access token that our own clients of the service bring along."
    )
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of the service that answer requests; the model has one more.",
    )
    max_batch_rows: int = Field(
        1_024,
        ge=1_000,  # the largest request, which is not split
        le=65_536,
        description="Applicants whom one call of the model decides on, at most.",
    )
    max_concurrency: int = Field(
        1_024,
        ge=1,
        description="Requests that a worker answers at the same time; others get 503.",
    )
    deadline_seconds: float = Field(
        12.0,
        gt=0,
        le=300,
        allow_inf_nan=False,
        description="So long an answer may take, the sending of the request included; then 504. "
        "Above 10, so that who sends slowly is told so, and 10 at least for a model that stalls.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines for people, or a JSON object each."
    )
    log_file: Path | None = Field(
        None,
        description="Where log lines are kept too: service.log becomes a file for each process, "
        "such as service.credit_runner-1.log.",
    )
    log_file_megabytes: float = Field(
        50.0, gt=0, allow_inf_nan=False, description="A log file this large is set aside."
    )
    log_files_kept: int = Field(
        5, ge=1, description="Log files set aside that are kept, each process's."
    )
    access_log: bool = Field(
        default=False,
        description="Log a line for every request: method, route, status, milliseconds, id.",
    )
    tracing_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/]",
        description="Where traces go by OTLP over HTTP, such as http://collector:4318/v1/traces "
        "(extra tracing); default: nowhere.",
    )
    tracing_sample_rate: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Share of the requests that are traced; what comes with a sampled trace always "
        "is.",
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
    def decision_log(self) -> str | None:
        """Database of the decision log; None: nothing is recorded."""
        location = self.decision_log_location or f"sqlite:///{self.home}/decisions.db"
        if location == "off":
            return None
        scheme, mark, file = location.partition(":///")
        if not scheme.startswith("sqlite") or file in {"", ":memory:"}:
            return location
        return f"{scheme}{mark}{Path(file).absolute()}"

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
        return _reveal(self.pseudonym_key)

    @property
    def previous_pseudonym_key_texts(self) -> list[str]:
        """The keys that pseudonyms were made with before."""
        keys = self.previous_pseudonym_keys
        texts = keys.get_secret_value().split(",") if keys is not None else []
        return [text.strip() for text in texts if text.strip()]

    @property
    def pseudonym_key_file(self) -> Path:
        """Where the key of the pseudonyms is kept if none is set."""
        return self.home / "pseudonym.key"

    @property
    def worker_variables(self) -> dict[str, str]:
        """What was set, for processes that run in other folders and without `.env`."""
        texts = {
            _name_variable(name, field): _write(getattr(self, name))
            for name, field in type(self).model_fields.items()
            if name in self.model_fields_set and name not in _NOT_THE_SERVICE_S
        }
        whole = {
            "CREDIT_HOME": str(self.home.absolute()),
            "CREDIT_DECISION_LOG": self.decision_log or "off",
            "CREDIT_TOKEN_PUBLIC_KEY": _make_absolute(self.token_public_key, "-----BEGIN "),
            "CREDIT_TOKEN_JWKS": _make_absolute(self.token_jwks, "://"),
        }
        return {name: text for name, text in (texts | whole).items() if text is not None}

    @property
    def service_token_text(self) -> str | None:
        """The access token of our own clients; None if none was set."""
        token = _reveal(self.service_token)
        return token.strip() if token else None

    @property
    def cache(self) -> Path:
        """Where the service keeps what it downloads."""
        return self.home / "cache"


def _reveal(secret: SecretStr | None) -> str | None:
    """Return a secret's text; an empty one is set, and no key."""
    return None if secret is None else secret.get_secret_value()


def _name_variable(name: str, field: FieldInfo) -> str:
    """Return the environment variable of a setting."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"CREDIT_{name.upper()}"


def _write(value: object) -> str | None:
    """Return a setting's value as an environment variable has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return str(value.absolute())
    return None if value is None else str(value)


def _make_absolute(location: str | None, mark: str) -> str | None:
    """Return a path that holds in every folder; what has the mark is no path."""
    return location if not location or mark in location else str(Path(location).absolute())
