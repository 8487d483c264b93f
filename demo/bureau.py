"""Makes the bureau's tables: credits with other lenders, and their months."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demo.clients import Clients, Flags
from demo.figures import Figures, Latent, code_of
from demo.sampling import Columns, Parts, draw_latent, expand, load_factor, snap

DAYS_PER_MONTH = 30.4
OLDEST_MONTH = 96
# How much each quantity shows of a client's risk at the bureau.
LIVED_LOADING = 0.45  # recent credits that are closed took most of the time since
LOADINGS = {"state": 0.35, "recency": 0.3, "owed": 0.6, "overdue": 0.75, "worst": 0.65}
ANNUITY_LOADING = 0.8  # of a credit's annuity on its amount

# Month by month: how far past due, from 0 (on time) to 5; each row gives the shares of what
# follows, 0 to 5, once late. How often somebody on time falls late is the credit's own.
AFTER_LATE = np.array(
    [
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.57, 0.375, 0.053, 0.002, 0.0, 0.0],
        [0.27, 0.16, 0.19, 0.375, 0.005, 0.0],
        [0.17, 0.05, 0.05, 0.14, 0.565, 0.025],
        [0.08, 0.04, 0.01, 0.05, 0.12, 0.70],
        [0.033, 0.004, 0.001, 0.001, 0.001, 0.96],
    ]
)
FALLS_LATE, FALLS_LATE_SPREAD, FALLS_LATE_LOADING = 0.020, 1.7, 0.95
# A known month is followed by an unknown one, an unknown by a known one.
GETS_UNKNOWN, GETS_KNOWN, STARTS_UNKNOWN = 0.082, 0.22, 0.2


def make_bureau(clients: Clients, figures: Figures, rng: np.random.Generator) -> Columns:
    """Return the columns of bureau; SK_ID_BUREAU counts from 0 within the chunk.

    Beside them stands ``client``, each row's client as a position in the chunk.
    """
    client, _ = expand(clients.bureau_credits)
    risk = clients.factors["bureau"][client]
    parts = Parts.by_share(figures.strata["bureau"], load_factor(rng, risk, LOADINGS["state"]), rng)
    count = len(client)
    anywhere = Parts.whole(figures.strata["any_bureau"], count, rng)
    columns: Columns = {
        "client": client,
        "SK_ID_CURR": clients.ids[client],
        "SK_ID_BUREAU": np.arange(count),
        **parts.combine("credit"),
        **anywhere.combine("currency"),
        "CNT_CREDIT_PROLONG": parts.number("CNT_CREDIT_PROLONG"),
    }
    columns |= _date_credits(parts, load_factor(rng, risk, LOADINGS["recency"]), rng)
    owed = load_factor(rng, risk, LOADINGS["owed"])
    worst = load_factor(rng, risk, LOADINGS["worst"])
    columns |= _price_credits(parts, owed, worst, clients.bureau_monthly[client], rng)
    overdue = parts.flag("overdue", load_factor(rng, risk, LOADINGS["overdue"]))
    amount = np.maximum(snap(anywhere.known_number("AMT_CREDIT_SUM_OVERDUE"), 4.5), 4.5)
    days = np.maximum(np.round(anywhere.known_number("CREDIT_DAY_OVERDUE")), 1)
    columns["AMT_CREDIT_SUM_OVERDUE"] = np.where(overdue, amount, 0)
    columns["CREDIT_DAY_OVERDUE"] = np.where(overdue, days, 0)
    return columns


def _date_credits(parts: Parts, recency: Latent, rng: np.random.Generator) -> Columns:
    opened = np.minimum(np.round(parts.number("DAYS_CREDIT", recency)), -1)
    planned_end = opened + np.round(parts.number("planned_days"))
    open_end = np.maximum(np.round(parts.number("DAYS_CREDIT_ENDDATE")), opened)
    lived_share = parts.number("lived_share", load_factor(rng, recency, LIVED_LOADING))
    ended = opened - np.round(lived_share * opened)
    news = ended - np.round(parts.number("news_share") * ended)
    open_news = np.maximum(np.round(parts.number("DAYS_CREDIT_UPDATE")), opened)
    closed = np.array([part.label.startswith("Closed") for part in parts.strata])[parts.codes]
    return {
        "DAYS_CREDIT": opened,
        "DAYS_CREDIT_ENDDATE": np.where(closed, planned_end, open_end),
        "DAYS_ENDDATE_FACT": np.minimum(ended, 0),
        "DAYS_CREDIT_UPDATE": np.minimum(np.where(closed, np.nan_to_num(news), open_news), 0),
    }


def _price_credits(
    parts: Parts, owed: Latent, worst: Latent, monthly: Flags, rng: np.random.Generator
) -> Columns:
    size = draw_latent(rng, len(owed))
    amount = snap(parts.number("AMT_CREDIT_SUM", size), 4.5)
    known_amount = np.nan_to_num(amount)
    owed_share = np.clip(parts.number("owed_share", owed), -0.1, 1.2)
    annuity = snap(parts.number("AMT_ANNUITY", load_factor(rng, size, ANNUITY_LOADING)), 4.5)
    return {
        "AMT_CREDIT_SUM": amount,
        "AMT_CREDIT_SUM_DEBT": snap(owed_share * known_amount, 4.5),
        "AMT_CREDIT_SUM_LIMIT": snap(parts.number("AMT_CREDIT_SUM_LIMIT"), 4.5),
        "AMT_CREDIT_MAX_OVERDUE": snap(parts.number("AMT_CREDIT_MAX_OVERDUE", worst), 4.5),
        "AMT_ANNUITY": np.where(monthly, annuity, np.nan),
    }


def make_bureau_balance(
    clients: Clients, bureau: Columns, figures: Figures, rng: np.random.Generator
) -> Columns:
    """Return the columns of bureau_balance, for the credits that the bureau knows by months."""
    listed = np.flatnonzero(clients.bureau_monthly[bureau["client"]])
    closed = bureau["CREDIT_ACTIVE"][listed] == code_of("bureau", "CREDIT_ACTIVE", "Closed")
    parts = Parts.by_label(
        figures.strata["bureau_months"], np.where(closed, "Closed", "Active"), rng
    )
    opened_month = bureau["DAYS_CREDIT"][listed] / DAYS_PER_MONTH
    first = np.clip(np.round(opened_month + parts.known_number("lag")), -OLDEST_MONTH, 0)
    last = np.clip(np.round(parts.known_number("latest")), first, 0)
    end_month = np.floor(np.nan_to_num(bureau["DAYS_ENDDATE_FACT"][listed]) / DAYS_PER_MONTH)
    # Of the open credits some are reported as closed from a month on, all the same.
    end_month = np.where(closed, end_month, first + np.floor(rng.random(len(first)) * -first))
    end_month = np.where(parts.flag("ever_closed"), end_month, 1)
    last = np.maximum(last, np.where(end_month < 0, end_month + 1, last))
    months = (last - first + 1).astype(np.int64)

    risk = clients.factors["bureau_balance"][bureau["client"][listed]]
    lateness = _walk_lateness(risk, int(months.max(initial=0)), rng)
    never_known = parts.flag("never_known")
    unknown = _walk_unknown(never_known, lateness.shape[1], rng)
    credit, place = expand(months)
    month = first[credit] + place
    code_unknown = code_of("bureau_balance", "STATUS", "X")
    status = np.where(unknown[credit, place], code_unknown, lateness[credit, place])
    over = (month > end_month[credit]) & ~never_known[credit]
    status[over] = code_of("bureau_balance", "STATUS", "C")
    return {
        "SK_ID_BUREAU": bureau["SK_ID_BUREAU"][listed][credit],
        "MONTHS_BALANCE": month,
        "STATUS": status.astype(np.int16),
    }


def _walk_lateness(risk: Latent, months: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Return how far past due each credit is in each of its months, of shape (n, months)."""
    latent = load_factor(rng, risk, FALLS_LATE_LOADING)
    falls_late = FALLS_LATE * np.exp(FALLS_LATE_SPREAD * latent - FALLS_LATE_SPREAD**2 / 2)
    falls_late = np.minimum(falls_late, 0.6)
    reached = np.cumsum(AFTER_LATE, axis=1).astype(np.float32)
    levels = np.zeros((len(risk), months), dtype=np.int8)
    level = np.zeros(len(risk), dtype=np.int8)
    for month in range(months):
        chance = rng.random(len(risk), dtype=np.float32)
        following = (chance < falls_late).astype(np.int8)
        late = np.flatnonzero(level)
        following[late] = (chance[late, None] >= reached[level[late], :-1]).sum(axis=1)
        level = following
        levels[:, month] = level
    return levels


def _walk_unknown(never_known: Flags, months: int, rng: np.random.Generator) -> Flags:
    """Return which months of each credit nobody reported, of shape (n, months)."""
    unknown = never_known | (rng.random(len(never_known)) < STARTS_UNKNOWN)
    states = np.zeros((len(never_known), months), dtype=np.bool_)
    for month in range(months):
        states[:, month] = unknown
        chance = rng.random(len(never_known), dtype=np.float32)
        turns = chance < np.where(unknown, GETS_KNOWN, GETS_UNKNOWN)
        unknown = never_known | (unknown ^ turns)
    return states
