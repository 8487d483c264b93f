"""The file between `credit tune` and who fits: each family's parameters, and why those.

The one that comes with the package is in git, so that nobody has to tune to train, and a model's
parameters have a history.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from credit.errors import TuningUnusable
from credit.store_manifest import Sha256
from training.fitting import FitSettings
from training.replacing import replacing
from training.tuning.family_name import SERVED, FamilyName
from training.tuning.space import Value

FILE_NAME = "best_parameters.json"
SCHEMA_VERSION: Literal[1] = 1

Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class XgboostParameters(BaseModel):
    """What XGBoost may be told; it would itself take a misspelt name for none at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    eta: Share
    max_depth: int = Field(ge=1, le=16)
    min_child_weight: NotNegative
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NotNegative
    reg_alpha: NotNegative = 0
    max_bin: int = Field(ge=2, le=1024)


class TunedFamily(BaseModel):
    """A family's parameters, and how they were found; no row, and no path.

    Attributes:
        parameters: What they are.
        method: How they were searched.
        objective: What was made small.
        incumbent_stays: Whether nothing was adopted, so that the parameters are older than this.
        trials: Settings tried, those that were given up early among them.
        pruned: Those that were.
        seed: Of the search and its folds.
        judged_on_seeds: Seeds of the folds that the figures are of.
        log_loss: Mean out-of-fold log loss.
        auc: Out-of-fold AUC.
        cost: Out-of-fold cost per applicant.
        clients: How many they were tuned on.
        features: Columns of the model.
        fingerprint: Contract and feature code of those features.
        tuned_at: UTC time.
        sources: SHA-256 of the tables' files, by table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: dict[str, Value]
    method: Literal["optuna", "grid"]
    objective: Literal["log_loss"]
    incumbent_stays: bool
    trials: int = Field(ge=1)
    pruned: int = Field(ge=0)
    seed: int = Field(ge=0)
    judged_on_seeds: tuple[int, ...]
    log_loss: NotNegative
    auc: Share
    cost: NotNegative
    clients: int = Field(ge=1)
    features: int = Field(ge=1)
    fingerprint: str
    tuned_at: AwareDatetime
    sources: dict[str, Sha256]


class BestParameters(BaseModel):
    """The best known parameters of each family that has been tuned.

    Attributes:
        schema_version: Of this file.
        families: By name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION
    families: dict[FamilyName, TunedFamily]

    def replace_family(self, name: FamilyName, tuned: TunedFamily) -> Self:
        """Return the file with another entry for the family."""
        return self.model_copy(update={"families": {**self.families, name: tuned}})


def read_best_parameters(path: Path | None = None) -> BestParameters:
    """Return the file's content; None: of the one that comes with the package.

    Raises:
        TuningUnusable: If it is no such file, or one of another version of its schema, or holds
            parameters that the served family cannot be told.
    """
    source = files("training") / FILE_NAME if path is None else path
    where = f"The package's {FILE_NAME}" if path is None else str(path)
    try:
        best = BestParameters.model_validate_json(source.read_bytes())
        if served := best.families.get(SERVED):
            XgboostParameters.model_validate(served.parameters)
    except ValidationError as error:
        raise TuningUnusable(
            f"{where} holds no usable parameters: {_describe(error)}. Expected a file of schema "
            f"{SCHEMA_VERSION}; make one with `credit tune`."
        ) from None
    return best


def write_best_parameters(best: BestParameters, path: Path) -> None:
    """Write the file as JSON, whole or not at all."""
    with replacing(path) as part:
        part.write_text(f"{best.model_dump_json(indent=1)}\n")


def read_served_family(path: Path | None = None) -> TunedFamily:
    """Return what the file holds of the family that is served.

    Raises:
        TuningUnusable: As `read_best_parameters`; also if the served family is not in the file.
    """
    served = read_best_parameters(path).families.get(SERVED)
    if served is None:
        raise TuningUnusable(
            f"{path or FILE_NAME} has no parameters of {SERVED.value}, which is what is trained. "
            f"Make them with `credit tune --model {SERVED.value}`."
        )
    return served


def read_fit_settings(path: Path | None = None) -> FitSettings:
    """Return how `credit train` fits: its usual settings with the file's parameters.

    Raises:
        TuningUnusable: As `read_served_family`.
    """
    return make_fit_settings(read_served_family(path))


def make_fit_settings(served: TunedFamily) -> FitSettings:
    """Return the usual settings with the served family's parameters."""
    parameters = XgboostParameters.model_validate(served.parameters)
    return FitSettings(parameters=tuple(parameters.model_dump(exclude_unset=True).items()))


def read_family_parameters(path: Path | None = None) -> dict[str, dict[str, Value]]:
    """Return the parameters of every family in the file, by its name, for `credit compare`.

    Raises:
        TuningUnusable: As `read_best_parameters`.
    """
    families = read_best_parameters(path).families
    return {name.value: tuned.parameters for name, tuned in families.items()}


def _describe(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the JSON"
    return f"{where}: {first['msg']}"
