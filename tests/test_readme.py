from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli import app
from credit import errors
from credit.errors import CreditError

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def list_options(group: TyperGroup, above: str = "credit") -> dict[str, set[str]]:
    """Return the options of each command below the group, by the command's full name."""
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found |= list_options(command, f"{above} {name}")
        else:
            named = [option.secondary_opts or option.opts for option in command.params]
            found[f"{above} {name}"] = {name for name in chain(*named) if name.startswith("--")}
    return found


APP = get_command(app)
assert isinstance(APP, TyperGroup)
OPTIONS = list_options(APP)


@pytest.mark.parametrize("command", OPTIONS)
def test_the_table_of_commands_has_every_option(command: str) -> None:
    (row,) = re.findall(rf"^\| `({command}(?: [^`]+)?)` \|", README, re.MULTILINE)

    assert set(re.findall(r"--[a-z-]+", row)) == OPTIONS[command]


def test_every_exit_code_of_ours_is_listed() -> None:
    (listed,) = re.findall(r"its exit code says why \((.+?)\)", README, re.DOTALL)

    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CreditError) and kind is not CreditError
    }
    assert {int(code) for code in re.findall(r"(?:^|, )(\d+) ", listed.replace("\n", " "))} == (
        codes | {130}
    )
