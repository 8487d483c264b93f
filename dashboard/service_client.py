"""What the dashboard asks the service, and its answers as they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import httpx

TIMEOUT_SECONDS = 20
MESSAGE_CHARACTERS = 200


class Field(TypedDict):
    """A field of an applicant, as `GET /features` tells it."""

    name: str
    type: str
    unit: str
    minimum: float | None
    maximum: float | None
    categories: list[str]
    sentinel: str | int | float | None
    nullable: bool
    meaning: str


class ServiceAway(Exception):
    """Nothing that speaks like the service answers."""


class ApplicantRefused(Exception):
    """The service does not take the applicant's data as they are.

    Attributes:
        reasons: What is wrong, a line a field.
    """

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """A service that may or may not be there.

    Attributes:
        url: Where it answers, such as http://127.0.0.1:3000.
        token: Access token to bring along; None: none.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    def fetch_health(self) -> dict[str, Any]:
        """Return the state of the service; one that is not ready tells it too, with 503."""
        return self._read(self._request("GET", "/health"), expected=(200, 503))

    def fetch_model_info(self) -> dict[str, Any]:
        """Return which model decides, by what threshold and costs."""
        return self._read(self._request("GET", "/model-info"))

    def fetch_required_fields(self) -> list[Field]:
        """Return the fields without which no applicant is scored."""
        fields: list[Field] = self._read(self._request("GET", "/features"))["required"]
        return fields

    def decide(self, applicant: Mapping[str, object]) -> dict[str, Any]:
        """Return the service's answer on one applicant.

        Raises:
            ApplicantRefused: If it finds the data missing or wrong.
            ServiceAway: If it answers in any other way than by a decision.
        """
        response = self._request("POST", "/predict", {"data": dict(applicant)})
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise ServiceAway(
                f"The service answered {response.status_code}: it wants a token with the scope "
                "score. Set CREDIT_SERVICE_TOKEN to what `credit token` prints."
            )
        if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            faults = self._read(response, expected=(422,))["detail"]
            raise ApplicantRefused([_describe_fault(fault) for fault in faults])
        return self._read(response)

    def _request(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        url = self.url + path
        try:
            return httpx.request(method, url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceAway(
                f"Nothing answers on {self.url}: {error}. Start the service (`credit demo`, or "
                "`bentoml serve`), or say where it is by CREDIT_SERVICE_URL."
            ) from None

    def _read(self, response: httpx.Response, expected: tuple[int, ...] = (200,)) -> dict[str, Any]:
        told = response.text[:MESSAGE_CHARACTERS]
        if response.status_code not in expected:
            raise ServiceAway(f"{response.url} answered {response.status_code}: {told}")
        try:
            content: dict[str, Any] = response.json()
        except ValueError:
            raise ServiceAway(
                f"{response.url} answered no JSON; is it the service? {told}"
            ) from None
        return content


def _describe_fault(fault: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in fault["loc"] if part not in ("body", "data"))
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
