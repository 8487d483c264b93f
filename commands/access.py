"""`credit token`: who may ask the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import read_settings
from serving.route_scopes import AccessScope


def token(
    subject: Annotated[
        str,
        typer.Option(help="Whose token it is: a program or a person.", show_default=False),
    ],
    scope: Annotated[
        list[AccessScope],
        typer.Option(help="What it allows; give it again for more.", show_default=False),
    ],
    lifetime: Annotated[
        str, typer.Option(help="How long it counts: such as 45m, 12h or 30d, up to 366d.")
    ] = "30d",
    private_key: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="PEM file of an RSA key to sign with; default: CREDIT_TOKEN_PRIVATE_KEY, or the "
            "secret CREDIT_TOKEN_SECRET.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print an access token, for the service's callers to send as `Authorization: Bearer …`.

    Signed by HS256 with CREDIT_TOKEN_SECRET, or by RS256 with a private key. Whoever has it can use
    it until it expires: there is no list of tokens.
    """
    from serving.token_check import Audience
    from serving.token_issuing import Grant, choose_signing_key, issue_token, read_lifetime

    settings = read_settings()
    try:
        lifetime_s = read_lifetime(lifetime)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--lifetime") from None
    if not subject.strip():
        raise typer.BadParameter("it is empty.", param_hint="--subject")
    secret = settings.token_secret
    key = choose_signing_key(
        None if secret is None else secret.get_secret_value(),
        private_key or settings.token_private_key,
    )
    expected = Audience(settings.token_issuer, settings.token_audience)
    typer.echo(issue_token(Grant(subject, scope, lifetime_s), key, expected))
