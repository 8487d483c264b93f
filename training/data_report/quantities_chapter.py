"""The chapters of scores, of persons and of loans."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit.disclosure import SMALLEST_GROUP
from training.data_report.categories import tell_chance, tell_extremes
from training.data_report.page import Chapter, Part, Picture, picture, tell_only
from training.data_report.plots import draw_histograms, draw_matrix, draw_rates
from training.data_report.quantities import MeasuredQuantity, Quantities
from training.data_report.rates import Group, compute_chance
from training.data_report.words import tell_list, tell_number

NO_APPLICANTS = "There is no application table that can be read."


def describe_quantities(
    anchor: str, title: str, measured: Quantities | None, *further: Part
) -> Chapter:
    """Return the chapter: each quantity's distribution by outcome beside its default rates."""
    if measured is None:
        return tell_only(anchor, title, NO_APPLICANTS)
    parts = [_describe(quantity, measured.overall) for quantity in measured.measured]
    if measured.absent:
        parts.append(
            Part(paragraphs=(f"Not shown, since columns lack: {tell_list(measured.absent)}.",))
        )
    return Chapter(anchor, title, (*parts, *(part for part in further if part != Part())))


def describe_correlations(names: tuple[str, ...], values: NDArray[np.float64]) -> Part:
    """Return the correlations of columns with one another and with TARGET."""
    if len(names) < 2:  # noqa: PLR2004 # one column has no other
        return Part()
    figure = draw_matrix("Correlation", names, values, "Pearson's correlation")
    with_target = ""
    if names[-1] == "TARGET":
        told = [
            f"{name} {value:+.3f}"
            for name, value in zip(names[:-1], values[-1, :-1], strict=True)
            if not np.isnan(value)
        ]
        with_target = f"Correlation with default: {tell_list(told)}." if told else ""
    apart = [
        (values[one, other], names[one], names[other])
        for one in range(len(names))
        for other in range(one)
        if "TARGET" not in (names[one], names[other]) and not np.isnan(values[one, other])
    ]
    closest = ""
    if apart:
        value, one, other = max(apart, key=lambda pair: abs(pair[0]))
        closest = f"Closest to one another: {other} and {one}, {value:+.3f}."
    alt = f"Matrix of the correlations of {tell_list(names)}."
    return Part("Correlation", pictures=(picture(figure, alt, with_target, closest),))


def _describe(measured: MeasuredQuantity, overall: Group) -> Part:
    quantity = measured.quantity
    if not measured.histograms:
        why = (
            f"Fewer than {2 * SMALLEST_GROUP} clients have a value, or all have the same: there is "
            "no distribution to show."
        )
        rates = _draw_bands(measured, overall) if len(measured.bands) > 1 else ()
        return Part(quantity.name, (why,), rates)
    figure = draw_histograms(
        f"{quantity.name}: distribution",
        measured.histograms,
        quantity.unit,
        logarithmic=quantity.logarithmic,
    )
    whose = tell_list([histogram.label for histogram in measured.histograms])
    alt = f"Distribution of {quantity.name}: {whose}."
    lie = picture(figure, alt, _tell_medians(measured))
    return Part(quantity.name, pictures=(lie, *_draw_bands(measured, overall)))


def _tell_medians(measured: MeasuredQuantity) -> str:
    repaid, defaulted = measured.medians
    if len(measured.histograms) == 1:
        whose = measured.histograms[0].label
        middle = defaulted if whose == "defaulted" else repaid
        return f"Median {tell_number(middle)} ({whose})."
    if tell_number(repaid) == tell_number(defaulted):
        return f"The median is {tell_number(repaid)} with either outcome."
    direction = "higher" if defaulted > repaid else "lower"
    return (
        f"Clients who defaulted have the {direction} median: {tell_number(defaulted)}, against "
        f"{tell_number(repaid)} of those who repaid."
    )


def _draw_bands(measured: MeasuredQuantity, overall: Group) -> tuple[Picture, ...]:
    if not measured.bands:
        return ()
    name = measured.quantity.name
    figure = draw_rates(f"{name}: default rate", measured.bands, overall.rate)
    alt = f"Default rate by band of {name.lower()}, with intervals."
    words = (
        _tell_direction(measured.bands),
        tell_extremes(measured.bands),
        tell_chance(compute_chance(measured.bands)),
    )
    return (picture(figure, alt, *words),)


def _tell_direction(bands: tuple[Group, ...]) -> str:
    rates = [band.rate for band in bands if band.label != "missing"]
    steps = np.diff(rates)
    if len(steps) < 2:  # noqa: PLR2004 # two bands have no course
        return ""
    if (steps > 0).all():
        return "The default rate rises from band to band."
    if (steps < 0).all():
        return "The default rate falls from band to band."
    turns = int(np.count_nonzero(np.diff(np.sign(steps[steps != 0]))))
    if not turns:
        return ""
    course = "falls" if rates[-1] < rates[0] else "rises"
    times = "once" if turns == 1 else f"{turns} times"
    return f"From first to last band the default rate {course}; it turns {times} between."
