from __future__ import annotations

import re

import pytest

from credit import errors
from credit.errors import CreditError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CreditError)
]
WRONG_CALL = 2
INTERRUPT = 130


def read_tree() -> dict[str, tuple[int, int]]:
    """Return exit code and HTTP status by class, as the module's docstring draws them."""
    lines = re.findall(
        r"^(?:[├└]── )?(\w+) +(\d+) +(\d{3})(?:  |$)", errors.__doc__ or "", re.MULTILINE
    )
    return {name: (int(exit_code), int(status)) for name, exit_code, status in lines}


def test_the_drawn_tree_is_the_classes() -> None:
    assert read_tree() == {kind.__name__: (kind.exit_code, kind.http_status) for kind in KINDS}


def test_there_are_as_many_exit_codes_as_kinds_of_error() -> None:
    assert len({kind.exit_code for kind in KINDS}) == len(KINDS) > 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_exit_code_is_not_success_nor_what_others_mean_by_it(kind: type[CreditError]) -> None:
    assert 0 < kind.exit_code < INTERRUPT
    assert kind.exit_code != WRONG_CALL


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_status_blames_the_caller_or_the_server(kind: type[CreditError]) -> None:
    assert 400 <= kind.http_status < 600


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_can_be_caught_as_ours(kind: type[CreditError]) -> None:
    with pytest.raises(CreditError, match=r"^what was found$"):
        raise kind("what was found")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_says_its_own_codes(kind: type[CreditError]) -> None:
    assert {"exit_code", "http_status"} <= vars(kind).keys()
