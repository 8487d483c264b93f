"""Makes installments_payments: every payment on earlier loans and cards, made or missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.clients import Clients, Flags
from demo.credit_card import Cards
from demo.figures import Codes, Floats, Latent
from demo.previous import DAYS_PER_INSTALMENT, Loans
from demo.sampling import Columns, expand, load_factor, snap

# Of this table hardly anything could be measured; these constants are chosen so that it has
# the published number of rows, one payment in twelve late and one in twenty in parts.
FACTOR_LOADING = 0.75
LATE, LATE_SPREAD, MOST_LATE = 0.045, 1.1, 0.9
MEAN_DAYS_EARLY, MEAN_DAYS_LATE, MOST_DAYS_LATE = 9.0, 9.0, 400.0
SHORT_WHEN_LATE, SHORT_WHEN_ON_TIME = 0.30, 0.006
IN_PARTS, CARD_IN_PARTS = 0.03, 0.55
NEVER_PAID = 0.0002
CALENDAR_CHANGED = 0.09  # of the loans, the share whose calendar is replaced after two payments
CARD_MONTH_DAYS = 30.4


@dataclass(frozen=True)
class Due:
    """Payments that fell due, n of them; all arrays of shape (n,).

    Attributes:
        previous: SK_ID_PREV, counted within the chunk.
        client: Position of the client in the chunk.
        latent: How unreliable the payer of the loan is, standard normal.
        version: Version of the calendar; 0 is a card.
        number: Which payment of the loan.
        day: Day it was due.
        amount: Amount due.
    """

    previous: Codes
    client: Codes
    latent: Latent
    version: Codes
    number: Codes
    day: Floats
    amount: Floats

    def select(self, chosen: Codes) -> Due:
        """Return some of the payments, or some of them repeatedly."""
        return Due(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})


def make_installments(
    clients: Clients, loans: Loans, cards: Cards, rng: np.random.Generator
) -> Columns:
    """Return the columns of installments_payments."""
    loans = loans.select(loans.kind != "Revolving loans")
    return _join(
        _pay(clients, _list_due_on_loans(clients, loans, rng), IN_PARTS, rng),
        _pay(clients, _list_due_on_cards(clients, cards, rng), CARD_IN_PARTS, rng),
    )


def _list_due_on_loans(clients: Clients, loans: Loans, rng: np.random.Generator) -> Due:
    """Return the monthly payments up to the loan's end or the application."""
    last = np.minimum(loans.last_due, -1)
    counts = np.floor((last - loans.first_due) / DAYS_PER_INSTALMENT) + 1
    counts = np.clip(counts, 0, np.maximum(loans.term, 1)).astype(np.int64)
    latent = load_factor(rng, clients.factors["installments"][loans.client], FACTOR_LOADING)
    loan, place = expand(counts)
    final = (place == counts[loan] - 1) & (loans.ended[loan] <= 0)
    early = final & (counts[loan] < loans.term[loan])
    # Whoever ends a loan early pays what is left at once, under a new version of the calendar.
    left = np.maximum(loans.term[loan] - place, 1)
    rest = loans.annuity[loan] * np.where(early, 0.85 * left, 1.0)
    changed = rng.random(len(counts)) < CALENDAR_CHANGED
    return Due(
        previous=loans.previous[loan],
        client=loans.client[loan],
        latent=latent[loan],
        version=1 + early + (changed[loan] & (place > 1)),
        number=place + 1,
        day=np.minimum(loans.first_due[loan] + DAYS_PER_INSTALMENT * place, -1),
        amount=snap(rest, 0.045),
    )


def _list_due_on_cards(clients: Clients, cards: Cards, rng: np.random.Generator) -> Due:
    """Return the monthly payments on used cards; once a card is used its calendar runs on."""
    card, place = expand(cards.months)
    begun: Codes = np.cumsum(cards.due > 0, axis=1, dtype=np.int64)[card, place]
    chosen = np.flatnonzero(begun)
    card, place, begun = card[chosen], place[chosen], begun[chosen]
    latent = load_factor(rng, clients.factors["installments"][cards.client], FACTOR_LOADING)
    due, paid = cards.due[card, place], cards.paid[card, place]
    return Due(
        previous=cards.previous[card],
        client=cards.client[card],
        latent=latent[card],
        version=np.zeros(len(card), dtype=np.int64),
        number=begun,
        day=np.minimum(np.floor((cards.first[card] + place) * CARD_MONTH_DAYS), -1),
        amount=np.maximum(np.maximum(due, paid), 4.5),
    )


def _pay(clients: Clients, due: Due, in_parts: float, rng: np.random.Generator) -> Columns:
    """Return the payments made on what was due; a payment in parts becomes two rows."""
    count = len(due.day)
    parted = rng.random(count, dtype=np.float32) < in_parts
    whole = np.repeat(np.arange(count), 1 + parted)
    second = np.diff(whole, prepend=-1) == 0
    due = due.select(whole)
    count = len(whole)
    late_chance = np.minimum(LATE * np.exp(LATE_SPREAD * due.latent), MOST_LATE)
    late = rng.random(count, dtype=np.float32) < late_chance
    entered = due.day + _draw_delays(late, due.latent, rng)
    entered = np.minimum(entered, -1)
    missed = rng.random(count) < NEVER_PAID
    paid = due.amount * _draw_paid_shares(late, parted[whole], second, rng)
    return {
        "SK_ID_PREV": due.previous,
        "SK_ID_CURR": clients.ids[due.client],
        "NUM_INSTALMENT_VERSION": due.version,
        "NUM_INSTALMENT_NUMBER": due.number,
        "DAYS_INSTALMENT": due.day,
        "DAYS_ENTRY_PAYMENT": np.where(missed, np.nan, entered),
        "AMT_INSTALMENT": due.amount,
        "AMT_PAYMENT": np.where(missed, np.nan, snap(paid, 0.045)),
    }


def _draw_delays(late: Flags, latent: Latent, rng: np.random.Generator) -> Floats:
    """Return days between due and paid; the unreliable pay less early and later."""
    drawn = rng.standard_exponential(len(late), dtype=np.float32)
    early = np.floor(drawn * (MEAN_DAYS_EARLY * np.exp(-0.3 * latent)))
    delay = 1 + np.floor(drawn * (MEAN_DAYS_LATE * np.exp(0.35 * latent)))
    delays: Floats = np.where(late, np.minimum(delay, MOST_DAYS_LATE), -early).astype(np.float64)
    return delays


def _draw_paid_shares(
    late: Flags, parted: Flags, second: Flags, rng: np.random.Generator
) -> Floats:
    """Return which share of the amount due each row pays; the parts of a payment sum to one."""
    short_chance = np.where(late, SHORT_WHEN_LATE, SHORT_WHEN_ON_TIME)
    short = rng.random(len(late), dtype=np.float32) < short_chance
    part = 0.1 + 0.8 * rng.random(len(late))
    first_part = np.concatenate([[0.0], part[:-1]])
    share = np.where(short & ~parted, part, 1.0)
    share = np.where(parted & ~second, part, share)
    paid: Floats = np.where(second, 1 - first_part, share)
    return paid


def _join(first: Columns, second: Columns) -> Columns:
    return {name: np.concatenate([cells, second[name]]) for name, cells in first.items()}
