"""Whether model, contract and code belong together, and are what was registered."""

from __future__ import annotations

from credit.bundle import BUNDLE_FILE, MODEL_FILE, compute_fingerprint
from registry.gate.evidence import REMEDY
from registry.gate.finding import Case, Finding, pass_if
from registry.gate.report import Verdict

SHOWN_DIGITS = 12


def look_at_signature(case: Case) -> Finding:
    """Return whether the model says which columns it takes, in which order, and what it gives."""
    signature = case.challenger.mlflow_model.signature
    limit = "inputs and outputs, as fitted"
    if signature is None or signature.inputs is None or signature.outputs is None:
        lacking = "no signature" if signature is None else "half a signature"
        return Finding(
            Verdict.FAILED,
            lacking,
            limit,
            f"MLflow's users are not told what {case.challenger.told} takes and gives. {REMEDY}",
        )
    taken = [str(name) for name in signature.inputs.input_names()]
    fitted = list(case.challenger.booster.feature_names or ())
    same = taken == fitted
    detail = "" if same else f"The signature's inputs are not the model's columns. {REMEDY}"
    return Finding(
        pass_if(same),
        f"{len(taken)} inputs, outputs: {len(signature.outputs.inputs)}",
        limit,
        detail,
        {"inputs": len(taken), "outputs": len(signature.outputs.inputs)},
        {"inputs": len(fitted)},
    )


def look_at_fingerprint(case: Case) -> Finding:
    """Return whether the bundle is whole, and of this code, and the model takes its features."""
    found, expected = case.challenger.bundle.fingerprint, compute_fingerprint()
    limit = f"this code's {expected}"
    if found != expected:
        return Finding(
            Verdict.FAILED,
            found,
            limit,
            f"{case.challenger.told} was fitted with another contract or other feature code, which "
            "the service refuses. Train again with this code, or promote it with the code it was "
            "fitted with.",
        )
    columns = case.challenger.booster.num_features()  # also that they are the catalog's, in order
    return Finding(
        Verdict.PASSED, f"{found}, {columns} features", limit, figures={"features": columns}
    )


def look_at_integrity(case: Case) -> Finding:
    """Return whether the model's file and the bundle beside it are what was registered.

    The service decides by the tags, MLflow's own server by the bundle beside the model.
    """
    challenger = case.challenger
    found, expected = challenger.model_sha256, challenger.bundle.model_sha256
    differing = ", ".join(challenger.bundle_differences)
    faults = []
    if found != expected:
        faults.append(
            f"{MODEL_FILE} was changed after {challenger.told} was registered: it hashes to "
            f"{found}, registered was {expected}. Do not use it; find out who changed it."
        )
    if differing:
        faults.append(
            f"The tags of {challenger.told} and its {BUNDLE_FILE} differ in {differing}: one of "
            "them was changed after training, and the service would decide otherwise than "
            "`mlflow models serve`. Set the tag back to what the file says, or train again."
        )
    return Finding(
        pass_if(not faults),
        f"SHA-256 {found[:SHOWN_DIGITS]}" + (f"; differ: {differing}" if differing else ""),
        f"{expected[:SHOWN_DIGITS]}; tags as in the bundle",
        " ".join(faults),
        {"differing_fields": len(challenger.bundle_differences)},
        {"differing_fields_max": 0},
    )
