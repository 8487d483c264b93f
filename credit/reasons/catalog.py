"""Every reason, and which features belong to it: each feature to one, or to what is never told.

A title names a fact, and claims that it is bad only where the features can show it: a contribution
tells that a fact raised the estimate, not that the applicant paid late. Feature patterns match
whole names.

Source: 12 CFR 1002.9(b)(2) (Regulation B, which implements the Equal Credit Opportunity Act): the
reasons must be specific and be the principal ones; that the applicant failed a qualifying score is
not enough. Its official interpretation, 9(b)(2): more than four reasons are unlikely to help the
applicant; they must describe the factors actually scored. CFPB Circulars 2022-03 and 2023-03: the
same holds for models that are hard to read, and the nearest line of a checklist will not do.
"""

from __future__ import annotations

import re
from functools import cache

from credit.reasons.reason import Reason

PROTECTED = (
    # Sex; marital status; children and the size of the family; who came along: husband, children
    r"CODE_GENDER|NAME_FAMILY_STATUS|CNT_CHILDREN|CNT_FAM_MEMBERS|children_share|adults_count"
    r"|(income|annuity)_per_person|NAME_TYPE_SUITE"
    # Where income comes from: pension, maternity leave, public assistance
    r"|NAME_INCOME_TYPE"
    # Age, and whatever is reckoned with it
    r"|DAYS_BIRTH|age_\w+|\w+_(of_life|to_age|times_age)"
)
"""Pattern of the features that no applicant is ever told as a reason.

Source: 12 CFR 1002.2(z), the prohibited bases: race, colour, religion, national origin, sex,
marital status, age, income from public assistance, the exercise of consumers' rights; 1002.6(b)(3):
bearing and rearing children. Article 21 of the Charter of Fundamental Rights of the EU adds birth,
disability and the like. Not to tell a protected fact does not make its use lawful: where it weighs
more than all that may be told, the refusal must go to a person (see `credit.reasons.choice`).
"""

_AT_BUREAU = r"bureau_((active|closed|card|consumer|mortgage|car|microloan)_)?"
_FIGURE = r"(sum|mean|min|max|std)(_\d+[dm])?"
_HERE = r"(installments|pos|card)_(last_loan_|loan_)?"
_LAST = r"(sum|mean|min|max|std|trend)(_last\d+|_\d+d)?"
_KIND = r"((approved|running|cash|consumer|revolving)_)?"

REASONS: tuple[Reason, ...] = (
    Reason(
        code="R01",
        title="Low scores from outside credit agencies",
        missing="Scores that outside credit agencies could not give",
        features=(
            r"EXT_SOURCE_[123]|ext_source_(?!mean_times_age|1_to_age)\w+"
            r"|credit_term_times_ext_source_mean"
        ),
    ),
    Reason(
        code="R02",
        title="The amount of the loan in relation to your income",
        missing="The price of what the loan pays for, which was not stated",
        features=r"(credit|goods)_to_income",
    ),
    Reason(
        code="R03",
        title="Your income, or the regular payment in relation to it",
        missing="The regular payment, which was not stated",
        features=r"AMT_INCOME_TOTAL|annuity_to_income|income_after_annuity",
    ),
    Reason(
        code="R04",
        title="The kind and the amount of the loan asked for",
        missing="The price of what the loan pays for, which was not stated",
        features=r"NAME_CONTRACT_TYPE|AMT_CREDIT|AMT_GOODS_PRICE",
    ),
    Reason(
        code="R05",
        title="The duration of the loan and its regular payment",
        missing="The regular payment, which was not stated",
        features=r"AMT_ANNUITY|credit_term_months|goods_to_annuity|predicted_term_months",
    ),
    Reason(
        code="R06",
        title="The loan is larger than the price of what it pays for",
        missing="The price of what the loan pays for, which was not stated",
        features=r"credit_to_goods|credit_minus_goods",
        shown_by=r"credit_minus_goods",
        neutral="The share of the price that is to be borrowed",
    ),
    Reason(
        code="R07",
        title="The interest and fees that the loan carries",
        missing="The regular payment or the price of the goods, which was not stated",
        features=r"price_to_credit|(goods_)?interest_rate",
    ),
    Reason(
        code="R08",
        title="The length of your present employment",
        missing="A present employment, of which nothing was stated",
        features=r"DAYS_EMPLOYED|(phone_changed|car_age)_to_employed",
    ),
    Reason(
        code="R09",
        title="Your occupation and the line of business of your employer",
        missing="Your occupation or employer, which was not stated",
        features=r"OCCUPATION_TYPE|ORGANIZATION_TYPE",
    ),
    Reason(code="R10", title="The highest education you stated", features=r"NAME_EDUCATION_TYPE"),
    Reason(
        code="R11",
        title="The home or car you own, or how you are housed",
        missing="A car of your own, of which none is known",
        features=r"FLAG_OWN_CAR|FLAG_OWN_REALTY|OWN_CAR_AGE|NAME_HOUSING_TYPE",
    ),
    Reason(
        code="R12",
        title="The building you live in",
        missing="The building you live in, of which too little is known",
        features=r"[A-Z]+(_(BEGINEXPLUATATION|BUILD))?_(AVG|MODE|MEDI)|housing_missing_count",
    ),
    Reason(
        code="R13",
        title="The record of loans in the region you live in",
        missing="The region you live in, which is not known",
        features=r"REGION_POPULATION_RELATIVE|REGION_RATING_CLIENT(_W_CITY)?",
    ),
    Reason(
        code="R14",
        title="Your registered, contact and work addresses differ",
        features=r"(REG|LIVE)_(REGION|CITY)_NOT_\w+|elsewhere_count",
        shown_by=r"(REG|LIVE)_(REGION|CITY)_NOT_\w+|elsewhere_count",
        neutral="Your registered, contact and work addresses",
    ),
    Reason(
        code="R15",
        title="How recent and complete your registration, papers and telephone are",
        missing="When your telephone last changed, which is not known",
        features=(
            r"DAYS_REGISTRATION|DAYS_ID_PUBLISH|DAYS_LAST_PHONE_CHANGE|contacts_count"
            r"|FLAG_(MOBIL|EMP_PHONE|WORK_PHONE|CONT_MOBILE|PHONE|EMAIL)"
        ),
    ),
    Reason(
        code="R16",
        title="The documents you handed in, or did not hand in",
        missing="Questions of the application that were left open",
        features=r"FLAG_DOCUMENT_\d+|documents_count|other_missing_count",
    ),
    Reason(
        code="R17",
        title="The day and the hour of your applications",
        missing="The hour of earlier applications, which is not known",
        features=r"WEEKDAY_APPR_PROCESS_START|HOUR_APPR_PROCESS_START|previous_hour_mean",
    ),
    Reason(
        code="R18",
        title="Enquiries about you at the credit bureau in the last year",
        missing="Enquiries about you at the credit bureau, of which it tells nothing",
        features=r"AMT_REQ_CREDIT_BUREAU_\w+|enquiries_total",
        shown_by=r"AMT_REQ_CREDIT_BUREAU_\w+|enquiries_total",
        neutral="The number of enquiries about you at the credit bureau",
    ),
    Reason(
        code="R19",
        title="Late payments of people around you",
        missing="Loans of people around you, of which nothing is known",
        features=r"(OBS|DEF)_\d+_CNT_SOCIAL_CIRCLE|social_circle_default_(60_)?share",
        shown_by=r"DEF_\d+_CNT_SOCIAL_CIRCLE|social_circle_default_(60_)?share",
        neutral="The number of people around you whose loans are known",
    ),
    Reason(
        code="R20",
        title="Late payments on loans with other lenders",
        missing="Payments on loans with other lenders, of which the credit bureau tells nothing",
        features=(
            rf"{_AT_BUREAU}(max_overdue|overdue|overdue_days)_{_FIGURE}|bureau_(was_)?overdue_share"
            r"|bureau_active_overdue_to_debt_max|bureau_balance_written_off_count"
            r"|bureau_balance_(very_)?late_\w+"
        ),
        shown_by=(
            rf"{_AT_BUREAU}(max_overdue|overdue|overdue_days)_{_FIGURE}|bureau_(was_)?overdue_share"
            r"|bureau_active_overdue_to_debt_max|bureau_balance_written_off_count"
            r"|bureau_balance_(very_)?late_(loans_share|loan_max|(count|share_mean)(_\d+m)?)"
        ),
        neutral="The punctuality of payments on loans with other lenders",
    ),
    Reason(
        code="R21",
        title="What you owe other lenders, or may draw from them",
        missing="What you owe other lenders, of which the credit bureau tells too little",
        features=(
            rf"{_AT_BUREAU}(debt|owed_share|limit|annuity|repaid|used_share|debt_a_day)_{_FIGURE}"
            rf"|{_AT_BUREAU}debt_to_credit(_trend)?(_\d+d)?"
        ),
    ),
    Reason(
        code="R22",
        title="The number, kinds and amounts of loans with other lenders",
        missing="A record of loans with other lenders, which the credit bureau does not have",
        features=(
            rf"bureau_has_history|bureau_(active|closed)_share|{_AT_BUREAU}(credit|prolonged)_{_FIGURE}"
            rf"|{_AT_BUREAU}((loans|types|foreign)_)?count|bureau_credit_trend_\d+d"
            r"|bureau_balance_(has_history|loans_count|months_(count|mean))"
            r"|bureau_balance_(closed|unknown)_share_mean"
        ),
    ),
    Reason(
        code="R23",
        title="How recent loans with other lenders are, and how long they run",
        missing="The dates of loans with other lenders, which the credit bureau does not have",
        features=(
            rf"{_AT_BUREAU}(days_(credit|enddate|update|ended_early|between)|term_days)_{_FIGURE}"
            rf"|bureau_days_enddate_fact_{_FIGURE}|bureau_loans_trend_\d+d|bureau_count_\d+d"
            r"|bureau_active_365d_count|bureau_balance_months_(min|max)"
        ),
    ),
    Reason(
        code="R24",
        title="Earlier applications to us were refused",
        missing="Decisions on earlier applications, of which we have none",
        features=(
            r"previous_(\w+_)?(refused|approved|canceled|unused)_share(_mean|_trend)?(_\w+)?"
            r"|previous_(refused|approved)_count|previous_rejected_\w+_count"
            rf"|previous_refused_\w+_{_FIGURE}(?<!share_mean)"
        ),
        shown_by=(
            r"previous_refused_(count|share)|previous_rejected_\w+_count"
            r"|previous_(\w+_)?refused_share_mean(_\w+)?"
        ),
        neutral="The decisions on earlier applications to us",
    ),
    Reason(
        code="R25",
        title="The number, amounts and terms of earlier applications to us",
        missing="Earlier applications to us, of which we have none",
        features=(
            r"previous_(has_history|applications_count)"
            r"|previous_(running|cash|consumer|revolving)_count"
            r"|previous_(high_yield|low_yield|new_client|walk_in|x_sell|card|insured)_share"
            rf"|previous_{_KIND}(annuity|asked|credit|down_payment|down_payment_rate|term)_{_LAST}"
            rf"|previous_{_KIND}(granted_(to|less)_asked|price)_{_LAST}"
            rf"|previous_(credit_to_(goods|annuity)|sellerplace_area)_{_LAST}"
        ),
    ),
    Reason(
        code="R26",
        title="How recent earlier applications and loans with us are",
        missing="The dates of earlier applications to us, of which we have none",
        features=(
            rf"previous_count_\d+d|previous_{_KIND}days_(decision|between)_{_LAST}"
            rf"|previous_(last_due|last_due_moved|first_drawing|termination|days_to_first_due)_{_LAST}"
        ),
    ),
    Reason(
        code="R27",
        title="Payments on earlier loans with us were late",
        missing="Payments on earlier loans with us, of which we have no record",
        features=(
            rf"{_HERE}(days_late|days_past_due|dpd|dpd_def)_({_FIGURE}|mean_max|trend_\d+d)"
            rf"|{_HERE}((very_)?late|late_beyond_tolerance)_share_({_FIGURE}|trend_\d+[dm])"
            r"|(installments|pos)_late_loans_share|(pos|card)_late_month_max|pos_demanded_count"
        ),
        shown_by=(
            rf"{_HERE}(days_late|days_past_due|dpd|dpd_def)_(mean|max|sum|mean_max)(_\d+[dm])?"
            rf"|{_HERE}((very_)?late|late_beyond_tolerance)_share_(mean|max)(_\d+[dm])?"
            r"|(installments|pos)_late_loans_share|pos_demanded_count"
        ),
        neutral="The punctuality of payments on earlier loans with us",
    ),
    Reason(
        code="R28",
        title="Payments on earlier loans with us were not made in full",
        missing="Payments on earlier loans with us, of which we have no record",
        features=(
            rf"{_HERE}(underpaid|underpaid_share|paid_share)_{_FIGURE}"
            rf"|{_HERE}paid_to_(due|balance)(_{_FIGURE})?"
        ),
        shown_by=rf"{_HERE}(underpaid|underpaid_share)_(sum|mean|max)(_\d+d)?",
        neutral="The amounts paid on earlier loans with us, in relation to those due",
    ),
    Reason(
        code="R29",
        title="How you use, or used, a credit card of ours",
        missing="The use of a credit card of ours, of which we have no record",
        features=(
            r"card_has_history|card_(months|cards)_\w+|card_count_\d+m"
            r"|card_(used|over_limit|drawing|cash_drawing)_share|card_drawing_month_max"
            rf"|card_(balance|limit|utilisation|drawn_to_limit)_({_FIGURE}|trend_\d+m)"
            rf"|card_((cash_)?drawings(_count)?|cash_share|interest|paid|due|payments_made)_{_FIGURE}"
        ),
    ),
    Reason(
        code="R30",
        title="The number, amounts and remaining payments of loans with us",
        missing="Repayment of earlier loans with us, of which we have no record",
        features=(
            r"(installments|pos)_has_history|(installments|pos)_count_\d+[dm]"
            r"|pos_(last_loan_)?(loan_)?months_\w+|pos_(active|remaining)_share_mean"
            rf"|pos_(completed_(count|share)|loans_count)|pos_(term|remaining)_{_FIGURE}"
            r"|pos_running_(count|remaining_sum)|pos_last_loan_(remaining|completed)"
            r"|installments_(days_due|days_paid|number|version)_(min|max)"
            rf"|installments_(early_share|due|paid)_({_FIGURE}|trend_\d+d)"
            rf"|installments_(loans|(last_loan_)?payments)_count|installments_loan_payments_mean"
            r"|installments_last_loan_first_due"
        ),
    ),
)


@cache
def find_reason(name: str) -> Reason | None:
    """Return the reason that the feature belongs to; None for a protected feature.

    Raises:
        ValueError: If it belongs to none, or to several.
    """
    owners = find_owners(name)
    if len(owners) != 1:
        raise ValueError(
            f"The feature {name} belongs to {len(owners)} reasons; it must belong to one, or to "
            "PROTECTED. Add it to a pattern in credit/reasons/catalog.py."
        )
    return owners[0]


def find_owners(name: str) -> list[Reason | None]:
    """Return every reason whose pattern matches the name, and None if it is protected."""
    reasons: list[Reason | None] = [r for r in REASONS if re.fullmatch(r.features, name)]
    return reasons + [None] * bool(re.fullmatch(PROTECTED, name))
