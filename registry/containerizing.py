"""Mends `bentoml containerize`, as an extension of BentoML's command line that takes its place.

BentoML 1.4.39 renders a Dockerfile template in a temporary folder, and then refuses it as a file
outside of the folder it was started in (its issue 5566): here it is started in that folder. Its
templates do not see a Bento's labels: here they become labels of the image.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import chdir

import bentoml
import click
from bentoml.exceptions import NotFound
from bentoml_cli.containerize import containerize_command as bentomls_own

OCI = "org.opencontainers.image"


@click.command(
    bentomls_own.name,
    help=bentomls_own.help,
    add_help_option=False,  # BentoML's own lists its options
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def containerize_command(arguments: tuple[str, ...]) -> None:
    """Make the image of a Bento, by what BentoML's own command was told."""
    with bentomls_own.make_context("bentoml containerize", list(arguments)) as context:
        options = context.params["_memoized"]
        labels = describe_bento(context.params["bento_tag"])
        given = options.get("label") or ()
        options["label"] = (*(f"{name}={text}" for name, text in labels.items()), *given)
        with chdir(os.path.realpath(tempfile.gettempdir())):
            bentomls_own.invoke(context)


def describe_bento(tag: str) -> Mapping[str, str]:
    """Return the image's labels that only the Bento knows; none if there is no such Bento."""
    try:
        bento = bentoml.bentos.get(tag)
    except NotFound:
        return {}
    known = {name: text for name, text in bento.info.labels.items() if text}
    labels = {
        f"{OCI}.version": str(bento.tag.version),
        f"{OCI}.created": bento.info.creation_time.isoformat(),
        "credit-scoring.bento": str(bento.tag),
        **{f"credit-scoring.{name}": text for name, text in known.items()},
    }
    return labels | ({f"{OCI}.revision": known["git_commit"]} if "git_commit" in known else {})
