from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import Settings

NAMES = [
    "CREDIT_HOME",
    "CREDIT_MODEL_NAME",
    "CREDIT_MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_URI",
    "CREDIT_FALSE_NEGATIVE_COST",
    "CREDIT_FALSE_POSITIVE_COST",
    "CREDIT_MEMORY_LIMIT",
    "CREDIT_APPLICATION_STORE",
    "CREDIT_HISTORY_STORE",
    "CREDIT_ENGINE",
    "CREDIT_SPARK_MASTER",
    "CREDIT_PSEUDONYM_KEY",
    "CREDIT_SERVICE_URL",
    "CREDIT_SERVICE_TOKEN",
    "CREDIT_TOKEN_SECRET",
    "CREDIT_TOKEN_SECRET_PREVIOUS",
    "CREDIT_TOKEN_PUBLIC_KEY",
    "CREDIT_TOKEN_JWKS",
    "CREDIT_TOKEN_PRIVATE_KEY",
    "CREDIT_TOKEN_ISSUER",
    "CREDIT_TOKEN_AUDIENCE",
    "CREDIT_ALLOW_ANONYMOUS",
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_everything_is_embedded_and_a_missed_default_costs_ten() -> None:
    settings = Settings()

    assert settings.mlflow_tracking_uri == "sqlite:///mlflow.db"
    assert settings.home == Path("var")
    assert settings.history_store == "var/history.arrow"
    assert (settings.false_negative_cost, settings.false_positive_cost) == (10.0, 1.0)
    assert (settings.engine, settings.spark_master) == ("duckdb", "local[*]")


def test_the_history_store_follows_home_until_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_HOME", "elsewhere")
    followed = Settings().history_store
    monkeypatch.setenv("CREDIT_HISTORY_STORE", "/data/histories.arrow")

    assert followed == "elsewhere/history.arrow"
    assert Settings().history_store == "/data/histories.arrow"
    assert Settings().written_history_store == Path("/data/histories.arrow")


def test_the_key_of_the_pseudonyms_is_read_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_PSEUDONYM_KEY", "ab" * 32)

    key = Settings().pseudonym_key

    assert key is not None
    assert key.get_secret_value() == "ab" * 32
    assert "abab" not in repr(Settings())
    assert Settings().pseudonym_key_file == Path("var/pseudonym.key")


def test_a_key_of_the_pseudonyms_that_is_set_to_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unset = Settings().pseudonym_key_text
    monkeypatch.setenv("CREDIT_PSEUDONYM_KEY", "")

    assert unset is None
    assert Settings().pseudonym_key_text == ""


def test_what_is_set_is_passed_on_with_paths_that_hold_in_every_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unset = Settings().worker_variables
    (tmp_path / ".env").write_text(
        "CREDIT_DECISION_LOG=sqlite:///log.db\nCREDIT_LOG_REASONS=no\nCREDIT_HISTORY_STORE=h.arrow\n"
    )
    monkeypatch.setenv("CREDIT_PSEUDONYM_KEY", "ab" * 32)
    monkeypatch.setenv("CREDIT_TOKEN_SECRET", "")
    monkeypatch.setenv("CREDIT_TOKEN_PUBLIC_KEY", "public.pem")
    monkeypatch.setenv("CREDIT_TOKEN_JWKS", "https://issuer.example/jwks.json")
    monkeypatch.setenv("CREDIT_ALLOW_ANONYMOUS", "yes")
    monkeypatch.setenv("CREDIT_LOG_FILE", "service.log")
    monkeypatch.setenv("CREDIT_SERVICE_TOKEN", "not the service's")

    passed_on = Settings().worker_variables

    home = tmp_path / "var"
    assert unset == {
        "CREDIT_HOME": str(home),
        "CREDIT_DECISION_LOG": f"sqlite:///{home}/decisions.db",
    }
    assert passed_on == {
        "CREDIT_HOME": str(home),
        "CREDIT_DECISION_LOG": f"sqlite:///{tmp_path}/log.db",
        "CREDIT_LOG_REASONS": "false",
        "CREDIT_HISTORY_STORE": "h.arrow",
        "CREDIT_PSEUDONYM_KEY": "ab" * 32,
        "CREDIT_TOKEN_SECRET": "",
        "CREDIT_TOKEN_PUBLIC_KEY": str(tmp_path / "public.pem"),
        "CREDIT_TOKEN_JWKS": "https://issuer.example/jwks.json",
        "CREDIT_ALLOW_ANONYMOUS": "true",
        "CREDIT_LOG_FILE": str(tmp_path / "service.log"),
    }
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name, text in passed_on.items():
        monkeypatch.setenv(name, text)
    assert Settings().worker_variables == passed_on


@pytest.mark.parametrize("log", ["off", "postgresql://credit@db/credit", "sqlite:////data/log.db"])
def test_a_decision_log_that_is_the_same_from_everywhere_is_passed_on_as_it_is(
    log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_DECISION_LOG", log)

    assert Settings().worker_variables["CREDIT_DECISION_LOG"] == log


def test_a_history_store_behind_a_url_is_read_there_and_written_at_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_HISTORY_STORE", "s3://bucket/history.arrow")

    assert Settings().history_store == "s3://bucket/history.arrow"
    assert Settings().written_history_store == Path("var/history.arrow")


def test_the_application_store_is_found_as_the_history_store_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_HOME", "elsewhere")
    followed = Settings().application_store
    monkeypatch.setenv("CREDIT_APPLICATION_STORE", "s3://bucket/applications.arrow")

    assert followed == "elsewhere/applications.arrow"
    assert Settings().application_store == "s3://bucket/applications.arrow"
    assert Settings().written_application_store == Path("elsewhere/applications.arrow")


def test_mlflow_is_named_by_its_own_variable_which_goes_before_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_MLFLOW_TRACKING_URI", "sqlite:///ours.db")
    ours = Settings().mlflow_tracking_uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")

    assert ours == "sqlite:///ours.db"
    assert Settings().mlflow_tracking_uri == "http://mlflow.example:5000"


def test_a_line_in_the_env_file_counts_and_the_environment_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = "CREDIT_FALSE_NEGATIVE_COST=4\nCREDIT_MODEL_NAME=other\nSOMEBODY_ELSES=1\n"
    (tmp_path / ".env").write_text(lines)
    monkeypatch.setenv("CREDIT_MODEL_NAME", "mine")

    settings = Settings()

    assert settings.false_negative_cost == 4.0
    assert settings.model_name == "mine"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CREDIT_FALSE_NEGATIVE_COST", "0"),
        ("CREDIT_FALSE_POSITIVE_COST", "-1"),
        ("CREDIT_FALSE_NEGATIVE_COST", "dear"),
        ("CREDIT_FALSE_NEGATIVE_COST", "inf"),
        ("CREDIT_FALSE_POSITIVE_COST", "nan"),
        ("CREDIT_MEMORY_LIMIT", "plenty"),
        ("CREDIT_MEMORY_LIMIT", "4"),
        ("CREDIT_ENGINE", "pandas"),
        ("CREDIT_SPARK_MASTER", ""),
        ("CREDIT_MODEL_NAME", ""),
        ("CREDIT_MODEL_NAME", "Credit Model"),
        ("MLFLOW_TRACKING_URI", ""),
        ("CREDIT_SERVICE_URL", "127.0.0.1:3000"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("text", ["4GB", "512MiB", "1.5 TB", "800 KB"])
def test_a_memory_limit_is_written_as_duckdb_takes_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    import duckdb

    monkeypatch.setenv("CREDIT_MEMORY_LIMIT", text)

    assert duckdb.connect(config={"memory_limit": Settings().memory_limit}) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CREDIT_WORKERS", "0"),
        ("CREDIT_MAX_BATCH_ROWS", "999"),  # less than one request may have
        ("CREDIT_MAX_CONCURRENCY", "0"),
        ("CREDIT_DEADLINE_SECONDS", "inf"),
        ("CREDIT_LOG_FORMAT", "xml"),
        ("CREDIT_LOG_FILES_KEPT", "0"),
        ("CREDIT_TRACING_ENDPOINT", "collector:4318"),
        ("CREDIT_TRACING_SAMPLE_RATE", "1.5"),
    ],
)
def test_limits_that_are_none_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError):
        Settings()
