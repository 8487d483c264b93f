"""What a search has found, told: its course, what mattered, and the settings judged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial, TrialState

from training.evidence.drawing import BLUE, GREEN, GREY, ORANGE, new_figure
from training.evidence.section import Plot, Section
from training.tuning.confirmation import Confirmed
from training.tuning.grid import FinishedGrid
from training.tuning.space import Parameters
from training.tuning.study import FinishedStudy


def describe_study(
    study: FinishedStudy, confirmed: Sequence[Confirmed], chosen: Confirmed
) -> Section:
    """Return the study's plots and tables, and which setting was chosen of those judged again."""
    incumbent = confirmed[0]
    outcome = (
        "None of them is better than the incumbent, which stays."
        if chosen is incumbent
        else f"Chosen: {_tell(chosen.parameters)}; its log loss less the incumbent's, paired by "
        f"client: {chosen.loss_gain:+.5f}."
    )
    pruned = sum(trial.state is TrialState.PRUNED for trial in study.trials)
    plots = [_plot_history(study)]
    if study.importances:
        plots.append(_plot_importances(study.importances))
    return Section(
        "Parameters",
        f"{len(study.trials)} trials, {pruned} of them given up early. The best "
        f"{len(confirmed) - 1} were judged again on folds of other seeds, beside the incumbent. "
        f"{outcome}",
        tuple(plots),
        {"trials": tabulate_trials(study.trials), "judged_again": tabulate_confirmed(confirmed)},
        {
            "tuned_log_loss": chosen.log_loss,
            "tuned_auc": chosen.auc,
            "tuned_cost_per_applicant": chosen.cost,
            "log_loss_gain": chosen.loss_gain.value,
        },
    )


def describe_grid(found: FinishedGrid) -> Section:
    """Return the grid's table, and its best setting."""
    best = found.cells[0]
    rows = [
        {**cell.parameters, "log_loss": cell.log_loss, "auc": cell.auc, "fit_s": cell.fit_s}
        for cell in found.cells
    ]
    return Section(
        "Parameters",
        f"The best of {len(found.cells)} settings of the grid: {_tell(best.parameters)}.",
        tables={"trials": pd.DataFrame(rows)},
        metrics={
            "tuned_log_loss": found.log_loss,
            "tuned_auc": found.auc,
            "tuned_cost_per_applicant": found.cost,
        },
    )


def tabulate_trials(trials: Sequence[FrozenTrial]) -> pd.DataFrame:
    """Return a row a trial; one that was given up has no figures."""
    rows = [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "log_loss": trial.value if trial.state is TrialState.COMPLETE else np.nan,
            "folds": len(trial.intermediate_values),
            **trial.user_attrs,
            **trial.params,
        }
        for trial in trials
    ]
    return pd.DataFrame(rows)


def tabulate_confirmed(confirmed: Sequence[Confirmed]) -> pd.DataFrame:
    """Return a row a setting, the incumbent first."""
    rows = [
        {
            "setting": f"best {place}" if place else "incumbent",
            "log_loss": setting.log_loss,
            "auc": setting.auc,
            "cost": setting.cost,
            "rounds": setting.rounds,
            "cpu_s": setting.cpu_s,
            "log_loss_gain": setting.loss_gain.value,
            "log_loss_gain_low": setting.loss_gain.low,
            "log_loss_gain_high": setting.loss_gain.high,
            **{
                f"auc_gain_{number}{end}": getattr(gain, name)
                for number, gain in enumerate(setting.auc_gains, start=1)
                for end, name in (("", "difference"), ("_low", "low"), ("_high", "high"))
            },
            **setting.parameters,
        }
        for place, setting in enumerate(confirmed)
    ]
    return pd.DataFrame(rows)


def _plot_history(study: FinishedStudy) -> Plot:
    figure, axes = new_figure("Log loss of the trials")
    done = [trial for trial in study.trials if trial.state is TrialState.COMPLETE]
    order = {trial.number: place for place, trial in enumerate(study.trials, start=1)}
    places = [order[trial.number] for trial in done]
    losses = np.array([trial.value for trial in done], np.float64)
    axes.plot(places, losses, "o", color=BLUE, label="Judged on all folds")
    axes.step(
        [*places, len(study.trials)],
        [*np.minimum.accumulate(losses), losses.min()],
        where="post",
        color=ORANGE,
        label="Best so far",
    )
    axes.axhline(study.incumbent_loss, color=GREEN, linestyle="--", label="Incumbent")
    given_up = [order[t.number] for t in study.trials if t.state is TrialState.PRUNED]
    top = max(losses.max(), study.incumbent_loss) + 0.05 * (np.ptp(losses) or 1e-3)
    axes.plot(given_up, [top] * len(given_up), "x", color=GREY, label="Given up early, no loss")
    axes.set_xlabel("Trial")
    axes.set_ylabel("Mean out-of-fold log loss")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    caption = (
        "Each trial's mean log loss on clients that its models had not seen, the best so far, and "
        "the incumbent: the parameters that training used before. A trial that did worse than the "
        "best on fold after fold was given up."
    )
    return Plot("optimisation_history", caption, figure)


def _plot_importances(importances: Mapping[str, float]) -> Plot:
    figure: Figure
    figure, axes = new_figure("What the log loss depends on", height=3.6)
    by_share = sorted(importances.items(), key=lambda item: item[1])
    bars = axes.barh([name for name, _ in by_share], [share for _, share in by_share], color=BLUE)
    axes.bar_label(bars, fmt="{:.0%}", padding=3)
    axes.set_xlim(0, 1.1 * by_share[-1][1])
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("Share of the variation between trials (fANOVA)")
    axes.grid(visible=False, axis="y")
    caption = (
        "What part of the variation over the trials each parameter explains, of the log loss less "
        "the incumbent's on the folds that a trial was judged on. It is a variation within the "
        "search space, and some of it is luck."
    )
    return Plot("parameter_importances", caption, figure)


def _tell(parameters: Parameters) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items())
