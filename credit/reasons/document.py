"""Writes the reasons as a page: `python -m credit.reasons.document PATH`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from credit.contract.document import render_row
from credit.features.catalog import FEATURE_NAMES
from credit.reasons.catalog import REASONS, find_reason
from credit.reasons.choice import MOST_REASONS
from credit.reasons.reason import Reason

_COMMAND = "python -m credit.reasons.document docs/reasons.md"
_INTRODUCTION = f"""\
# Reasons for a refusal

Generated from `credit/reasons/` by `{_COMMAND}`: change the declarations, not this page.

Every [feature](features.md) belongs to one reason, or to what no applicant is told. For a refused
applicant the exact TreeSHAP contributions are summed up by reason; of the reasons that raise the
estimate, the {MOST_REASONS} strongest are told, the strongest first
([ADR 0018](adr/0018-reasons-from-exact-treeshap.md)).

A reason is told in the wording that is true: *if not known* where most of what raises the estimate
is that something is missing; *if not shown* where the title claims more than the features show. A
notice with R01 must name the agencies, and hand on the key factors that they gave (FCRA, 15 U.S.C.
1681m(a)); the tables know neither.

What is told, and why in this form: 12 CFR 1002.9(b)(2) and its official interpretation; CFPB
Circulars 2022-03 and 2023-03.
"""
_NEVER_TOLD = """\
## Never told

Sex, marital status, age, children and the family's size, where income comes from (pension,
maternity leave, public assistance), and whatever is reckoned with them: 12 CFR 1002.2(z) and
1002.6(b). Not to tell them does not make their use lawful. Where they push harder than any reason
that is told, the choice says so (`rests_on_protected`), and a person must decide.

Education, occupation, region and addresses are not protected by these rules and are told; they may
stand in for what is, which a measure of fairness must tell, and a list of words cannot.
"""


def render_reasons() -> str:
    """Return the page, as Markdown."""
    overview = "\n".join(_list_reasons()) + "\n"
    sections = [_INTRODUCTION, overview, *map(_render_reason, REASONS)]
    return "\n".join([*sections, _NEVER_TOLD, _join(_find_features(None)) + "\n"])


def main(arguments: list[str]) -> None:
    """Write the page to the one path that is given."""
    (path,) = arguments
    Path(path).write_text(render_reasons(), encoding="utf-8")


def _list_reasons() -> Iterator[str]:
    yield render_row("reason", "told", "features")
    yield render_row("---", "---", "--:")
    for reason in REASONS:
        link = f"[{reason.code}](#{reason.code.lower()})"
        yield render_row(link, reason.title, str(len(_find_features(reason))))
    yield render_row("", "[never told](#never-told)", str(len(_find_features(None))))


def _render_reason(reason: Reason) -> str:
    lines = [f"## {reason.code}\n", f"{reason.title}\n"]
    if reason.missing:
        lines.append(f"- If not known: {reason.missing}")
    if reason.neutral:
        shown_by = [name for name in _find_features(reason) if re.fullmatch(reason.shown_by, name)]
        lines.append(f"- If not shown: {reason.neutral}. Shown by one above 0 of {_join(shown_by)}")
    return "\n".join([*lines, f"- Features: {_join(_find_features(reason))}\n"])


def _find_features(reason: Reason | None) -> list[str]:
    return [name for name in FEATURE_NAMES if find_reason(name) is reason]


def _join(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    main(sys.argv[1:])
