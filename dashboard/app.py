"""The page that `credit dashboard` shows: the service's state, its model, one applicant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.applicant_form import ask_for_applicant
from dashboard.service_client import ApplicantRefused, ServiceAway, ServiceClient
from settings import Settings


def show_state(health: Mapping[str, Any]) -> None:
    """Show whether the service answers, and what it knows."""
    store = health["history_store"]
    state, runner, histories = st.columns(3)
    state.metric("Service", health["status"])
    runner.metric("Model's process", health["runner"])
    histories.metric("Clients with history", f"{store['clients']:,}")
    if health["status"] != "ok":
        st.warning("The service is there but not ready; it refuses to decide.")
    if store["state"] != "loaded":
        st.info("No history store is loaded: every applicant counts as one without history.")


def show_model(model: Mapping[str, Any]) -> None:
    """Show which model decides, and by what threshold and costs."""
    st.subheader("Model")
    version, threshold, auc = st.columns(3)
    version.metric("Version", model["model_version"])
    threshold.metric("Refused from PD", f"{model['threshold']:.4f}")
    auc.metric("AUC, out of fold", f"{model['oof_auc']:.4f}")
    with st.expander("All that it tells of itself"):
        st.json(dict(model))


def show_answer(answer: Mapping[str, Any]) -> None:
    """Show the decision, and by what it can be found again."""
    decision, pd, threshold = st.columns(3)
    decision.metric("Decision", answer["decision"])
    pd.metric("Probability of default", f"{answer['probability']:.4f}")
    threshold.metric("Threshold", f"{answer['threshold']:.4f}")
    if answer.get("refer_to_person"):
        st.warning("A person is to look at this one.")
    st.caption(f"Request {answer['request_id']}, model version {answer['model_version']}")


def show_page(service: ServiceClient) -> None:
    """Show the page, or in one line why there is nothing to show."""
    st.title("Credit decisions")
    st.caption(f"Service: {service.url}")
    try:
        show_state(service.fetch_health())
        show_model(service.fetch_model_info())
        st.subheader("One applicant")
        applicant = ask_for_applicant(service.fetch_required_fields())
        if applicant is not None:
            show_answer(service.decide(applicant))
    except ApplicantRefused as refused:
        st.error("The service does not take these data:\n\n- " + "\n- ".join(refused.reasons))
    except ServiceAway as away:
        st.error(str(away))


if __name__ == "__main__":
    st.set_page_config(page_title="Credit decisions")
    settings = Settings()
    show_page(ServiceClient(settings.service_url.rstrip("/"), settings.service_token_text))
