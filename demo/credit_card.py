"""Makes credit_card_balance: drawings, payments and balance of each card, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.bureau import DAYS_PER_MONTH, OLDEST_MONTH
from demo.clients import Clients, Flags
from demo.figures import Codes, Figures, Floats, Latent, code_of
from demo.previous import Loans
from demo.sampling import Columns, Parts, expand, load_factor, snap

# How much each quantity shows of a client's risk with cards.
LOADINGS = {"utilisation": 0.8, "late": 0.75, "drawn": 0.5}
LISTED = 0.99  # of the cards with dates, the share that has months in the table
RAISED = 0.7  # of the cards, the share whose limit is raised once
SMALLEST_PAYMENT = 0.05  # of the limit
INTEREST = 0.02  # a month
# Chance of being late in a month: its median over used cards, and the spread of its logarithm.
LATE, LATE_SPREAD, MOST_LATE = 0.009, 1.4, 0.6
NEVER_PAID = 1.7  # cards whose latent is beyond this: their days past due grow to the end
LATE_FOR_LONG, LONGEST_LATE_DAYS, COUNTED = 0.2, 25, 0.85
# What the table leaves out: the smallest payment in a card's first month, and of some cards;
# payments, and drawings, in some of the months without any.
UNTOLD_AT_FIRST, UNTOLD_CARDS, PAYMENT_UNTOLD, DRAWINGS_UNTOLD = 0.6, 0.055, 0.05, 0.01
# Who draws cash also buys with the card in the same month; who draws otherwise.
PURCHASE_TOO, OTHERWISE = 0.25, 0.02
SIGNED, COMPLETED, COMPLETED_AT_LAST = 0.0027, 0.06, 0.4


@dataclass(frozen=True)
class Cards:
    """Cards, n of them; what moves from month to month has shape (n, 96).

    Attributes:
        previous: SK_ID_PREV, counted within the chunk.
        client: Position of the client in the chunk.
        first: First month in the table.
        months: Number of months in the table.
        used: False where nothing was ever drawn.
        limit: By month.
        balance: By month, after interest, drawings and payment.
        drawn: By month.
        paid: By month.
        due: Smallest payment due, by month.
    """

    previous: Codes
    client: Codes
    first: Codes
    months: Codes
    used: Flags
    limit: Floats
    balance: Floats
    drawn: Floats
    paid: Floats
    due: Floats


def draw_cards(clients: Clients, loans: Loans, figures: Figures, rng: np.random.Generator) -> Cards:
    """Return the cards among the loans, with what was drawn and paid in each month."""
    revolving = loans.kind == "Revolving loans"
    loans = loans.select(revolving & (rng.random(len(revolving)) < LISTED))
    risk = clients.factors["card"][loans.client]
    parts = Parts.by_label(figures.strata["cards"], np.where(loans.used, "used", "unused"), rng)
    first = np.round(loans.decided / DAYS_PER_MONTH + parts.known_number("first_lag"))
    first = np.clip(first, -OLDEST_MONTH, -1)
    last = np.clip(np.round(parts.known_number("latest")), first, -1)
    months = (last - first + 1).astype(np.int64)
    withdrawn = np.nan_to_num(parts.known_number("withdrawn_share")) * parts.flag("withdrawn")
    limit = _draw_limits(parts, months, withdrawn, rng)
    aim = parts.known_number("utilisation", load_factor(rng, risk, LOADINGS["utilisation"]))
    aim = np.clip(1.2 * np.nan_to_num(aim), 0, 1.1)
    drawn_share = parts.known_number("drawn_share", load_factor(rng, risk, LOADINGS["drawn"]))
    span = _draw_span(parts, months, loans.used, withdrawn, rng)
    balance, drawn, paid, due = _run_months(limit, aim, np.nan_to_num(drawn_share), span, rng)
    return Cards(
        previous=loans.previous,
        client=loans.client,
        first=first.astype(np.int64),
        months=months,
        used=loans.used,
        limit=limit,
        balance=balance,
        drawn=drawn,
        paid=paid,
        due=due,
    )


def _draw_limits(
    parts: Parts, months: Codes, withdrawn: Floats, rng: np.random.Generator
) -> Floats:
    """Return limits by month: they may be raised once, and at last be withdrawn."""
    highest = snap(parts.known_number("limit"), 22_500)
    place = np.arange(OLDEST_MONTH)[None, :] / months[:, None]
    raised_at = np.where(rng.random(len(months)) < RAISED, rng.random(len(months)), 0)
    lower = snap(highest * (0.25 + 0.5 * rng.random(len(months))), 22_500)
    limits = np.where(place < raised_at[:, None], lower[:, None], highest[:, None])
    limits[place >= 1 - withdrawn[:, None]] = 0
    return limits


def _draw_span(
    parts: Parts, months: Codes, used: Flags, withdrawn: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return from and before which month each card is used."""
    share = np.where(used, np.nan_to_num(parts.known_number("used_share")), 0)
    start = np.floor(rng.random(len(months)) ** 2 * np.maximum(1 - withdrawn - share, 0) * months)
    return start, start + np.ceil(share * months)


def _run_months(
    limit: Floats,
    aim: Floats,
    drawn_share: Floats,
    span: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return balance, drawings, payments and smallest payments due, by month.

    Whoever draws goes back up to the card's usual utilisation, more or less; in between the
    smallest payment, or somewhat more, is paid. After the card's time everything is paid back.
    """
    shape = limit.shape
    balance, drawn, paid, due = (np.zeros(shape) for _ in range(4))
    held = np.zeros(shape[0])
    swing = 0.75 + 0.5 * rng.random(shape)
    draws = rng.random(shape) < drawn_share[:, None]
    generous = 1 + rng.exponential(0.3, shape)
    for month in range(shape[1]):
        active = (month >= span[0]) & (month < span[1]) & (limit[:, month] > 0)
        due[:, month] = np.minimum(SMALLEST_PAYMENT * limit[:, month] * (held > 0), held)
        pays = np.where(active, np.minimum(due[:, month] * generous[:, month], held), held)
        owed = (held - pays) * (1 + INTEREST)
        ceiling = np.minimum(aim * swing[:, month], 1.05) * limit[:, month]
        must = (month == span[0]) | draws[:, month]
        takes = np.where(active & must, np.maximum(ceiling - owed, 0.02 * ceiling), 0)
        held = np.minimum(owed + takes, np.where(active, 1.1 * limit[:, month], owed))
        balance[:, month], drawn[:, month], paid[:, month] = held, takes, pays
    return tuple(snap(flow, 4.5) for flow in (balance, drawn, paid, due))  # type: ignore[return-value]


def make_credit_card(clients: Clients, cards: Cards, rng: np.random.Generator) -> Columns:
    """Return the columns of credit_card_balance."""
    card, place = expand(cards.months)
    risk = clients.factors["card"][cards.client]
    final = place == cards.months[card] - 1
    columns: Columns = {
        "SK_ID_PREV": cards.previous[card],
        "SK_ID_CURR": clients.ids[cards.client[card]],
        "MONTHS_BALANCE": cards.first[card] + place,
        "AMT_CREDIT_LIMIT_ACTUAL": cards.limit[card, place],
        "NAME_CONTRACT_STATUS": _state_contract(final, cards.balance[card, place] > 0, rng),
    }
    columns |= _report_balance(cards, card, place, rng)
    columns |= _report_drawings(cards, card, place, rng)
    late = load_factor(rng, risk, LOADINGS["late"])
    columns |= _report_past_due(cards, late, card, place, rng)
    return columns


def _report_balance(cards: Cards, card: Codes, place: Codes, rng: np.random.Generator) -> Columns:
    balance, paid = cards.balance[card, place], cards.paid[card, place]
    principal = snap(balance * (0.93 + 0.07 * rng.random(len(card))), 4.5)
    matured = np.cumsum(cards.due > 0, axis=1)[card, place]
    # Neither is told of a card's first month, nor of some old cards.
    untold = ((place == 0) & (rng.random(len(card)) < UNTOLD_AT_FIRST)) | (
        (rng.random(len(cards.months)) < UNTOLD_CARDS)[card]
    )
    never_paid = ~cards.used[card] | ((paid == 0) & (rng.random(len(card)) < PAYMENT_UNTOLD))
    return {
        "AMT_BALANCE": balance,
        "AMT_RECEIVABLE_PRINCIPAL": principal,
        "AMT_RECIVABLE": balance,
        "AMT_TOTAL_RECEIVABLE": balance,
        "AMT_PAYMENT_CURRENT": np.where(never_paid, np.nan, paid),
        "AMT_PAYMENT_TOTAL_CURRENT": paid,
        "AMT_INST_MIN_REGULARITY": np.where(untold, np.nan, cards.due[card, place]),
        "CNT_INSTALMENT_MATURE_CUM": np.where(untold, np.nan, matured),
    }


def _report_drawings(cards: Cards, card: Codes, place: Codes, rng: np.random.Generator) -> Columns:
    """Return drawings in cash, for purchases and otherwise; a card never used has none to tell."""
    count = len(card)
    drawn = cards.drawn[card, place]
    cashes = rng.random(len(cards.months))[card]  # some cards draw cash, some pay with the card
    cash = (drawn > 0) & (rng.random(count) < 0.4 + 0.6 * cashes)
    purchase = (drawn > 0) & (~cash | (rng.random(count) < PURCHASE_TOO))
    cash_share = np.where(cash, np.where(purchase, 0.4 + 0.5 * rng.random(count), 1.0), 0.0)
    in_cash = snap(drawn * cash_share, 4.5)
    other = np.where((drawn > 0) & (rng.random(count) < OTHERWISE), snap(drawn * 0.6, 4.5), 0.0)
    in_cash = np.minimum(in_cash, drawn - other)
    cash_times = np.where(cash, 1 + rng.poisson(0.9, count), 0)
    purchases = np.where(purchase, 1 + rng.geometric(0.3, count), 0)
    others = (other > 0).astype(np.int64)
    untold = ~cards.used[card] | ((drawn == 0) & (rng.random(count) < DRAWINGS_UNTOLD))

    def told(cells: Floats) -> Floats:
        return np.where(untold, np.nan, cells)

    return {
        "AMT_DRAWINGS_CURRENT": drawn,
        "AMT_DRAWINGS_ATM_CURRENT": told(in_cash),
        "AMT_DRAWINGS_OTHER_CURRENT": told(other),
        "AMT_DRAWINGS_POS_CURRENT": told(snap(drawn - in_cash - other, 4.5)),
        "CNT_DRAWINGS_CURRENT": cash_times + purchases + others,
        "CNT_DRAWINGS_ATM_CURRENT": told(cash_times.astype(np.float64)),
        "CNT_DRAWINGS_OTHER_CURRENT": told(others.astype(np.float64)),
        "CNT_DRAWINGS_POS_CURRENT": told(purchases.astype(np.float64)),
    }


def _report_past_due(
    cards: Cards, latent: Latent, card: Codes, place: Codes, rng: np.random.Generator
) -> Columns:
    """Return days past due: mostly a day, for a few cards growing month by month."""
    chance = np.minimum(LATE * np.exp(LATE_SPREAD * latent), MOST_LATE)
    owing = cards.balance[card, place] > 0
    late = owing & (rng.random(len(card)) < chance[card])
    longer = (rng.random(len(card)) < LATE_FOR_LONG) * rng.integers(0, LONGEST_LATE_DAYS, len(card))
    days = np.where(late, 1 + longer, 0)
    stopped = 1 + np.floor(10 * rng.random(len(latent)))
    growing = ((latent > NEVER_PAID) & cards.used)[card] & (place > stopped[card])
    days = np.where(growing, 30 * (place - stopped[card]), days)
    counted = late & ~growing & (rng.random(len(card)) < COUNTED)
    return {"SK_DPD": days, "SK_DPD_DEF": np.where(counted, days, 0)}


def _state_contract(final: Flags, owing: Flags, rng: np.random.Generator) -> Codes:
    chance = rng.random(len(final))
    status = np.full(len(final), _code("Active"), dtype=np.int64)
    status[chance < SIGNED] = _code("Signed")
    status[
        (~owing & (chance > 1 - COMPLETED)) | (final & ~owing & (chance > 1 - COMPLETED_AT_LAST))
    ] = _code("Completed")
    return status


def _code(text: str) -> int:
    return code_of("credit_card_balance", "NAME_CONTRACT_STATUS", text)
