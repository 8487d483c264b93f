from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from credit.errors import RegistryError
from registry.history import (
    RECORD_TAG,
    Action,
    Record,
    Transition,
    close_record,
    find_breaks,
    open_record,
    read_history,
)
from registry.history_table import render_day, render_history
from registry.stage import Stage
from registry.tenure import find_previous, find_tenures_on, list_tenures

if TYPE_CHECKING:
    from registry.tenure import Tenure
    from tests.registry.conftest import Registry

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def make_history(*moves: tuple[Action, Stage, str]) -> list[Record]:
    """Return closed records, one a day, as they would have been written."""
    records: list[Record] = []
    for number, (action, stage, version) in enumerate(moves, 1):
        held = {item.stage: item.version for item in list_tenures(records) if not item.until}
        transition = Transition(
            number=number,
            action=action,
            stage=stage,
            version=version,
            from_version=held.get(stage),
            who="ann@desk",
            approver="Bea Lang" if stage is Stage.PRODUCTION else None,
            reason=None,
            forced=False,
            gate_passed=True if action is Action.PROMOTE else None,
            gate_run=None,
            gate_sha256=None,
            model_sha256="5e" * 32,
            bundle_digest="b0" * 32,
            begun_at=START.isoformat(),
            previous_sha256=records[-1].sha256 if records else None,
        )
        ended = START + timedelta(days=number - 1)
        text = transition.model_dump_json()
        records.append(Record(transition, text, f"run-{number}", ended, is_open=False))
    return records


def tell_day(tenures: list[Tenure], day: date, stages: list[Stage]) -> str:
    return render_day(find_tenures_on(tenures, day, stages), day, stages)


def up(version: str, stage: Stage = Stage.PRODUCTION) -> tuple[Action, Stage, str]:
    return Action.PROMOTE, stage, version


def down(version: str) -> tuple[Action, Stage, str]:
    return Action.ROLL_BACK, Stage.PRODUCTION, version


def test_what_is_written_reads_back(registry: Registry) -> None:
    (made,) = make_history(up("1"))

    opened = open_record(registry.client, registry.name, made.transition)
    (read,) = read_history(registry.client, registry.name)
    close_record(registry.client, opened)
    (closed,) = read_history(registry.client, registry.name)

    assert read == opened
    assert read.is_open
    assert replace(closed, ended_at=None) == replace(opened, is_open=False)
    assert closed.ended_at is not None
    assert abs(closed.ended_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_model_that_was_never_promoted_has_no_history(registry: Registry) -> None:
    assert read_history(registry.client, registry.name) == ()
    assert render_history([]) == "Nothing was promoted yet."


def test_a_record_that_somebody_garbled_is_refused_by_its_run(registry: Registry) -> None:
    (made,) = make_history(up("1"))
    opened = open_record(registry.client, registry.name, made.transition)
    registry.client.set_tag(opened.run_id, RECORD_TAG, '{"number": 1}')

    with pytest.raises(RegistryError, match=f"{opened.run_id} cannot be read .*action"):
        read_history(registry.client, registry.name)


def test_a_history_whose_experiment_was_deleted_is_refused_with_how_to_restore_it(
    registry: Registry,
) -> None:
    (made,) = make_history(up("1"))
    open_record(registry.client, registry.name, made.transition)
    experiment = registry.client.get_experiment_by_name(f"{registry.name}-transitions")
    assert experiment is not None
    registry.client.delete_experiment(experiment.experiment_id)

    with pytest.raises(RegistryError, match=r"was deleted\. Restore it: `mlflow experiments"):
        read_history(registry.client, registry.name)


def test_an_untouched_history_has_no_breaks() -> None:
    assert find_breaks(make_history(up("1"), up("2"), down("1"))) == []


def test_a_record_changed_later_is_found() -> None:
    first, second, third = make_history(up("1"), up("2"), up("3"))
    changed = replace(second, text=second.text.replace("ann@desk", "eve@desk"))

    assert find_breaks([first, changed, third]) == ["record 2 is not as it was when 3 was written"]


def test_another_time_of_a_record_is_found() -> None:
    first, second, third = make_history(up("1"), up("2"), up("3"))
    moved = replace(second, ended_at=START - timedelta(days=300))

    assert find_breaks([first, moved, third]) == ["record 2 is not as it was when 3 was written"]


def test_a_record_taken_out_is_found() -> None:
    first, _, third = make_history(up("1"), up("2"), up("3"))

    assert find_breaks([first, third]) == ["record 3 stands where 2 was expected"]


def test_two_records_of_one_number_are_found() -> None:
    first, second = make_history(up("1"), up("2"))

    assert find_breaks([first, second, second]) == ["record 2 stands where 3 was expected"]


def test_the_holder_on_a_day_is_told_with_when_it_changed() -> None:
    tenures = list_tenures(make_history(up("1"), up("2"), down("1")))

    told = tell_day(tenures, date(2026, 3, 2), [Stage.PRODUCTION, Stage.STAGING])

    assert told.splitlines() == [
        (
            "Production: version 1 since 2026-03-01 09:30:00 until 2026-03-02 09:30:00 "
            f"(record 1, model {'5e' * 6})"
        ),
        (
            "Production: version 2 since 2026-03-02 09:30:00 until 2026-03-03 09:30:00 "
            f"(record 2, model {'5e' * 6})"
        ),
        "Staging: no version on 2026-03-02",
    ]


def test_before_the_first_promotion_nobody_held_a_stage() -> None:
    tenures = list_tenures(make_history(up("1")))

    assert tell_day(tenures, date(2026, 2, 28), [Stage.PRODUCTION]) == (
        "Production: no version on 2026-02-28"
    )


def test_going_on_to_production_ends_the_time_in_staging() -> None:
    staging, production = list_tenures(make_history(up("1", Stage.STAGING), up("1")))

    assert (staging.until, production.until) == (production.since, None)


@pytest.mark.parametrize(
    ("moves", "previous"),
    [
        ([], None),
        ([up("1")], ("1", None)),
        ([up("1"), up("2")], ("2", "1")),
        ([up("1"), up("2"), down("1")], ("1", None)),
        ([up("1"), up("2"), up("3"), down("2")], ("2", "1")),
        ([up("1"), up("2"), down("1"), up("3")], ("3", "1")),
        ([up("1"), up("2"), up("1"), down("2")], ("2", "1")),
        ([up("1"), up("2"), up("1"), up("3"), down("1")], ("1", "2")),
    ],
)
def test_what_is_gone_back_to(
    moves: list[tuple[Action, Stage, str]], previous: tuple[str, str | None] | None
) -> None:
    assert find_previous(make_history(*moves), Stage.PRODUCTION) == previous


def test_a_promotion_that_was_cut_short_put_nobody_anywhere() -> None:
    first, second = make_history(up("1"), up("2"))
    cut_short = replace(second, ended_at=None, is_open=True)

    assert find_previous([first, cut_short], Stage.PRODUCTION) == ("1", None)
    assert "cut short" in render_history([cut_short])


def test_the_history_tells_who_did_what_and_why() -> None:
    (record,) = make_history(up("1"))
    forced = {"forced": True, "gate_passed": False, "reason": "the old one is broken"}
    record = replace(record, transition=record.transition.model_copy(update=forced))

    assert render_history([record]).splitlines() == [
        "   1  2026-03-01 09:30:00  Production  none -> 1  promoted, gate refused, FORCED",
        "      by ann@desk, approved by Bea Lang: the old one is broken",
    ]
