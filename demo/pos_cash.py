"""Makes POS_CASH_balance: earlier loans, month by month, until they end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demo.bureau import DAYS_PER_MONTH, OLDEST_MONTH
from demo.clients import Clients, Flags
from demo.figures import Figures, Floats, code_of
from demo.previous import Loans
from demo.sampling import Columns, Parts, expand, load_factor

FACTOR_LOADING = 0.92
# Chance of being late in a month: its median over loans, and the spread of its logarithm.
LATE, LATE_SPREAD, MOST_LATE = 0.0045, 1.5, 0.7
MEAN_DAYS_LATE, MOST_DAYS_LATE = 9.0, 40.0
# Loans whose latent is beyond this are never paid off: their days past due grow to the end.
NEVER_PAID = 2.55
# Small debts are forgiven in SK_DPD_DEF: this share of late months counts there as well.
COUNTED, COUNTED_NEVER_PAID = 0.6, 0.1
RETURNED = 0.12  # of the loans that are over without having been completed


def make_pos_cash(
    clients: Clients, loans: Loans, figures: Figures, rng: np.random.Generator
) -> Columns:
    """Return the columns of POS_CASH_balance for the loans that are not cards."""
    loans = loans.select(loans.kind != "Revolving loans")
    parts = Parts.by_label(figures.strata["pos_loans"], loans.kind, rng)
    latent = load_factor(rng, clients.factors["pos"][loans.client], FACTOR_LOADING)
    never_paid = latent > NEVER_PAID
    over = (loans.ended <= 0) & ~never_paid
    first, last = _draw_span(parts, loans, over)
    months = (last - first + 1).astype(np.int64)

    loan, place = expand(months)
    final = (place == months[loan] - 1) & over[loan]
    completed = final & parts.flag("completed")[loan]
    signed = (place == 0) & parts.flag("signed")[loan] & (months[loan] > 1)
    # Who pays everything early ends with the number of payments that were made.
    shortened = final & parts.flag("cut_short")[loan]
    term = loans.term[loan]
    term = np.where(shortened, np.clip(place, 1, term), term)
    past_due, counted = _draw_past_due(latent, never_paid, loan, place, rng)
    return {
        "SK_ID_PREV": loans.previous[loan],
        "SK_ID_CURR": clients.ids[loans.client[loan]],
        "MONTHS_BALANCE": first[loan] + place,
        "CNT_INSTALMENT": term,
        "CNT_INSTALMENT_FUTURE": np.where(completed, 0, np.maximum(term - place, 0)),
        "NAME_CONTRACT_STATUS": _state_contract(completed, signed, final, place, rng),
        "SK_DPD": past_due,
        "SK_DPD_DEF": np.where(counted, past_due, 0),
    }


def _draw_span(parts: Parts, loans: Loans, over: Flags) -> tuple[Floats, Floats]:
    """Return the first and the last month of each loan in the table."""
    first = np.round(loans.decided / DAYS_PER_MONTH + parts.known_number("first_lag"))
    first = np.clip(first, -OLDEST_MONTH, -1)
    ended = np.round(loans.ended / DAYS_PER_MONTH + parts.known_number("last_lag"))
    last = np.where(over, ended, np.nan_to_num(parts.known_number("latest"), nan=-1))
    return first, np.clip(np.round(last), first, -1)


def _draw_past_due(
    latent: NDArray[np.float32],
    never_paid: Flags,
    loan: NDArray[np.int64],
    place: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Floats, Flags]:
    """Return each month's days past due, and whether they count where small debts are forgiven."""
    chance = np.minimum(LATE * np.exp(LATE_SPREAD * latent), MOST_LATE).astype(np.float32)
    late = (rng.random(len(loan), dtype=np.float32) < chance[loan]) & (place > 0)
    days = np.zeros(len(loan))
    days[late] = np.minimum(
        1 + np.floor(rng.exponential(MEAN_DAYS_LATE, np.count_nonzero(late))), MOST_DAYS_LATE
    )
    stopped = 1 + np.floor(10 * rng.random(len(latent)))
    growing = never_paid[loan] & (place > stopped[loan])
    days[growing] = 30 * (place - stopped[loan])[growing]
    counts = rng.random(len(loan), dtype=np.float32) < COUNTED
    forgiven = rng.random(len(latent)) > COUNTED_NEVER_PAID
    return days, counts & ~(growing & forgiven[loan])


def _state_contract(
    completed: Flags,
    signed: Flags,
    final: Flags,
    place: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int16]:
    returned = final & ~completed & (rng.random(len(final), dtype=np.float32) < RETURNED)
    status = np.full(len(place), _code("Active"), dtype=np.int16)
    status[signed] = _code("Signed")
    status[returned] = _code("Returned to the store")
    status[completed] = _code("Completed")
    return status


def _code(text: str) -> int:
    return code_of("POS_CASH_balance", "NAME_CONTRACT_STATUS", text)
