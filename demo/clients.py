"""Draws clients: what they would write in an application, and how risky each history makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.figures import Codes, Figures, Floats, Latent, code_of
from demo.sampling import Parts, draw_latent, load_factor
from demo.specs import CORRELATED

Flags = NDArray[np.bool_]

FIRST_CLIENT = 100_001  # Kaggle's clients are numbered without a gap from here
# What each client carries beside the application: how risky the rows of one history are.
RISK_FACTORS = ("bureau", "bureau_balance", "previous", "pos", "card", "installments")
FACTOR_LOADING = 0.1  # of a risk factor on the external scores, which know something of it
# Of those whom the bureau was asked about, the share that has credits there.
KNOWN_WITH_CREDITS = 0.992
SECONDARY_RANK = 2  # of secondary education, the lowest being 1


@dataclass
class Clients:
    """A chunk of clients, n of them.

    Attributes:
        ids: SK_ID_CURR, of shape (n,).
        tested: True where the client belongs to application_test.
        values: The correlated quantities, each of shape (n,); NaN where missing.
        scores: Of each quantity the normal score that default depends on; 0 where missing.
        texts: Columns of texts, as codes of the contract.
        factors: By risk factor, standard normal, high is risky, each of shape (n,).
        bureau_credits: Number of credits at the bureau.
        bureau_monthly: True where the bureau knows the credits month by month.
        earlier_applications: Number of earlier applications.
    """

    ids: Codes
    tested: Flags
    values: dict[str, Floats] = field(default_factory=dict)
    scores: dict[str, Floats] = field(default_factory=dict)
    texts: dict[str, NDArray[Any]] = field(default_factory=dict)
    factors: dict[str, Latent] = field(default_factory=dict)
    bureau_credits: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bureau_monthly: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    earlier_applications: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        """Return the number of clients."""
        return len(self.ids)


def draw_clients(figures: Figures, rng: np.random.Generator, ids: Codes, tested: Flags) -> Clients:
    """Return the clients with these identifiers."""
    clients = Clients(ids=ids, tested=tested)
    names, factor = figures.copula
    independent = rng.standard_normal((len(ids), len(names)), dtype=np.float32)
    latents = dict(zip(names, (independent @ factor.T).T, strict=True))
    _draw_quantities(clients, figures, latents, rng)
    _draw_texts(clients, figures, rng)
    external = [names.index(f"EXT_SOURCE_{number}") for number in (1, 2, 3)]
    loadings = factor[external].sum(axis=0)
    goodness = independent @ (loadings / np.linalg.norm(loadings))
    clients.factors = {name: load_factor(rng, -goodness, FACTOR_LOADING) for name in RISK_FACTORS}
    _draw_history_sizes(clients, figures, rng)
    return clients


def _draw_quantities(
    clients: Clients, figures: Figures, latents: dict[str, Latent], rng: np.random.Generator
) -> None:
    """Turn latents into values and scores; who is retired or wants a card is decided first."""
    everyone = Parts.whole(figures.strata["application"], len(clients), rng)
    retired = everyone.flag("retired", latents["retired"])
    revolving = everyone.flag("revolving", latents["revolving"])
    by_income = np.where(retired, "retired", "working")
    by_product = np.where(revolving, "Revolving loans", "Cash loans")
    parts = {
        "application": everyone,
        "application_by_income": Parts.by_label(
            figures.strata["application_by_income"], by_income, rng
        ),
        "application_by_product": Parts.by_label(
            figures.strata["application_by_product"], by_product, rng
        ),
    }
    for name, view in CORRELATED.items():
        clients.values[name] = parts[view].known_number(name, latents[name])
        clients.scores[name] = parts[view].score(name, latents[name])
    clients.values["goods_known"] = parts["application_by_product"].known_number("goods_known")
    _remove_unknown(clients, everyone)


def _remove_unknown(clients: Clients, everyone: Parts) -> None:
    """Empty what is not known about a client; what is unknown has no score."""
    values = clients.values
    known: dict[str, Flags] = {
        "EXT_SOURCE_1": values["ext_1_known"] == 1,
        "EXT_SOURCE_2": ~np.isnan(everyone.number("EXT_SOURCE_2")),
        "EXT_SOURCE_3": (values["bureau_known"] == 1) & ~np.isnan(everyone.number("EXT_SOURCE_3")),
        "OWN_CAR_AGE": values["owns_car"] == 1,
        "DAYS_EMPLOYED": values["retired"] == 0,
    }
    inquiries = [name for name in values if name.startswith("AMT_REQ_CREDIT_BUREAU")]
    for name in inquiries:
        known[name] = values["bureau_known"] == 1
    for name, there in known.items():
        values[name] = np.where(there, values[name], np.nan)
        clients.scores[name] = np.where(there, clients.scores[name], 0.0)
    clients.scores["EXT_SOURCE_3 missing"] = (~known["EXT_SOURCE_3"]).astype(np.float64)


def _draw_texts(clients: Clients, figures: Figures, rng: np.random.Generator) -> None:
    """Draw the texts that depend on age, gender, schooling and work."""
    values = clients.values
    sex = np.where(values["male"] == 1, "M", "F")
    retired = values["retired"] == 1
    schooled = np.where(values["education"] > SECONDARY_RANK, "1", "0")
    age_band = np.array(["<30", "30-45", "45-58", ">58"])[
        np.searchsorted([10_950, 16_425, 21_170], -values["DAYS_BIRTH"], side="left")
    ]
    rank = values["education"].astype(np.int64).astype("U1")
    labels = {
        "income_type": np.where(retired, "retired", rank),
        "family": np.char.add(sex, age_band),
        "dwelling": age_band,
        "occupation": np.char.add(sex, schooled),
    }
    for view, label in labels.items():
        clients.texts |= Parts.by_label(figures.strata[view], label, rng).combine(view)
    clients.texts["OCCUPATION_TYPE"][retired] = -1
    income = clients.texts["NAME_INCOME_TYPE"]
    group = np.full(len(clients), "W")
    for letter, text in (("C", "Commercial associate"), ("S", "State servant"), ("P", "Pensioner")):
        group[income == code_of("application_train", "NAME_INCOME_TYPE", text)] = letter
    workplace = np.char.add(sex, np.where(group == "P", "W", group))
    clients.texts |= Parts.by_label(figures.strata["organization"], workplace, rng).combine(
        "organization"
    )
    clients.texts["ORGANIZATION_TYPE"][retired] = code_of(
        "application_train", "ORGANIZATION_TYPE", "XNA"
    )
    product = np.where(values["revolving"] == 1, "Revolving loans", "Cash loans")
    clients.texts |= Parts.by_label(
        figures.strata["documents"], np.char.add(product, group), rng
    ).combine("documents")


def _draw_history_sizes(clients: Clients, figures: Figures, rng: np.random.Generator) -> None:
    count = len(clients)
    listed = (clients.values["bureau_known"] == 1) & (rng.random(count) < KNOWN_WITH_CREDITS)
    credits_held = figures.counts["bureau"].invert(draw_latent(rng, count))
    clients.bureau_credits = np.where(listed, credits_held, 0).astype(np.int64)
    latent = draw_latent(rng, count)
    monthly = np.where(
        clients.tested,
        figures.counts["bureau_balance test"].invert(latent),
        figures.counts["bureau_balance train"].invert(latent),
    )
    clients.bureau_monthly = listed & (monthly == 1)
    returning = rng.random(count) >= figures.counts["previous_application"].missing
    applications = figures.counts["previous_application"].invert(draw_latent(rng, count))
    clients.earlier_applications = np.where(returning, applications, 0).astype(np.int64)
