from __future__ import annotations

import pytest
from bentoml._internal.server.http.traffic import TimeoutMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware

from serving.guarded_service import drop_time_limit
from serving.limiter import Limiter
from serving.limits import Limits

OURS = Middleware(Limiter, limits=Limits(1, 1.0))


def test_bentomls_time_limit_is_left_out_and_all_else_stays() -> None:
    app = Starlette(middleware=[Middleware(TimeoutMiddleware, timeout=1), OURS])

    drop_time_limit(app)

    assert app.user_middleware == [OURS]


def test_a_bentoml_that_limits_time_elsewhere_is_noticed() -> None:
    with pytest.raises(RuntimeError, match="not where it was"):
        drop_time_limit(Starlette(middleware=[OURS]))
