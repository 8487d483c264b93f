from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit.errors import LogUnavailable, PseudonymKeyUnusable
from serving.opening import try_log
from settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(home=tmp_path)


def set_log(settings: Settings, location: str, key: str | None = None) -> Settings:
    changes = {"decision_log_location": location, "pseudonym_key": key}
    return Settings.model_validate(
        settings.model_dump(exclude=set(changes))
        | {
            "CREDIT_DECISION_LOG": location,
            "pseudonym_key": key,
        }
    )


def test_on_a_machine_log_and_key_are_made_at_first_need(
    settings: Settings, tmp_path: Path
) -> None:
    try_log(settings)

    assert {path.name for path in tmp_path.iterdir()} >= {"decisions.db", "pseudonym.key"}


def test_in_a_container_a_log_that_would_end_with_it_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_CONTAINERIZED", "true")

    with pytest.raises(LogUnavailable, match="Set CREDIT_DECISION_LOG"):
        try_log(settings)

    assert list(tmp_path.iterdir()) == []


def test_in_a_container_so_is_a_key(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_CONTAINERIZED", "true")
    url = f"sqlite:///{tmp_path}/volume/decisions.db"

    with pytest.raises(PseudonymKeyUnusable, match="Set CREDIT_PSEUDONYM_KEY"):
        try_log(set_log(settings, url))
    try_log(set_log(settings, url, "ab" * 32))

    assert (tmp_path / "volume" / "decisions.db").exists()


def test_whoever_wants_no_log_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BENTOML_CONTAINERIZED", "true")

    with caplog.at_level("WARNING"):
        try_log(set_log(settings, "off"))

    assert "no decision is recorded" in caplog.text
