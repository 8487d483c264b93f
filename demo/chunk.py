"""Draws one chunk of clients with all their rows; a chunk depends on nothing but seed and place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.application import make_application
from demo.bureau import make_bureau, make_bureau_balance
from demo.clients import FIRST_CLIENT, Clients, Flags, draw_clients
from demo.credit_card import Cards, draw_cards, make_credit_card
from demo.figures import Codes, Figures, Floats
from demo.installments import make_installments
from demo.pos_cash import make_pos_cash
from demo.previous import Loans, make_previous
from demo.risk import compute_logit, draw_defaults
from demo.sampling import Columns

CHUNK_CLIENTS = 4_096
# Kaggle's test clients among all; they are spread evenly.
TEST_SHARE = 48_744 / 356_255

STREAMS = (
    *("sides", "clients", "application", "bureau", "bureau_balance", "previous", "pos"),
    *("cards", "card_rows", "installments", "default"),
)


def draw_chunk(figures: Figures, seed: int, index: int, clients: int) -> dict[str, Columns]:
    """Return the columns of all eight tables for one chunk of a data set of so many clients.

    SK_ID_PREV and SK_ID_BUREAU count from 0 within the chunk.
    """
    rngs = _open_streams(seed, index)
    drawn = draw_clients_of_chunk(figures, rngs, index, clients)
    bureau = make_bureau(drawn, figures, rngs["bureau"])
    previous, loans = make_previous(drawn, figures, rngs["previous"])
    cards = draw_cards(drawn, loans, figures, rngs["cards"])
    logit = compute_logit(drawn, figures, find_present(drawn, loans, cards))
    defaulted = draw_defaults(logit[~drawn.tested], figures.intercept, rngs["default"])
    application = make_application(drawn, figures, rngs["application"])
    train = {name: cells[~drawn.tested] for name, cells in application.items()}
    return {
        "application_train": train | {"TARGET": defaulted},
        "application_test": {name: cells[drawn.tested] for name, cells in application.items()},
        "bureau": bureau,
        "bureau_balance": make_bureau_balance(drawn, bureau, figures, rngs["bureau_balance"]),
        "previous_application": previous,
        "POS_CASH_balance": make_pos_cash(drawn, loans, figures, rngs["pos"]),
        "credit_card_balance": make_credit_card(drawn, cards, rngs["card_rows"]),
        "installments_payments": make_installments(drawn, loans, cards, rngs["installments"]),
    }


def draw_risks(figures: Figures, seed: int, clients: int) -> Iterator[tuple[Clients, Floats]]:
    """Yield the clients of each chunk and their logit of default, without its constant."""
    for index in range(count_chunks(clients)):
        rngs = _open_streams(seed, index)
        drawn = draw_clients_of_chunk(figures, rngs, index, clients)
        _, loans = make_previous(drawn, figures, rngs["previous"])
        cards = draw_cards(drawn, loans, figures, rngs["cards"])
        yield drawn, compute_logit(drawn, figures, find_present(drawn, loans, cards))


def count_chunks(clients: int) -> int:
    """Return how many chunks so many clients take."""
    return -(-clients // CHUNK_CLIENTS)


def find_present(clients: Clients, loans: Loans, cards: Cards) -> dict[str, Flags]:
    """Return for each risk factor which clients have rows that show it, each of shape (n,)."""
    borrowed = loans.client[loans.kind != "Revolving loans"]
    return {
        "bureau": clients.bureau_credits > 0,
        "bureau_balance": clients.bureau_monthly & (clients.bureau_credits > 0),
        "previous": clients.earlier_applications > 0,
        "pos": np.bincount(borrowed, minlength=len(clients)) > 0,
        "card": np.bincount(cards.client, minlength=len(clients)) > 0,
        "installments": np.bincount(borrowed, minlength=len(clients)) > 0,
    }


def draw_clients_of_chunk(
    figures: Figures, rngs: dict[str, np.random.Generator], index: int, clients: int
) -> Clients:
    """Return the clients of the chunk; as many of them are tested as its place demands."""
    start = index * CHUNK_CLIENTS
    stop = min(start + CHUNK_CLIENTS, clients)
    ids: Codes = FIRST_CLIENT + np.arange(start, stop)
    tested = np.zeros(len(ids), dtype=np.bool_)
    tested[: count_tested(stop) - count_tested(start)] = True
    rngs["sides"].shuffle(tested)
    return draw_clients(figures, rngs["clients"], ids, tested)


def count_tested(clients: int) -> int:
    """Return how many of the first so many clients belong to application_test."""
    return round(clients * TEST_SHARE)


def _open_streams(seed: int, index: int) -> dict[str, np.random.Generator]:
    """Return one generator a purpose, the same whichever chunks were drawn before."""
    return {
        name: np.random.Generator(
            np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(index, position)))
        )
        for position, name in enumerate(STREAMS)
    }
