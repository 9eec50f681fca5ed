"""The gradient boosting samples of LightGBM and XGBoost, exported by onnxmltools."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType  # not the type of the same name in skl2onnx
from sklearn.datasets import load_breast_cancer, load_digits

from .common import OPSETS, SEED, SUMMED_IN_FLOAT32, TEST_ROWS, UCI, classification, framework, numeric, split
from .sample_file import write_sample


def tied_rows(booster: lightgbm.Booster, rows: np.ndarray) -> np.ndarray:
    """True for rows that meet a split whose threshold, rounded to the graph's float32, sends them the other way."""
    nodes = booster.trees_to_dataframe().dropna(subset=["threshold"])
    column_of = {name: column for column, name in enumerate(booster.feature_name())}
    tied = np.zeros(len(rows), dtype=bool)
    for name, threshold in zip(nodes["split_feature"], nodes["threshold"].astype(float)):
        values = rows[:, column_of[name]]
        tied |= (values <= threshold) != (values <= float(np.float32(threshold)))
    return tied


def breast_cancer(out: Path) -> None:
    data = load_breast_cancer()
    train, held_out, target, held_target = split(numeric(data.data), data.target)
    model = lightgbm.LGBMClassifier(
        n_estimators=60, num_leaves=15, random_state=SEED, n_jobs=1, deterministic=True, force_col_wise=True, verbose=-1
    ).fit(train, target)
    exported = convert_lightgbm(
        model, initial_types=[("features", FloatTensorType([None, 30]))], zipmap=False, target_opset=OPSETS[""]
    )
    tied = tied_rows(model.booster_, held_out)
    rows = held_out[~tied][:TEST_ROWS]
    about = {
        "title": "Is the tumour benign?",
        "story": "A pathology service reads samples that look malignant first.",
        **framework("LightGBM", "lightgbm", "onnxmltools"),
        "algorithm": "LGBMClassifier",
        "dataset": {
            "name": "Breast cancer Wisconsin, diagnostic (scikit-learn load_breast_cancer)",
            "rows": 569,
            "licence": UCI,
        },
        "features": list(map(str, data.feature_names)),
        "classes": list(map(str, data.target_names)),
        "quality": {"metric": "accuracy on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": {
            **SUMMED_IN_FLOAT32,
            "why": SUMMED_IN_FLOAT32["why"]
            + "; thresholds are rounded to float32, so that a value which ties with one may take the other branch: "
            f"{int(tied.sum())} of {len(tied)} held-out rows do, and none of them is among the test rows",
        },
        "declaredShapes": "the exporter declares the label as [1]; it is [rows] in every answer",
    }
    write_sample(
        out, "breast-cancer-benign", exported, about, {"features": rows.astype(np.float32)}, classification(model, rows)
    )


def digits(out: Path) -> None:
    data = load_digits()
    train, held_out, target, held_target = split(numeric(data.data), data.target)
    model = xgboost.XGBClassifier(
        n_estimators=40, max_depth=4, learning_rate=0.4, random_state=SEED, n_jobs=1, tree_method="hist"
    ).fit(train, target)
    exported = convert_xgboost(model, initial_types=[("pixels", FloatTensorType([None, 64]))], target_opset=OPSETS[""])
    rows = held_out[:TEST_ROWS]
    about = {
        "title": "Which digit was written?",
        "story": "A mail sorter reads the handwritten digits of a postcode from 8 x 8 grey values.",
        **framework("XGBoost", "xgboost-cpu", "onnxmltools"),
        "algorithm": "XGBClassifier",
        "dataset": {
            "name": "Optical recognition of handwritten digits (scikit-learn load_digits)",
            "rows": 1797,
            "licence": UCI,
        },
        "features": list(data.feature_names),
        "classes": [str(digit) for digit in data.target_names],
        "quality": {"metric": "accuracy on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": {
            **SUMMED_IN_FLOAT32,
            "why": "both add in float32 and compare with float32 thresholds, in another order",
        },
    }
    write_sample(out, "digit-reader", exported, about, {"pixels": rows.astype(np.float32)}, classification(model, rows))
