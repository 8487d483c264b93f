"""`credit log` and `credit replay` on a log that was written as the service writes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from credit.errors import LogUnavailable, PseudonymKeyUnusable, ReplayFailed
from credit.pseudonym import provide_key, read_key
from serving.decision_log import DecisionLog
from serving.log_writer import name_client

HISTORY = b"\x00\x00\x80?"
Run = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDIT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:  # noqa: ARG001 -- commands run there
    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli.app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return call


def write_decision(home: Path, request_id: str, client: int) -> None:
    key = provide_key(None, home / "pseudonym.key")
    log = DecisionLog.open(f"sqlite:///{home}/decisions.db")
    row = {
        "time_us": 1_767_225_600_000_000,  # 2026-01-01
        "request_id": request_id,
        "position": 0,
        "route": "/predict",
        "client": name_client(client, key),
        "key_id": key.id,
        "inputs": '{"AMT_CREDIT":1.5}',
        "history_source": "store",
        "history": HISTORY,
        "features_sha256": "5e" * 32,
        "probability": 0.25,
        "threshold": 0.5,
        "decision": "APPROVED",
        "refer_to_person": False,
        "reasons": None,
        "model_version": "3",
        "bundle_digest": "6f" * 32,
        "fingerprint": "of other code",
        "latency_us": 1_234,
        "coverage": '{"history":"store","tables":["bureau"]}',
        "data_quality": "{}",
    }
    log.write([row])
    log.close()


def test_the_last_decisions_are_shown(home: Path, run: Run) -> None:
    for number in range(3):
        write_decision(home, f"r{number}", number)

    lines = run("log", "tail", "-n", "2").splitlines()

    assert [line.split()[1] for line in lines] == ["r2", "r1"]
    assert json.loads(run("log", "tail", "--json"))[0]["inputs"] == {"AMT_CREDIT": 1.5}


def test_decisions_are_exported_a_line_each(home: Path, run: Run) -> None:
    write_decision(home, "r1", 1)

    run("log", "export", "--out", "all.jsonl", "--with-history")
    run("log", "export", "--out", "none.jsonl", "--since", "2026-01-02")

    (line,) = (home / "all.jsonl").read_text().splitlines()
    decision = json.loads(line)
    assert decision["time"] == "2026-01-01T00:00:00.000000+00:00"
    assert decision["coverage"]["tables"] == ["bureau"]
    assert base64.b64decode(decision["history"]) == HISTORY
    assert (home / "none.jsonl").read_text() == ""


def test_a_person_is_erased_by_todays_key_and_those_before(home: Path, run: Run) -> None:
    write_decision(home, "before", 7)
    told = run("log", "rotate-key")
    write_decision(home, "after", 7)
    write_decision(home, "somebody-else", 8)

    assert "kept" in told
    assert "2 decisions erased" in run("log", "erase", "7", "--yes")
    assert "somebody-else" in run("log", "tail")


def test_a_person_is_erased_by_a_key_of_the_environment_that_was_used_before(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_decision(home, "before", 7)
    old = (home / "pseudonym.key").read_text().strip()
    monkeypatch.setenv("CREDIT_PSEUDONYM_KEY", "ab" * 32)
    monkeypatch.setenv("CREDIT_PREVIOUS_PSEUDONYM_KEYS", f"{'cd' * 32}, {old}")
    (home / "pseudonym.key").unlink()

    assert "1 decisions erased" in run("log", "erase", "7", "--yes")


def test_a_person_is_erased_by_a_key_file_though_a_key_was_set_since(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_decision(home, "before", 7)
    monkeypatch.setenv("CREDIT_PSEUDONYM_KEY", "ab" * 32)

    assert "1 decisions erased" in run("log", "erase", "7", "--yes")


def test_nobody_is_said_to_be_erased_without_a_key_to_find_them_by(home: Path, run: Run) -> None:
    write_decision(home, "r1", 7)
    (home / "pseudonym.key").unlink()

    with pytest.raises(PseudonymKeyUnusable, match="There is no pseudonym key"):
        CliRunner().invoke(cli.app, ["log", "erase", "7", "--yes"], catch_exceptions=False)

    assert "r1" in run("log", "tail")


def test_a_rotation_that_was_interrupted_is_made_again(home: Path, run: Run) -> None:
    write_decision(home, "before", 7)
    key = home / "pseudonym.key"
    aside = key.with_name(f"pseudonym.{read_key(None, key).id}.key")
    aside.hardlink_to(key)

    run("log", "rotate-key")

    assert aside.read_text() != key.read_text()
    assert "1 decisions erased" in run("log", "erase", "7", "--yes")


def test_nobody_is_erased_without_a_yes(home: Path, run: Run) -> None:
    write_decision(home, "r1", 7)

    refused = CliRunner().invoke(cli.app, ["log", "erase", "7"], input="n\n")

    assert refused.exit_code == 1
    assert "r1" in run("log", "tail")


def test_what_is_too_old_is_removed(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_decision(home, "r1", 7)

    assert run("log", "prune", "--days", "100000").startswith("0 decisions")
    monkeypatch.setenv("CREDIT_LOG_RETENTION_DAYS", "1")
    assert run("log", "prune").startswith("1 decisions")


def test_a_log_that_is_not_there_is_not_made_by_looking(home: Path) -> None:
    with pytest.raises(LogUnavailable, match="is not there"):
        CliRunner().invoke(cli.app, ["log", "tail"], catch_exceptions=False)

    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("request_id", "told"), [("r1", "fingerprint of other code"), ("r2", "has no request r2")]
)
def test_a_decision_that_cannot_be_replayed_is_told_why(
    home: Path, request_id: str, told: str
) -> None:
    write_decision(home, "r1", 7)

    with pytest.raises(ReplayFailed, match=told):
        CliRunner().invoke(cli.app, ["replay", request_id], catch_exceptions=False)
