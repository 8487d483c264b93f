"""The application tables: one row a loan application, what is told and what is looked up."""

from __future__ import annotations

from credit.contract import categories as levels
from credit.contract.categories import NO_DATE, NO_YES, NOT_AVAILABLE
from credit.contract.column import (
    Column,
    Table,
    amount,
    category,
    count,
    days,
    flag,
    key,
    required,
    score,
    share,
    whole,
)

_HOUSING = {
    "APARTMENTS": "size of the apartments",
    "BASEMENTAREA": "basement area",
    "YEARS_BEGINEXPLUATATION": "years the building has been in use",
    "YEARS_BUILD": "age of the building",
    "COMMONAREA": "area shared by the residents",
    "ELEVATORS": "number of lifts",
    "ENTRANCES": "number of entrances",
    "FLOORSMAX": "number of floors at the highest part",
    "FLOORSMIN": "number of floors at the lowest part",
    "LANDAREA": "area of the plot",
    "LIVINGAPARTMENTS": "size of the apartments lived in",
    "LIVINGAREA": "area lived in",
    "NONLIVINGAPARTMENTS": "size of the apartments not lived in",
    "NONLIVINGAREA": "area not lived in",
}
_HOUSING_STATISTICS = {"AVG": "mean", "MODE": "mode", "MEDI": "median"}

_WINDOWS = {
    "HOUR": "in the hour before the application",
    "DAY": "in the day before, its last hour left out",
    "WEEK": "in the week before, its last day left out",
    "MON": "in the month before, its last week left out",
    "QRT": "in the quarter before, its last month left out",
    "YEAR": "in the year before, its last quarter left out",
}


def _housing_columns() -> tuple[Column, ...]:
    return tuple(
        share(
            f"{stem}_{suffix}",
            f"Building the client lives in: {meaning}, {statistic}, scaled to 0..1",
            nullable=True,
        )
        for suffix, statistic in _HOUSING_STATISTICS.items()
        for stem, meaning in _HOUSING.items()
    )


def _document_columns() -> tuple[Column, ...]:
    return tuple(
        flag(f"FLAG_DOCUMENT_{number}", f"1 if the client handed in document {number}")
        for number in range(2, 22)
    )


def _inquiry_columns() -> tuple[Column, ...]:
    return tuple(
        count(
            f"AMT_REQ_CREDIT_BUREAU_{window}",
            f"Inquiries about the client at the credit bureau {when}",
            0,
            500,
            nullable=True,
        )
        for window, when in _WINDOWS.items()
    )


def _social_circle_columns() -> tuple[Column, ...]:
    meanings = {
        "OBS": "People around the client whose loans were watched for a delay of {} days",
        "DEF": "People around the client who were {} days late with a loan",
    }
    return tuple(
        count(f"{stem}_{late}_CNT_SOCIAL_CIRCLE", meaning.format(late), 0, 500, nullable=True)
        for late in (30, 60)
        for stem, meaning in meanings.items()
    )


_KEY = required(key("SK_ID_CURR", "Identifier of the application, and here of its client"))

TARGET = flag("TARGET", "1 if the client defaulted: was late with one of the first payments")

_LOAN_AND_CLIENT = (
    category("NAME_CONTRACT_TYPE", "Product applied for", ("Cash loans", "Revolving loans")),
    required(category("CODE_GENDER", "Client's gender", ("F", "M"), sentinel=NOT_AVAILABLE)),
    required(category("FLAG_OWN_CAR", "Y if the client owns a car", NO_YES)),
    category("FLAG_OWN_REALTY", "Y if the client owns a house or a flat", NO_YES),
    count("CNT_CHILDREN", "Client's children", 0, 30),
    amount("AMT_INCOME_TOTAL", "Client's income", 1, 500_000_000),
    required(amount("AMT_CREDIT", "Amount of the loan", 1, 10_000_000)),
    required(amount("AMT_ANNUITY", "Regular payment on the loan", 1, 1_000_000, nullable=True)),
    required(
        amount("AMT_GOODS_PRICE", "Price of what the loan pays for", 1, 10_000_000, nullable=True)
    ),
    category("NAME_TYPE_SUITE", "Who came along to apply", levels.COMPANIONS, nullable=True),
    category("NAME_INCOME_TYPE", "Where the income comes from", levels.INCOME_TYPES),
    category("NAME_EDUCATION_TYPE", "Highest education reached", levels.EDUCATION_LEVELS),
    category("NAME_FAMILY_STATUS", "Family status", levels.FAMILY_STATUSES, sentinel="Unknown"),
    category("NAME_HOUSING_TYPE", "How the client lives", levels.HOUSING_TYPES),
    share("REGION_POPULATION_RELATIVE", "Population of the client's region, scaled to 0..1"),
    required(days("DAYS_BIRTH", "Day of birth: age is its negative", -36_525, -6_570)),
    required(days("DAYS_EMPLOYED", "First day of the present job", -25_000, 0, sentinel=NO_DATE)),
    days("DAYS_REGISTRATION", "Day the registration was last changed", -36_525, 0),
    days("DAYS_ID_PUBLISH", "Day the identity document was last changed", -36_525, 0),
    whole("OWN_CAR_AGE", "Age of the client's car", "years", (0, 100), nullable=True),
    flag("FLAG_MOBIL", "1 if the client gave a mobile number"),
    flag("FLAG_EMP_PHONE", "1 if the client gave the employer's number"),
    flag("FLAG_WORK_PHONE", "1 if the client gave a fixed number, first of two such fields"),
    flag("FLAG_CONT_MOBILE", "1 if the mobile number answered"),
    flag("FLAG_PHONE", "1 if the client gave a fixed number, second of two such fields"),
    flag("FLAG_EMAIL", "1 if the client gave an e-mail address"),
    category("OCCUPATION_TYPE", "Occupation", levels.OCCUPATIONS, nullable=True),
    count("CNT_FAM_MEMBERS", "Members of the family", 1, 40, nullable=True),
    whole("REGION_RATING_CLIENT", "Lender's rating of the region", "rank", (1, 3)),
    whole(
        "REGION_RATING_CLIENT_W_CITY",
        "Lender's rating of the region, the city considered",
        "rank",
        (1, 3),
        sentinel=-1,
    ),
    category("WEEKDAY_APPR_PROCESS_START", "Weekday of the application", levels.WEEKDAYS),
    whole("HOUR_APPR_PROCESS_START", "Hour of the application, rounded", "hour", (0, 23)),
    flag("REG_REGION_NOT_LIVE_REGION", "1 if registered and contact address differ in region"),
    flag("REG_REGION_NOT_WORK_REGION", "1 if registered and work address differ in region"),
    flag("LIVE_REGION_NOT_WORK_REGION", "1 if contact and work address differ in region"),
    flag("REG_CITY_NOT_LIVE_CITY", "1 if registered and contact address differ in city"),
    flag("REG_CITY_NOT_WORK_CITY", "1 if registered and work address differ in city"),
    flag("LIVE_CITY_NOT_WORK_CITY", "1 if contact and work address differ in city"),
    category("ORGANIZATION_TYPE", "Employer's line", levels.ORGANIZATIONS, sentinel=NOT_AVAILABLE),
    required(score("EXT_SOURCE_1", "Score from outside, first source", nullable=True)),
    required(score("EXT_SOURCE_2", "Score from outside, second source", nullable=True)),
    required(score("EXT_SOURCE_3", "Score from outside, third source", nullable=True)),
)

_BUILDING = (
    category(
        "FONDKAPREMONT_MODE",
        "Account of the building's repair fund",
        levels.REPAIR_FUNDS,
        nullable=True,
    ),
    category(
        "HOUSETYPE_MODE",
        "Type of the building",
        ("block of flats", "terraced house", "specific housing"),
        nullable=True,
    ),
    share(
        "TOTALAREA_MODE",
        "Building the client lives in: total area, mode, scaled to 0..1",
        nullable=True,
    ),
    category(
        "WALLSMATERIAL_MODE",
        "What the building's walls are made of",
        levels.WALL_MATERIALS,
        nullable=True,
    ),
    category(
        "EMERGENCYSTATE_MODE",
        "Yes if the building is in a dangerous state",
        ("No", "Yes"),
        nullable=True,
    ),
)

APPLICATION_COLUMNS: tuple[Column, ...] = (
    _KEY,
    *_LOAN_AND_CLIENT,
    *_housing_columns(),
    *_BUILDING,
    *_social_circle_columns(),
    days("DAYS_LAST_PHONE_CHANGE", "Day the phone was last changed", -10_000, 0, nullable=True),
    *_document_columns(),
    *_inquiry_columns(),
)

APPLICATION_TRAIN = Table(
    name="application_train",
    meaning="One loan application whose outcome is known.",
    columns=(_KEY, TARGET, *APPLICATION_COLUMNS[1:]),
    primary_key=("SK_ID_CURR",),
)

APPLICATION_TEST = Table(
    name="application_test",
    meaning="One loan application whose outcome is not known.",
    columns=APPLICATION_COLUMNS,
    primary_key=("SK_ID_CURR",),
)
