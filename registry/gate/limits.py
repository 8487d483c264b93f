"""What a challenger is held to; docs/gate.md says why each number is what it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GateLimits:
    """The limits of all checks.

    Attributes:
        auc_margin: The AUC may fall short of the champion's by so much, if that may be chance.
        cost_margin: The cost per applicant may exceed the champion's by so much, likewise.
        fewest_pairs: Clients that both versions must have predicted for a comparison.
        fewest_defaults: Defaults among them.
        outcome_changes_max: Share of clients in common whose outcome may differ between the runs;
            beyond it they are not the same people.
        repetitions: Draws of the bootstrap.
        ece_margin: Calibration error above what chance explains.
        pd_ratio_max: Mean PD / default rate, or the reverse, where chance does not explain it; also
            of mean served PD and mean out-of-fold PD.
        approval_ratio_min: Of the attributes that the ratio is hard for.
        hard_approval_attributes: Those attributes.
        group_pd_ratio_max: Mean PD / default rate in a group, or the reverse.
        fairness_margin: By so much more than noise may a group's figure be worse than the
            champion's.
        size_mb_max: Of the model file.
        single_ms_max: Processor time of a call with one applicant.
        batch_ms_max: Processor time of a call with 64.
        memory_mb_max: Growth of the process by loading and calling.
        rise_tolerance: A PD may rise by so much with a better score: rounding, no more (ADR 0022).
    """

    auc_margin: float = 0.005
    cost_margin: float = 0.005
    fewest_pairs: int = 500
    fewest_defaults: int = 50
    outcome_changes_max: float = 0.05
    repetitions: int = 500
    ece_margin: float = 0.01
    pd_ratio_max: float = 1.1
    approval_ratio_min: float = 0.8
    hard_approval_attributes: tuple[str, ...] = ("gender",)
    group_pd_ratio_max: float = 1.25
    fairness_margin: float = 0.02
    size_mb_max: float = 50
    single_ms_max: float = 10
    batch_ms_max: float = 50
    memory_mb_max: float = 300
    rise_tolerance: float = 1e-6


LIMITS = GateLimits()
