"""The long closed lists of the contract: what a text column may say, in the order of the codes."""

from __future__ import annotations

NOT_AVAILABLE = "XNA"  # what the source writes for "not available"
NO_DATE = (
    365243  # what it writes for a date that it does not have: day 365,243, a thousand years on
)

NO_YES = ("N", "Y")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
COMPANIONS = (
    "Unaccompanied",
    "Spouse, partner",
    "Children",
    "Family",
    "Group of people",
    "Other_A",
    "Other_B",
)

# From the least to the most secure income.
INCOME_TYPES = (
    "Unemployed",
    "Student",
    "Maternity leave",
    "Pensioner",
    "Working",
    "Commercial associate",
    "State servant",
    "Businessman",
)
EDUCATION_LEVELS = (
    "Lower secondary",
    "Secondary / secondary special",
    "Incomplete higher",
    "Higher education",
    "Academic degree",
)
FAMILY_STATUSES = ("Married", "Civil marriage", "Single / not married", "Separated", "Widow")
HOUSING_TYPES = (
    "House / apartment",
    "Co-op apartment",
    "Municipal apartment",
    "Office apartment",
    "Rented apartment",
    "With parents",
)
OCCUPATIONS = (
    "Low-skill Laborers",
    "Laborers",
    "Cleaning staff",
    "Cooking staff",
    "Waiters/barmen staff",
    "Private service staff",
    "Security staff",
    "Drivers",
    "Sales staff",
    "Secretaries",
    "Core staff",
    "Realty agents",
    "HR staff",
    "Medicine staff",
    "Accountants",
    "IT staff",
    "High skill tech staff",
    "Managers",
)
ORGANIZATIONS = (
    "Advertising",
    "Agriculture",
    "Bank",
    *(f"Business Entity Type {number}" for number in range(1, 4)),
    "Cleaning",
    "Construction",
    "Culture",
    "Electricity",
    "Emergency",
    "Government",
    "Hotel",
    "Housing",
    *(f"Industry: type {number}" for number in range(1, 14)),
    "Insurance",
    "Kindergarten",
    "Legal Services",
    "Medicine",
    "Military",
    "Mobile",
    "Other",
    "Police",
    "Postal",
    "Realtor",
    "Religion",
    "Restaurant",
    "School",
    "Security",
    "Security Ministries",
    "Self-employed",
    "Services",
    "Telecom",
    *(f"Trade: type {number}" for number in range(1, 8)),
    *(f"Transport: type {number}" for number in range(1, 5)),
    "University",
)
WALL_MATERIALS = ("Stone, brick", "Panel", "Block", "Monolithic", "Mixed", "Wooden", "Others")
REPAIR_FUNDS = (
    "reg oper account",
    "reg oper spec account",
    "org spec account",
    "not specified",
)

CREDIT_STATES = ("Closed", "Active", "Sold", "Bad debt")
CURRENCIES = tuple(f"currency {number}" for number in range(1, 5))
CREDIT_TYPES = (
    "Consumer credit",
    "Credit card",
    "Car loan",
    "Mortgage",
    "Microloan",
    "Loan for business development",
    "Loan for working capital replenishment",
    "Loan for the purchase of equipment",
    "Loan for purchase of shares (margin lending)",
    "Cash loan (non-earmarked)",
    "Real estate loan",
    "Mobile operator loan",
    "Interbank credit",
    "Another type of loan",
    "Unknown type of loan",
)
# "0" is on time, "1" up to 30 days past due, "5" beyond 120 or written off: the code is the status.
MONTH_STATUSES = ("0", "1", "2", "3", "4", "5", "C", "X")

LOAN_PURPOSES = (
    "XAP",
    "Building a house or an annex",
    "Business development",
    "Buying a garage",
    "Buying a holiday home / land",
    "Buying a home",
    "Buying a new car",
    "Buying a used car",
    "Car repairs",
    "Education",
    "Everyday expenses",
    "Furniture",
    "Gasification / water supply",
    "Hobby",
    "Journey",
    "Medicine",
    "Money for a third person",
    "Other",
    "Payments on other loans",
    "Purchase of electronic equipment",
    "Refusal to name the goal",
    "Repairs",
    "Urgent needs",
    "Wedding / gift / holiday",
)
OUTCOMES = ("Approved", "Unused offer", "Canceled", "Refused")
PAYMENT_TYPES = (
    "Cash through the bank",
    "Non-cash from your account",
    "Cashless from the account of the employer",
)
REJECT_REASONS = ("XAP", "CLIENT", "SYSTEM", "VERIF", "LIMIT", "SCO", "SCOFR", "HC")
GOODS_CATEGORIES = (
    "Additional Service",
    "Animals",
    "Audio/Video",
    "Auto Accessories",
    "Clothing and Accessories",
    "Computers",
    "Construction Materials",
    "Consumer Electronics",
    "Direct Sales",
    "Education",
    "Fitness",
    "Furniture",
    "Gardening",
    "Homewares",
    "House Construction",
    "Insurance",
    "Jewelry",
    "Medical Supplies",
    "Medicine",
    "Mobile",
    "Office Appliances",
    "Other",
    "Photo / Cinema Equipment",
    "Sport and Leisure",
    "Tourism",
    "Vehicles",
    "Weapon",
)
CHANNELS = (
    "Credit and cash offices",
    "Country-wide",
    "Stone",
    "Regional / Local",
    "Contact center",
    "AP+ (Cash loan)",
    "Channel of corporate sales",
    "Car dealer",
)
SELLER_INDUSTRIES = (
    "Auto technology",
    "Clothing",
    "Connectivity",
    "Construction",
    "Consumer electronics",
    "Furniture",
    "Industry",
    "Jewelry",
    "MLM partners",
    "Tourism",
)
YIELD_GROUPS = ("low_action", "low_normal", "middle", "high")
PRODUCT_COMBINATIONS = (
    "Cash",
    *(f"Cash Street: {level}" for level in ("low", "middle", "high")),
    *(f"Cash X-Sell: {level}" for level in ("low", "middle", "high")),
    "Card Street",
    "Card X-Sell",
    "POS household with interest",
    "POS household without interest",
    "POS industry with interest",
    "POS industry without interest",
    "POS mobile with interest",
    "POS mobile without interest",
    "POS other with interest",
    "POS others without interest",
)

POS_STATUSES = (
    "Approved",
    "Signed",
    "Active",
    "Completed",
    "Canceled",
    "Returned to the store",
    "Demand",
    "Amortized debt",
)
CARD_STATUSES = (
    "Sent proposal",
    "Refused",
    "Approved",
    "Signed",
    "Active",
    "Completed",
    "Demand",
)
