"""What is measured on the tables: the quantities, in which parts of a table, and how in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A table, the parts it is measured in, and the quantities.

    Attributes:
        table: The contract's table whose columns the profiles name.
        source: SQL of the rows; it carries the column ``weight``.
        parts: SQL of the label of a row's part; null leaves the row out.
        order: The labels, where their order matters: from safe to risky.
        quantities: SQL of each number; null is missing.
        given: SQL of the rows a quantity is measured on, where not on all of its part.
        profiles: Columns that are measured together.
        fine: True to keep every level of the quantile functions.
    """

    table: str
    source: str
    parts: str = "'all'"
    order: tuple[str, ...] = ()
    quantities: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fine: bool = False


HOUSING = (
    *("APARTMENTS", "BASEMENTAREA", "YEARS_BEGINEXPLUATATION", "YEARS_BUILD", "COMMONAREA"),
    *("ELEVATORS", "ENTRANCES", "FLOORSMAX", "FLOORSMIN", "LANDAREA", "LIVINGAPARTMENTS"),
    *("LIVINGAREA", "NONLIVINGAPARTMENTS", "NONLIVINGAREA"),
)
HOUSING_SUFFIXES = ("AVG", "MODE", "MEDI")
BUILDING_TEXTS = (
    "FONDKAPREMONT_MODE",
    "HOUSETYPE_MODE",
    "WALLSMATERIAL_MODE",
    "EMERGENCYSTATE_MODE",
)
# What is missing together; the mode and the median are missing where the mean is.
HOUSING_GAPS = (*(f"{stem}_AVG" for stem in HOUSING), "TOTALAREA_MODE", *BUILDING_TEXTS)

INQUIRIES = tuple(
    f"AMT_REQ_CREDIT_BUREAU_{window}" for window in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")
)
# Which of these was handed in depends on product and income; the others are independent of all.
MAIN_DOCUMENTS = ("FLAG_DOCUMENT_3", "FLAG_DOCUMENT_6", "FLAG_DOCUMENT_8")
OTHER_DOCUMENTS = tuple(
    f"FLAG_DOCUMENT_{number}" for number in range(2, 22) if number not in {3, 6, 8}
)
REGION_FLAGS = (
    "REG_REGION_NOT_LIVE_REGION",
    "REG_REGION_NOT_WORK_REGION",
    "LIVE_REGION_NOT_WORK_REGION",
)
CITY_FLAGS = ("REG_CITY_NOT_LIVE_CITY", "REG_CITY_NOT_WORK_CITY", "LIVE_CITY_NOT_WORK_CITY")
EDUCATION_RANK = (
    "list_position(['Lower secondary', 'Secondary / secondary special', 'Incomplete higher', "
    "'Higher education', 'Academic degree'], NAME_EDUCATION_TYPE)"
)
_AGE_BAND = (
    "case when DAYS_BIRTH > -10950 then '<30' when DAYS_BIRTH > -16425 then '30-45' "
    "when DAYS_BIRTH > -21170 then '45-58' else '>58' end"
)
_WORKING = "case when DAYS_EMPLOYED <= 0 then "
_RETIRED = "case when DAYS_EMPLOYED > 0 then 'retired' else 'working' end"

_PLAIN_NUMBERS = (
    *("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "REGION_POPULATION_RELATIVE"),
    *("DAYS_REGISTRATION", "DAYS_ID_PUBLISH", "DAYS_LAST_PHONE_CHANGE", "OWN_CAR_AGE"),
    *("REGION_RATING_CLIENT_W_CITY", "HOUR_APPR_PROCESS_START", "OBS_30_CNT_SOCIAL_CIRCLE"),
    *("FLAG_WORK_PHONE", "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL", "FLAG_MOBIL"),
    *INQUIRIES,
    *OTHER_DOCUMENTS,
    *(f"{stem}_{suffix}" for stem in HOUSING for suffix in HOUSING_SUFFIXES),
    "TOTALAREA_MODE",
)

APPLICATION_VIEWS: dict[str, View] = {
    "application": View(
        table="application_train",
        source="application",
        fine=True,
        quantities={
            **{name: name for name in _PLAIN_NUMBERS},
            "male": "case CODE_GENDER when 'M' then 1 when 'F' then 0 end",
            "owns_car": "(FLAG_OWN_CAR = 'Y')::int",
            "owns_realty": "(FLAG_OWN_REALTY = 'Y')::int",
            "education": EDUCATION_RANK,
            "retired": "(DAYS_EMPLOYED > 0)::int",
            "revolving": "(NAME_CONTRACT_TYPE = 'Revolving loans')::int",
            "ext_1_known": "(EXT_SOURCE_1 is not null)::int",
            "bureau_known": "(AMT_REQ_CREDIT_BUREAU_YEAR is not null)::int",
            "building_known": "(EMERGENCYSTATE_MODE is not null)::int",
            "region_moves": " + ".join(REGION_FLAGS),
            "city_moves": " + ".join(CITY_FLAGS),
        },
        given={
            "OWN_CAR_AGE": "FLAG_OWN_CAR = 'Y'",
            "EXT_SOURCE_3": "AMT_REQ_CREDIT_BUREAU_YEAR is not null",
        },
        profiles={
            "suite": ("NAME_TYPE_SUITE",),
            "weekday": ("WEEKDAY_APPR_PROCESS_START",),
        },
    ),
    **{
        name: View(
            table="application_train",
            source="application",
            parts=f"case when {name} is not null then 'known' end",
            profiles={"text": (name,)},
        )
        for name in BUILDING_TEXTS
    },
    "application_by_income": View(
        table="application_train",
        source="application",
        parts=_RETIRED,
        fine=True,
        quantities={
            "DAYS_BIRTH": "DAYS_BIRTH",
            "DAYS_EMPLOYED": "DAYS_EMPLOYED",
            "AMT_INCOME_TOTAL": "AMT_INCOME_TOTAL",
            "CNT_CHILDREN": "CNT_CHILDREN",
        },
        given={"DAYS_EMPLOYED": "DAYS_EMPLOYED <= 0"},
    ),
    "application_by_product": View(
        table="application_train",
        source="application",
        parts="NAME_CONTRACT_TYPE",
        fine=True,
        quantities={
            "AMT_GOODS_PRICE": "coalesce(AMT_GOODS_PRICE, AMT_CREDIT)",
            "goods_known": "(AMT_GOODS_PRICE is not null)::int",
            "credit_to_goods": "AMT_CREDIT / AMT_GOODS_PRICE",
            "annuity_to_credit": "AMT_ANNUITY / AMT_CREDIT",
        },
        given={"credit_to_goods": "AMT_GOODS_PRICE > 0", "annuity_to_credit": "AMT_ANNUITY > 0"},
    ),
    "income_type": View(
        table="application_train",
        source="application",
        parts=f"case when DAYS_EMPLOYED > 0 then 'retired' else {EDUCATION_RANK}::text end",
        profiles={"income_type": ("NAME_INCOME_TYPE",)},
    ),
    "family": View(
        table="application_train",
        source="application",
        parts=f"case CODE_GENDER when 'M' then 'M' else 'F' end || {_AGE_BAND}",
        profiles={"family": ("NAME_FAMILY_STATUS",)},
    ),
    "dwelling": View(
        table="application_train",
        source="application",
        parts=_AGE_BAND,
        profiles={"dwelling": ("NAME_HOUSING_TYPE",)},
    ),
    "occupation": View(
        table="application_train",
        source="application",
        parts=f"{_WORKING} case CODE_GENDER when 'M' then 'M' else 'F' end "
        f"|| ({EDUCATION_RANK} > 2)::int end",
        profiles={"occupation": ("OCCUPATION_TYPE",)},
    ),
    "organization": View(
        table="application_train",
        source="application",
        parts=f"{_WORKING} case CODE_GENDER when 'M' then 'M' else 'F' end || "
        "case NAME_INCOME_TYPE when 'Commercial associate' then 'C' when 'State servant' then 'S' "
        "else 'W' end end",
        profiles={"organization": ("ORGANIZATION_TYPE",)},
    ),
    "documents": View(
        table="application_train",
        source="application",
        parts="NAME_CONTRACT_TYPE || case NAME_INCOME_TYPE when 'Commercial associate' then 'C' "
        "when 'State servant' then 'S' when 'Pensioner' then 'P' else 'W' end",
        profiles={"documents": MAIN_DOCUMENTS},
    ),
    "rating": View(
        table="application_train",
        source="application",
        parts="REGION_RATING_CLIENT_W_CITY::int::text",
        profiles={"rating": ("REGION_RATING_CLIENT",)},
    ),
    "region_flags": View(
        table="application_train",
        source="application",
        parts=f"({' + '.join(REGION_FLAGS)})::int::text",
        profiles={"flags": REGION_FLAGS},
    ),
    "city_flags": View(
        table="application_train",
        source="application",
        parts=f"({' + '.join(CITY_FLAGS)})::int::text",
        profiles={"flags": CITY_FLAGS},
    ),
    "building_gaps": View(
        table="application_train",
        source="(select weight, EMERGENCYSTATE_MODE is null as unknown, "  # noqa: S608 - our names
        + ", ".join(f"({name} is null)::int as no_{name}" for name in HOUSING_GAPS)
        + " from application)",
        parts="case when unknown then 'unknown' else 'known' end",
        profiles={"gaps": tuple(f"no_{name}" for name in HOUSING_GAPS)},
    ),
    "circle": View(
        table="application_train",
        source="application",
        parts="case when OBS_30_CNT_SOCIAL_CIRCLE > 0 then "
        "least(OBS_30_CNT_SOCIAL_CIRCLE, 6)::int::text end",
        quantities={"DEF_30_CNT_SOCIAL_CIRCLE": "DEF_30_CNT_SOCIAL_CIRCLE"},
    ),
}

# The quantities that are drawn together, and the view each is measured in.
CORRELATED: dict[str, str] = {
    **dict.fromkeys(
        (
            *("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "ext_1_known", "bureau_known"),
            *("male", "retired", "education", "owns_car", "owns_realty", "OWN_CAR_AGE"),
            *("REGION_POPULATION_RELATIVE", "REGION_RATING_CLIENT_W_CITY", "building_known"),
            *("region_moves", "city_moves", "DAYS_REGISTRATION", "DAYS_ID_PUBLISH"),
            *("DAYS_LAST_PHONE_CHANGE", "HOUR_APPR_PROCESS_START", "OBS_30_CNT_SOCIAL_CIRCLE"),
            *("FLAG_WORK_PHONE", "FLAG_PHONE", "FLAG_EMAIL", "revolving"),
            *("AMT_REQ_CREDIT_BUREAU_MON", "AMT_REQ_CREDIT_BUREAU_QRT"),
            *("AMT_REQ_CREDIT_BUREAU_YEAR",),
        ),
        "application",
    ),
    **dict.fromkeys(
        ("DAYS_BIRTH", "DAYS_EMPLOYED", "AMT_INCOME_TOTAL", "CNT_CHILDREN"), "application_by_income"
    ),
    **dict.fromkeys(
        ("AMT_GOODS_PRICE", "credit_to_goods", "annuity_to_credit"), "application_by_product"
    ),
}
