"""Makes previous_application, and the loans that came of it for the three tables about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.clients import Clients, Flags
from demo.figures import Codes, Figures, Floats, Latent, code_of, list_texts, to_normal
from demo.sampling import Columns, Parts, draw_latent, expand, load_factor, snap

NO_DATE = 365_243
OLDEST_DAY = -2_922
DAYS_PER_INSTALMENT = 30
DAYS_PER_MONTH = 30.4
# How much each quantity shows of the client's risk in earlier applications.
LOADINGS = {"outcome": 0.6, "recency": 0.25, "price": 0.15}
# A client's first application nearly always became a loan, and hardly anyone has two cards.
FIRST_APPROVED = {"Consumer loans|Approved": 0.80, "Cash loans|Approved": 0.20}
FIRST_KEPT = 0.993  # of the first applications, the share that became such a loan
CARD = "Revolving loans|Approved"
CARD_HOLDERS = 0.375  # of the clients with two applications or more
CARD_USED_LOADING = 0.5  # of whether a card is used, on the client's risk with cards
REFINANCED = 0.34  # of the cash loans that would still run
# Larger amounts are lent for longer, with less paid down.
TERM_LOADING, DOWN_PAYMENT_LOADING = 0.65, -0.3


@dataclass(frozen=True)
class Loans:
    """Earlier applications that became loans, n of them; all arrays of shape (n,).

    Attributes:
        previous: SK_ID_PREV, counted within the chunk.
        client: Position of the client in the chunk.
        kind: ``Cash loans``, ``Consumer loans`` or ``Revolving loans``.
        decided: Day of the decision.
        first_due: Day of the first payment.
        last_due: Day of the last, whether it has come or not.
        ended: Day the loan ended; 365243 where it has not.
        term: Number of payments.
        annuity: The regular payment.
        used: For cards, whether anything was ever drawn.
    """

    previous: Codes
    client: Codes
    kind: NDArray[np.str_]
    decided: Floats
    first_due: Floats
    last_due: Floats
    ended: Floats
    term: Floats
    annuity: Floats
    used: Flags

    def select(self, chosen: Flags) -> Loans:
        """Return some of the loans."""
        return Loans(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})


def make_previous(
    clients: Clients, figures: Figures, rng: np.random.Generator
) -> tuple[Columns, Loans]:
    """Return the columns of previous_application and the loans.

    SK_ID_PREV counts from 0 within the chunk.
    """
    client, place = expand(clients.earlier_applications)
    risk = clients.factors["previous"][client]
    parts = _draw_outcomes(clients, client, place, figures, rng)
    kinds, outcomes = np.array([part.label.split("|") for part in parts.strata]).T
    kind, outcome = kinds[parts.codes], outcomes[parts.codes]
    complete = draw_latent(rng, len(client))
    price = load_factor(rng, risk, LOADINGS["price"])
    decided, used = _date_decisions(parts, clients.factors["card"][client], risk, figures, rng)
    columns: Columns = {
        "SK_ID_PREV": np.arange(len(client)),
        "SK_ID_CURR": clients.ids[client],
        "NAME_CONTRACT_TYPE": _encode("NAME_CONTRACT_TYPE", kinds)[parts.codes],
        "NAME_CONTRACT_STATUS": _encode("NAME_CONTRACT_STATUS", outcomes)[parts.codes],
        "DAYS_DECISION": decided,
    }
    columns |= _describe_terms(parts, complete, price, rng)
    columns |= _describe_sale(parts, kind, price, figures, rng)
    calendar = _draw_calendar(parts, columns, rng)
    known = (outcome == "Approved") & parts.flag("dates_known", complete)
    columns |= _report_calendar(parts, kind, calendar, known)
    loans = Loans(
        previous=columns["SK_ID_PREV"],
        client=client,
        kind=kind,
        decided=columns["DAYS_DECISION"],
        first_due=calendar["first_due"],
        last_due=calendar["last_due"],
        ended=columns["DAYS_TERMINATION"],
        term=np.nan_to_num(columns["CNT_PAYMENT"]),
        annuity=np.nan_to_num(columns["AMT_ANNUITY"]),
        used=used,
    )
    return columns, loans.select(known)


def _encode(column: str, texts: NDArray[np.str_]) -> NDArray[np.int16]:
    return np.array(
        [code_of("previous_application", column, str(text)) for text in texts], dtype=np.int16
    )


def _draw_outcomes(
    clients: Clients, client: Codes, place: Codes, figures: Figures, rng: np.random.Generator
) -> Parts:
    """Return product and outcome of each application: the riskier the client, the more refusals.

    What comes first is settled, and so is who has a card; the others make up the measured shares.
    """
    strata = figures.strata["previous"]
    labels = [part.label for part in strata]
    latent = load_factor(rng, clients.factors["previous"][client], LOADINGS["outcome"])
    first = (place == 0) & (rng.random(len(place)) < FIRST_KEPT)
    card = (place == 1) & (rng.random(len(place)) < CARD_HOLDERS)
    settled = np.mean(place == 0) if len(place) else 0.0
    shares = np.array([part.share for part in strata])
    shares -= [settled * FIRST_APPROVED.get(label, 0.0) for label in labels]
    shares[labels.index(CARD)] = 0.0
    edges = to_normal(list(np.cumsum(shares)[:-1] / shares.sum()))
    codes = np.searchsorted(edges, latent)
    approved = np.array([labels.index(label) for label in FIRST_APPROVED])
    drawn = rng.choice(approved, size=len(place), p=list(FIRST_APPROVED.values()))
    codes = np.where(first, drawn, codes)
    return Parts(strata, np.where(card, labels.index(CARD), codes), rng)


def _date_decisions(
    parts: Parts, card_risk: Latent, risk: Latent, figures: Figures, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """Return the day of each decision, and which cards were used; those are older than others."""
    recency = load_factor(rng, risk, LOADINGS["recency"])
    decided = np.round(parts.number("DAYS_DECISION", recency))
    cards = Parts.by_share(
        figures.strata["cards"][::-1], load_factor(rng, card_risk, CARD_USED_LOADING), rng
    )
    used = np.array([part.label == "used" for part in cards.strata])[cards.codes]
    age_days = DAYS_PER_MONTH * (cards.known_number("age_months") - rng.random(len(risk)))
    is_card = np.array([part.label == CARD for part in parts.strata])[parts.codes]
    decided = np.where(is_card, -np.round(age_days), decided)
    return np.clip(decided, OLDEST_DAY, -2), used & is_card


def _describe_terms(
    parts: Parts, complete: Latent, price: Latent, rng: np.random.Generator
) -> Columns:
    """Return amounts and term; the less complete an application, the more of them is empty."""
    size = draw_latent(rng, len(complete))
    asked = parts.number("AMT_APPLICATION", size)
    blank = parts.flag("blank", -complete) | np.isnan(asked)
    asked = snap(np.where(blank, 0, asked), 4.5)
    amount = np.where(
        blank, parts.number("AMT_CREDIT"), asked * parts.number("credit_to_application")
    )
    amount = snap(np.where(parts.flag("credit_blank", -complete), 0, np.nan_to_num(amount)), 4.5)
    term = np.round(parts.number("CNT_PAYMENT", load_factor(rng, size, TERM_LOADING)))
    term = np.where(parts.flag("terms_known", complete), term, np.nan)
    by_term = parts.number("paid_to_credit", price) / np.maximum(term, 1)
    annuity = amount * np.where(term > 0, by_term, parts.number("annuity_to_credit"))
    paid_down = parts.flag("down_payment_known", complete) & ~blank
    rate = parts.number("RATE_DOWN_PAYMENT", load_factor(rng, size, DOWN_PAYMENT_LOADING))
    rate = np.where(paid_down, np.round(rate, 6), np.nan)
    primary = parts.number("RATE_INTEREST_PRIMARY")
    goods = np.where(blank & ~parts.flag("goods_known", complete), np.nan, asked)
    return {
        "AMT_APPLICATION": asked,
        "AMT_CREDIT": amount,
        "CNT_PAYMENT": term,
        "AMT_ANNUITY": np.where(np.isnan(term), np.nan, snap(np.nan_to_num(annuity), 0.045)),
        "RATE_DOWN_PAYMENT": rate,
        "AMT_DOWN_PAYMENT": snap(rate * asked, 4.5),
        "AMT_GOODS_PRICE": goods,
        "RATE_INTEREST_PRIMARY": np.round(primary, 6),
        "RATE_INTEREST_PRIVILEGED": np.where(
            np.isnan(primary), np.nan, np.round(parts.number("RATE_INTEREST_PRIVILEGED"), 6)
        ),
    }


def _describe_sale(
    parts: Parts,
    kind: NDArray[np.str_],
    price: Latent,
    figures: Figures,
    rng: np.random.Generator,
) -> Columns:
    """Return where, how and what was sold, and what the lender made of it."""
    anywhere = Parts.whole(figures.strata["any_previous"], len(kind), rng)
    columns = parts.combine("product", price)
    for name in ("seller", "purpose", "payment", "reason", "suite", "client"):
        columns |= parts.combine(name)
    columns |= anywhere.combine("weekday") | anywhere.combine("last")
    columns["HOUR_APPR_PROCESS_START"] = anywhere.known_number("HOUR_APPR_PROCESS_START")
    consumer = np.where(kind == "Consumer loans", "1|", "0|")
    industry = columns["NAME_SELLER_INDUSTRY"]
    labels = np.char.add(consumer, _decode_industries()[industry])
    goods = Parts.by_label(figures.strata["goods"], labels, rng)
    columns |= goods.combine("goods")
    columns["SELLERPLACE_AREA"] = np.round(goods.known_number("SELLERPLACE_AREA"))
    return columns


def _decode_industries() -> NDArray[np.str_]:
    return np.array(list_texts("previous_application", "NAME_SELLER_INDUSTRY"))


def _draw_calendar(parts: Parts, columns: Columns, rng: np.random.Generator) -> dict[str, Floats]:
    """Return when payments begin and end, as if every application had become a loan."""
    first = columns["DAYS_DECISION"] + np.round(parts.number("first_due_lag"))
    assumed = np.where(np.isnan(first), columns["DAYS_DECISION"] + DAYS_PER_INSTALMENT, first)
    span = DAYS_PER_INSTALMENT * np.maximum(np.nan_to_num(columns["CNT_PAYMENT"]) - 1, 0)
    saved = DAYS_PER_INSTALMENT * np.round(
        np.nan_to_num(parts.number("paid_early_share")) * span / DAYS_PER_INSTALMENT
    )
    last = np.maximum(assumed + span - saved, assumed)
    # More loans are over than would be by their calendar: whoever borrows anew pays off the old.
    running = last > 0
    cash = np.array([part.label.startswith("Cash") for part in parts.strata])[parts.codes]
    refinanced = running & cash & (assumed < -1) & (rng.random(len(last)) < REFINANCED)
    last = np.where(refinanced, np.round(assumed * rng.random(len(last)) ** 2) - 1, last)
    return {
        "stated_first": np.where((first > 0) | np.isnan(first), NO_DATE, first),
        "first_due": assumed,
        "last_due_as_agreed": assumed + span,
        "last_due": np.maximum(last, assumed),
        "drawn": columns["DAYS_DECISION"] + np.round(parts.number("first_drawing_lag")),
    }


def _report_calendar(
    parts: Parts, kind: NDArray[np.str_], calendar: dict[str, Floats], known: Flags
) -> Columns:
    """Return the dates as the table states them: 365243 for what has not come or has no date."""
    card = kind == "Revolving loans"
    stopped = parts.flag("last_due_known")
    card_end = np.round(calendar["first_due"] * 0.4)
    last = np.where(card, np.where(stopped, card_end, 1), calendar["last_due"])
    ended = last + np.round(parts.number("termination_lag"))
    dates = {
        "DAYS_FIRST_DRAWING": _state(calendar["drawn"]),
        "DAYS_FIRST_DUE": calendar["stated_first"],
        "DAYS_LAST_DUE_1ST_VERSION": np.where(card, NO_DATE, calendar["last_due_as_agreed"]),
        "DAYS_LAST_DUE": _state(last),
        "DAYS_TERMINATION": np.where(last > 0, NO_DATE, _state(ended)),
        "NFLAG_INSURED_ON_APPROVAL": parts.known_number("NFLAG_INSURED_ON_APPROVAL"),
    }
    return {name: np.where(known, cells, np.nan) for name, cells in dates.items()}


def _state(days: Floats) -> Floats:
    stated: Floats = np.where((days > 0) | np.isnan(days), NO_DATE, days)
    return stated
