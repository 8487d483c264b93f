"""Makes the application tables: what the clients of a chunk wrote, and what was looked up."""

from __future__ import annotations

import numpy as np

from demo.clients import Clients, Flags
from demo.figures import Figures, Floats, Latent, code_of
from demo.sampling import Columns, Parts, draw_latent, load_factor, snap
from demo.specs import (
    BUILDING_TEXTS,
    HOUSING,
    HOUSING_GAPS,
    INQUIRIES,
    OTHER_DOCUMENTS,
)

NO_DATE = 365_243
YOUNGEST_WORKER_DAYS = 14 * 365
# How much each building figure says about the size of the building; the rest is its own.
SIZE_LOADINGS = {
    "APARTMENTS": 0.93,
    "BASEMENTAREA": 0.65,
    "YEARS_BEGINEXPLUATATION": 0.1,
    "YEARS_BUILD": 0.35,
    "COMMONAREA": 0.6,
    "ELEVATORS": 0.75,
    "ENTRANCES": 0.5,
    "FLOORSMAX": 0.7,
    "FLOORSMIN": 0.65,
    "LANDAREA": 0.45,
    "LIVINGAPARTMENTS": 0.9,
    "LIVINGAREA": 0.95,
    "NONLIVINGAPARTMENTS": 0.2,
    "NONLIVINGAREA": 0.3,
}
# Mode and median of a figure say nearly what its mean says.
STATISTIC_LOADINGS = {"AVG": 1.0, "MODE": 0.98, "MEDI": 0.998}
TOTAL_AREA_LOADING = 0.93
# The people around a client: not known; late by 60 days among those late by 30; one person less
# watched for 60 days than for 30.
CIRCLE_UNKNOWN, VERY_LATE, WATCHED_SHORTER = 0.0034, 0.71, 0.03


def make_application(clients: Clients, figures: Figures, rng: np.random.Generator) -> Columns:
    """Return the columns of the application table of all clients, TARGET left out."""
    everyone = Parts.whole(figures.strata["application"], len(clients), rng)
    columns: Columns = {"SK_ID_CURR": clients.ids, **clients.texts}
    columns |= everyone.combine("suite") | everyone.combine("weekday")
    columns |= _describe_person(clients)
    columns |= _describe_loan(clients)
    columns |= _describe_flags(clients, everyone, figures, rng)
    columns |= _describe_building(clients, everyone, figures, rng)
    columns |= _describe_circle(clients, figures, rng)
    for name in INQUIRIES:
        known = clients.values["bureau_known"] == 1
        drawn = clients.values[name] if name in clients.values else everyone.known_number(name)
        columns[name] = np.where(known, drawn, np.nan)
    return columns


def _describe_person(clients: Clients) -> Columns:
    values = clients.values
    age_days = -np.round(values["DAYS_BIRTH"])
    employed_days = np.minimum(-values["DAYS_EMPLOYED"], age_days - YOUNGEST_WORKER_DAYS)
    children = values["CNT_CHILDREN"]
    paired = np.isin(
        clients.texts["NAME_FAMILY_STATUS"],
        [
            code_of("application_train", "NAME_FAMILY_STATUS", text)
            for text in ("Married", "Civil marriage")
        ],
    )
    plain = ("REGION_POPULATION_RELATIVE", "EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
    return {
        **{name: np.round(values[name], 6) for name in plain},
        "CODE_GENDER": _choose(values["male"] == 1, "CODE_GENDER", "M", "F"),
        "FLAG_OWN_CAR": _choose(values["owns_car"] == 1, "FLAG_OWN_CAR", "Y", "N"),
        "FLAG_OWN_REALTY": _choose(values["owns_realty"] == 1, "FLAG_OWN_REALTY", "Y", "N"),
        "NAME_EDUCATION_TYPE": (values["education"] - 1).astype(np.int16),
        "CNT_CHILDREN": children,
        "CNT_FAM_MEMBERS": children + 1 + paired,
        "AMT_INCOME_TOTAL": snap(values["AMT_INCOME_TOTAL"], 4500),
        "DAYS_BIRTH": -age_days,
        "DAYS_EMPLOYED": np.where(np.isnan(employed_days), NO_DATE, -np.round(employed_days)),
        "DAYS_REGISTRATION": np.maximum(np.round(values["DAYS_REGISTRATION"]), -age_days),
        "DAYS_ID_PUBLISH": np.maximum(np.round(values["DAYS_ID_PUBLISH"]), -age_days),
        "DAYS_LAST_PHONE_CHANGE": np.round(values["DAYS_LAST_PHONE_CHANGE"]),
        "OWN_CAR_AGE": np.round(values["OWN_CAR_AGE"]),
        "REGION_RATING_CLIENT_W_CITY": values["REGION_RATING_CLIENT_W_CITY"],
        "HOUR_APPR_PROCESS_START": values["HOUR_APPR_PROCESS_START"],
    }


def _choose(chosen: Flags, column: str, yes: str, no: str) -> Floats:
    codes: Floats = np.where(
        chosen, code_of("application_train", column, yes), code_of("application_train", column, no)
    )
    return codes


def _describe_loan(clients: Clients) -> Columns:
    values = clients.values
    price = snap(values["AMT_GOODS_PRICE"], 4500)
    amount = np.maximum(snap(price * values["credit_to_goods"], 4.5), 4.5)
    return {
        "NAME_CONTRACT_TYPE": _choose(
            values["revolving"] == 1, "NAME_CONTRACT_TYPE", "Revolving loans", "Cash loans"
        ),
        "AMT_CREDIT": amount,
        "AMT_ANNUITY": snap(amount * values["annuity_to_credit"], 4.5),
        "AMT_GOODS_PRICE": np.where(values["goods_known"] == 1, price, np.nan),
    }


def _describe_flags(
    clients: Clients, everyone: Parts, figures: Figures, rng: np.random.Generator
) -> Columns:
    """Return phones, documents, addresses and the region's rating."""
    values = clients.values
    columns: Columns = {name: everyone.known_number(name) for name in OTHER_DOCUMENTS}
    for name in ("FLAG_WORK_PHONE", "FLAG_PHONE", "FLAG_EMAIL"):
        columns[name] = values[name]
    columns["FLAG_MOBIL"] = np.ones(len(clients))
    columns["FLAG_CONT_MOBILE"] = everyone.known_number("FLAG_CONT_MOBILE")
    columns["FLAG_EMP_PHONE"] = 1 - values["retired"]
    for view, quantity in (("region_flags", "region_moves"), ("city_flags", "city_moves")):
        moves = values[quantity].astype(np.int64).astype("U1")
        columns |= Parts.by_label(figures.strata[view], moves, rng).combine("flags")
    rating = values["REGION_RATING_CLIENT_W_CITY"].astype(np.int64).astype("U1")
    columns |= Parts.by_label(figures.strata["rating"], rating, rng).combine("rating")
    return columns


def _describe_building(
    clients: Clients, everyone: Parts, figures: Figures, rng: np.random.Generator
) -> Columns:
    """Return the building's figures; they are missing in the combinations that were measured."""
    size = draw_latent(rng, len(clients))
    columns: Columns = {}
    for stem in HOUSING:
        mean = load_factor(rng, size, SIZE_LOADINGS[stem])
        for suffix, loading in STATISTIC_LOADINGS.items():
            latent = load_factor(rng, mean, loading)
            columns[f"{stem}_{suffix}"] = _scale(everyone, f"{stem}_{suffix}", latent)
    columns["TOTALAREA_MODE"] = _scale(
        everyone, "TOTALAREA_MODE", load_factor(rng, size, TOTAL_AREA_LOADING)
    )
    known = np.where(clients.values["building_known"] == 1, "known", "unknown")
    gaps = Parts.by_label(figures.strata["building_gaps"], known, rng).combine("gaps")
    for name in HOUSING_GAPS:
        missing = _find_gaps(gaps[f"no_{name}"] == 1, everyone, name, rng)
        if name in BUILDING_TEXTS:
            texts = Parts.whole(figures.strata[name], len(clients), rng).combine("text")[name]
            columns[name] = np.where(missing, np.int16(-1), texts)
            continue
        stem = name.rsplit("_", 1)[0]
        suffixes = STATISTIC_LOADINGS if stem in HOUSING else ("MODE",)
        for suffix in suffixes:
            columns[f"{stem}_{suffix}"][missing] = np.nan
    return columns


def _find_gaps(measured: Flags, everyone: Parts, name: str, rng: np.random.Generator) -> Flags:
    """Return where a figure is missing: in the common combinations, and in rare ones at random."""
    marginal = everyone.strata[0].marginals.get(name)
    target = 0.0 if marginal is None else marginal.missing
    rest = max(target - measured.mean(), 0.0) / max(1 - measured.mean(), 1e-9)
    gaps: Flags = measured | (rng.random(len(measured)) < rest)
    return gaps


def _scale(everyone: Parts, name: str, latent: Latent) -> Floats:
    scaled: Floats = np.round(everyone.known_number(name, latent), 4)
    return scaled


def _describe_circle(clients: Clients, figures: Figures, rng: np.random.Generator) -> Columns:
    """Return the people around the client: those late by 60 days are among those late by 30."""
    watched = np.round(clients.values["OBS_30_CNT_SOCIAL_CIRCLE"])
    label = np.minimum(watched, 6).astype(np.int64).astype("U1")
    late = Parts.by_label(figures.strata["circle"], label, rng).known_number(
        "DEF_30_CNT_SOCIAL_CIRCLE"
    )
    late = np.where(watched > 0, np.minimum(late, watched), 0)
    very_late = rng.binomial(late.astype(np.int64), VERY_LATE)
    unknown = rng.random(len(clients)) < CIRCLE_UNKNOWN
    columns = {
        "OBS_30_CNT_SOCIAL_CIRCLE": watched,
        "DEF_30_CNT_SOCIAL_CIRCLE": late,
        "OBS_60_CNT_SOCIAL_CIRCLE": watched
        - ((watched > late) & (rng.random(len(late)) < WATCHED_SHORTER)),
        "DEF_60_CNT_SOCIAL_CIRCLE": very_late,
    }
    return {name: np.where(unknown, np.nan, cells) for name, cells in columns.items()}
