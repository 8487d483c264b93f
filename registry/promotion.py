"""Promotion through the gate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from mlflow import MlflowClient

from credit.errors import GateFailed
from registry.gate.finding import pass_if
from registry.gate.report import Check, GateReport
from registry.history import Action, Record, read_history, require_experiment
from registry.holder import find_standing
from registry.stage import Stage
from registry.stages import load_version
from registry.tenure import find_held, find_tenure, list_tenures
from registry.transition import (
    Outcome,
    Request,
    carry_out,
    complete_interrupted,
    describe_transition,
    require_free,
)

Judge = Callable[[str, str | None, Stage], GateReport]
"""Judges a version against the champion, if there is one, for a stage."""

REPORT_FILE = "gate.json"


def promote(
    client: MlflowClient,
    name: str,
    version: str,
    request: Request,
    judge: Judge,
    show: Callable[[GateReport], None],
) -> Outcome:
    """Put a version into a stage if the gate lets it through, and return what was done.

    A version that holds the stage by a record stays there, and is not judged again.

    Args:
        client: Of the registry.
        name: Registered model.
        version: Which version.
        request: Who wants it, and where to.
        judge: The gate.
        show: Told the gate's report before it is kept, and before anything is moved.

    Raises:
        GateFailed: If a check failed and the request does not force it; that is recorded too.
        RegistryError: If there is no such version, it would leave Production without one, or
            somebody else promoted while the gate was at work.
        FingerprintMismatch: If the version carries no bundle.
    """
    model = load_version(client, name, version)
    completed = complete_interrupted(
        client,
        name,
        lambda moved: (
            (moved.action, moved.version, moved.stage) == (Action.PROMOTE, version, request.stage)
        ),
    )
    records = read_history(client, name)
    standing = find_standing(client, name, request.stage, records)
    tenure = find_tenure(records, request.stage)
    if standing and tenure and standing.version == version:
        return Outcome(model, tenure.record, None, completed)
    require_free(model, request.stage, records)
    report = judge(version, _find_champion(records, request.stage), request.stage)
    if request.stage is Stage.PRODUCTION:
        report = _add_check(report, _check_staging(version, records))
    show(report)
    run_id = _keep_report(client, name, report)
    if not (report.passed or request.force):
        raise GateFailed(_tell_failures(report))
    transition = describe_transition(model, Action.PROMOTE, request, records)
    transition = transition.model_copy(
        update={
            "forced": not report.passed,
            "gate_passed": report.passed,
            "gate_run": run_id,
            "gate_sha256": _hash(report.to_json()),
        }
    )
    return Outcome(model, carry_out(client, name, transition, records), report, completed)


def _find_champion(records: Sequence[Record], stage: Stage) -> str | None:
    """Return whom a challenger is compared with: who holds the stage, else who is in Production."""
    held = find_held(records)
    return next((held[each] for each in (stage, Stage.PRODUCTION) if each in held), None)


def _check_staging(version: str, records: Sequence[Record]) -> Check:
    was_staging = any(
        item.version == version and item.stage is Stage.STAGING for item in list_tenures(records)
    )
    return Check(
        code="STAGED",
        title="was in Staging before",
        figure="yes" if was_staging else "no",
        limit="yes",
        verdict=pass_if(was_staging),
        detail=""
        if was_staging
        else f"Promote it to Staging first: `credit promote {version} --to Staging`.",
    )


def _add_check(report: GateReport, check: Check) -> GateReport:
    return report.model_copy(update={"checks": (*report.checks, check)})


def _keep_report(client: MlflowClient, name: str, report: GateReport) -> str:
    """Keep the gate's report as a run of its own, whatever it says, and return the run's id."""
    verdict = "passed" if report.passed else "failed"
    run = client.create_run(
        require_experiment(client, name),
        run_name=f"gate {report.version} for {report.stage}: {verdict}",
        tags={"stage": report.stage, "version": report.version, "gate": verdict},
    )
    run_id = str(run.info.run_id)
    client.log_text(run_id, report.to_json(), REPORT_FILE)
    client.set_terminated(run_id)
    return run_id


def _tell_failures(report: GateReport) -> str:
    codes = ", ".join(check.code for check in report.failures)
    return (
        f"The gate refuses version {report.version} for {report.stage}: {codes}. The table above "
        'says why; `--force --reason "…"` goes on all the same, and is recorded.'
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
