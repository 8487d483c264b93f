"""The HTTP interface of a running service, as its callers see it."""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from credit.errors import ServiceFailed

TIMEOUT_SECONDS = 30
ROWS_A_REQUEST = 500


@dataclass(frozen=True, slots=True)
class ScoringApi:
    """A service.

    Attributes:
        url: Where it answers, such as http://127.0.0.1:3000.
        token: Access token to bring along; None: none.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """Return status and body of the answer to one request.

        Raises:
            ServiceFailed: If nothing answers.
        """
        address = urlsplit(self.url)
        secure = address.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
        try:
            headers = {"Content-Type": "application/json"}
            if self.token is not None:
                headers["Authorization"] = f"Bearer {self.token}"
            connection.request(method, f"{address.path.rstrip('/')}{path}", body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ServiceFailed(f"Nothing answers on {self.url}{path}: {error}") from None
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Return whether the service and the model behind it answer."""
        try:
            return self.ask("GET", "/readyz")[0] == http.client.OK
        except ServiceFailed:
            return False

    def tell_model(self) -> dict[str, Any]:
        """Return what the service tells of its model.

        Raises:
            ServiceFailed: If it does not.
        """
        status, body = self.ask("GET", "/model-info")
        if status != http.client.OK:
            raise ServiceFailed(
                f"{self.url}/model-info answered {status}. Is it a service of this project?"
            )
        told: dict[str, Any] = json.loads(body)
        return told

    def decide(self, applicant: Mapping[str, object]) -> dict[str, Any]:
        """Return the answer on one applicant.

        Raises:
            ServiceFailed: If it refuses to answer, or the answer is no decision.
        """
        return self.decide_all([applicant])[0]

    def decide_all(self, applicants: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Return the answers on applicants, in their order.

        Raises:
            ServiceFailed: If it refuses to answer on one, or an answer is no decision.
        """
        answers: list[dict[str, Any]] = []
        for first in range(0, len(applicants), ROWS_A_REQUEST):
            rows = applicants[first : first + ROWS_A_REQUEST]
            status, body = self.ask("POST", "/predict", json.dumps({"data": list(rows)}))
            if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
                raise ServiceFailed(
                    f"The service answered {status}{_quote_faults(body)}. Set CREDIT_SERVICE_TOKEN "
                    "to what `credit token --subject … --scope score` prints."
                )
            if status != http.client.OK:
                raise ServiceFailed(
                    f"The service answered {status} to valid applicants{_quote_faults(body)}. Its "
                    "log tells more."
                )
            found = json.loads(body) if body.startswith("[") else []
            if len(found) != len(rows) or not all(_is_decision(answer) for answer in found):
                raise ServiceFailed(
                    f"The service's answer to {len(rows)} valid applicants is no decision on each"
                    f"{_quote_faults(body)}. Is it a service of this project?"
                )
            answers += found
        return answers


def _is_decision(answer: object) -> bool:
    if not isinstance(answer, dict):
        return False
    probability = answer.get("probability")
    return isinstance(probability, float) and math.isfinite(probability) and "decision" in answer


def _quote_faults(body: str) -> str:
    """Return what an answer says is wrong, without the values of anybody."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    details = found.get("detail") if isinstance(found, dict) else None
    if not isinstance(details, list):
        return ""
    told = {str(item["msg"]) for item in details if isinstance(item, dict) and "msg" in item}
    return f": {'; '.join(sorted(told)[:5])}" if told else ""
