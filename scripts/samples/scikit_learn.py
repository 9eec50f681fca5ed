"""The scikit-learn samples, exported by skl2onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .common import OPSETS, SEED, SUMMED_IN_FLOAT32, TEST_ROWS, UCI, classification, framework, numeric, split
from .sample_file import write_sample


def iris(out: Path) -> None:
    data = load_iris()
    train, held_out, target, held_target = split(numeric(data.data), data.target)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, target)
    exported = convert_sklearn(
        model,
        initial_types=[("features", FloatTensorType([None, 4]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSETS,
    )
    rows = held_out[:TEST_ROWS]
    about = {
        "title": "Which iris is it?",
        "story": "A garden centre photographs a flower, measures sepal and petal, and labels the tray.",
        **framework("scikit-learn", "scikit-learn", "skl2onnx"),
        "algorithm": "StandardScaler, LogisticRegression",
        "dataset": {"name": "Iris plants (scikit-learn load_iris)", "rows": 150, "licence": UCI},
        "features": list(data.feature_names),
        "classes": list(map(str, data.target_names)),
        "quality": {"metric": "accuracy on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": SUMMED_IN_FLOAT32,
    }
    write_sample(
        out, "iris-classifier", exported, about, {"features": rows.astype(np.float32)}, classification(model, rows)
    )


def wine(out: Path) -> None:
    data = load_wine()
    train, held_out, target, held_target = split(numeric(data.data), data.target)
    model = RandomForestClassifier(n_estimators=60, max_depth=6, random_state=SEED, n_jobs=1).fit(train, target)
    exported = convert_sklearn(
        model,
        initial_types=[("features", FloatTensorType([None, 13]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSETS,
    )
    rows = held_out[:TEST_ROWS]
    about = {
        "title": "Which grower made this wine?",
        "story": "A laboratory checks the declared origin of a bottle from thirteen chemical measurements.",
        **framework("scikit-learn", "scikit-learn", "skl2onnx"),
        "algorithm": "RandomForestClassifier",
        "dataset": {"name": "Wine recognition (scikit-learn load_wine)", "rows": 178, "licence": UCI},
        "features": list(data.feature_names),
        "classes": list(map(str, data.target_names)),
        "quality": {"metric": "accuracy on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": SUMMED_IN_FLOAT32,
    }
    write_sample(
        out, "wine-origin", exported, about, {"features": rows.astype(np.float32)}, classification(model, rows)
    )


def diabetes(out: Path) -> None:
    data = load_diabetes(scaled=False)
    train, held_out, target, held_target = split(numeric(data.data), data.target, stratify=False)
    model = GradientBoostingRegressor(n_estimators=80, max_depth=3, learning_rate=0.06, random_state=SEED)
    model.fit(train, target)
    exported = convert_sklearn(model, initial_types=[("features", FloatTensorType([None, 10]))], target_opset=OPSETS)
    rows = held_out[:TEST_ROWS]
    about = {
        "title": "How far will the disease have gone in a year?",
        "story": "A clinic orders its check-ups by the progression expected from ten measurements of the first visit.",
        **framework("scikit-learn", "scikit-learn", "skl2onnx"),
        "algorithm": "GradientBoostingRegressor",
        "dataset": {
            "name": "Diabetes (scikit-learn load_diabetes; Efron, Hastie, Johnstone, Tibshirani 2004)",
            "rows": 442,
            "licence": "published by its authors without one; distributed inside scikit-learn (BSD-3-Clause)",
        },
        "features": list(data.feature_names),
        "quality": {"metric": "R2 on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": {
            "absolute": 0,
            "relative": 1e-5,
            "why": "the leaves of 80 trees are added in float32 by ONNX Runtime and in float64 by the framework",
        },
    }
    predictions = {"variable": model.predict(rows).reshape(-1, 1)}
    write_sample(out, "diabetes-progression", exported, about, {"features": rows.astype(np.float32)}, predictions)


def penguins(out: Path) -> None:
    data = load_penguins(drop_na=True)
    kinds = {
        "bill_length_mm": FloatTensorType,
        "bill_depth_mm": FloatTensorType,
        "flipper_length_mm": Int64TensorType,
        "body_mass_g": Int64TensorType,
        "island": StringTensorType,
        "sex": StringTensorType,
    }
    of = {kind: [name for name in kinds if kinds[name] is kind] for kind in kinds.values()}
    table = data[list(kinds)].astype({name: "int64" for name in of[Int64TensorType]})
    table = table.assign(**{name: numeric(table[name]) for name in of[FloatTensorType]})
    train, held_out, target, held_target = split(table, data["species"].astype(str))
    columns = ColumnTransformer(
        [
            ("measured", StandardScaler(), of[FloatTensorType]),
            ("counted", StandardScaler(), of[Int64TensorType]),
            ("named", OneHotEncoder(handle_unknown="ignore", sparse_output=False), of[StringTensorType]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(train, target)
    exported = convert_sklearn(
        model,
        initial_types=[(name, kind([None, 1])) for name, kind in kinds.items()],
        options={id(model): {"zipmap": False}},
        target_opset=OPSETS,
    )
    rows = held_out[:TEST_ROWS]
    about = {
        "title": "Which penguin was ringed?",
        "story": "A field station books a bird from its measurements, its sex and the island it was met on.",
        **framework("scikit-learn", "scikit-learn", "skl2onnx"),
        "algorithm": "ColumnTransformer(StandardScaler, OneHotEncoder), LogisticRegression",
        "dataset": {"name": "Palmer penguins (palmerpenguins load_penguins)", "rows": len(data), "licence": "CC0 1.0"},
        "features": list(kinds),
        "classes": list(map(str, model.classes_)),
        "quality": {"metric": "accuracy on held-out rows", "value": round(model.score(held_out, held_target), 4)},
        "tolerance": SUMMED_IN_FLOAT32,
    }
    arrays = {name: column_array(rows[name], kinds[name]) for name in kinds}
    write_sample(out, "penguin-species", exported, about, arrays, classification(model, rows))


def column_array(column: pd.Series, kind: type) -> np.ndarray:
    """One column as the [rows, 1] tensor that its input takes."""
    dtype = {FloatTensorType: np.float32, Int64TensorType: np.int64, StringTensorType: object}[kind]
    return column.to_numpy(dtype=dtype).reshape(-1, 1)
