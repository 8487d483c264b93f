"""The folder that MLflow keeps of a version: one booster, its bundle, and the code that decides.

Two flavors read the same booster: `python_function`, which answers with decisions, and `xgboost`.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
import xgboost as xgb
from mlflow.models import Model
from mlflow.models.model import MLMODEL_FILE_NAME, MODEL_CODE_PATH
from mlflow.models.signature import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, Schema

import credit
from credit.bundle import BUNDLE_FILE, MODEL_FILE, Bundle
from credit.temporary_folder import open_temporary_folder

CODE = Path(__file__).with_name("pyfunc_model.py")
KERNEL = Path(credit.__file__).parent
REQUIREMENTS = [
    # As in pyproject.toml: the same module, without GPU libraries where it has wheels.
    f"xgboost-cpu=={xgb.__version__}; sys_platform != 'darwin'",
    f"xgboost=={xgb.__version__}; sys_platform == 'darwin'",
    *(f"{package}=={version(package)}" for package in ("narwhals", "numpy", "pandas", "pydantic")),
]
ANSWER = Schema(
    [
        ColSpec(DataType.double, "probability"),
        ColSpec(DataType.long, "prediction"),
        ColSpec(DataType.string, "decision"),
        ColSpec(DataType.double, "threshold"),
        ColSpec(DataType.boolean, "refer_to_person"),
    ]
)


def save_model(
    path: str, mlflow_model: Model, booster: xgb.Booster, bundle: Bundle, example: pd.DataFrame
) -> None:
    """Write the folder; `mlflow.models.Model.log` calls this as it does its own flavors'."""
    mlflow_model.add_flavor(
        "xgboost",
        xgb_version=xgb.__version__,
        data=MODEL_FILE,
        model_class="xgboost.core.Booster",
        model_format="ubj",
    )
    with open_temporary_folder("credit-model-") as folder:
        model_file, bundle_file = (folder / Path(name).name for name in (MODEL_FILE, BUNDLE_FILE))
        booster.save_model(model_file)
        bundle_file.write_text(json.dumps(bundle.to_metadata(), indent=1))
        mlflow.pyfunc.save_model(
            path=path,
            mlflow_model=mlflow_model,
            python_model=str(CODE),
            artifacts={"booster": str(model_file), "bundle": str(bundle_file)},
            code_paths=[str(KERNEL)],
            signature=_sign(example),
            input_example=example,
            pip_requirements=REQUIREMENTS,
        )
    _forget_where_it_was_made(mlflow_model)
    mlflow_model.save(str(Path(path, MLMODEL_FILE_NAME)))


def _sign(example: pd.DataFrame) -> ModelSignature:
    return ModelSignature(infer_signature(example).inputs, ANSWER)


def _forget_where_it_was_made(mlflow_model: Model) -> None:
    """Leave only paths inside the folder: the registry may be shared, and others' paths leak."""
    settings = mlflow_model.flavors[mlflow.pyfunc.FLAVOR_NAME]
    settings[MODEL_CODE_PATH] = CODE.name
    for artifact in settings["artifacts"].values():
        artifact["uri"] = artifact["path"]
