from __future__ import annotations

import json

from deploy.container_check.malformed import WAYS, WHOLE_BODIES, make_malformed

APPLICANT = {"SK_ID_CURR": 100_001, "CODE_GENDER": "F", "AMT_CREDIT": 1000.0}


def test_the_same_seed_makes_the_same_bodies_and_another_one_others() -> None:
    bodies = list(make_malformed(APPLICANT, 120, seed=0))

    assert len(bodies) == 120
    assert bodies == list(make_malformed(APPLICANT, 120, seed=0))
    assert bodies != list(make_malformed(APPLICANT, 120, seed=1))


def test_fewer_bodies_than_whole_ones_can_be_asked_for() -> None:
    assert list(make_malformed(APPLICANT, 3, seed=0)) == list(WHOLE_BODIES[:3])


def test_hardly_a_body_is_the_valid_one() -> None:
    valid = json.dumps({"data": APPLICANT}).encode()

    spoiled = [body != valid for body in make_malformed(APPLICANT, 300, seed=0)]

    assert sum(spoiled) > 295
    assert len(set(WAYS)) == 7
