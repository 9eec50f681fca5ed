"""What the sample models have in common: seed, splits, float32 rounding, words for their JSON."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from sklearn.model_selection import train_test_split

SEED = 20260
TEST_ROWS = 24
OPSETS = {"": 15, "ai.onnx.ml": 3}
UCI = "CC BY 4.0 (UCI Machine Learning Repository)"

SUMMED_IN_FLOAT32 = {
    "absolute": 1e-6,
    "relative": 0,
    "why": "ONNX Runtime adds in float32 (a unit in the last place near 1 is 6e-8), the framework in float64",
}


def framework(name: str, distribution: str, exporter: str) -> dict:
    return {
        "framework": {"name": name, "version": version(distribution)},
        "exporter": {"name": exporter, "version": version(exporter)},
        "seed": SEED,
    }


def split(features, target, stratify: bool = True):
    return train_test_split(features, target, test_size=0.25, random_state=SEED, stratify=target if stratify else None)


def numeric(features) -> np.ndarray:
    """The values as a client sends them: rounded to float32, then exact in float64 for the framework."""
    return np.asarray(features, dtype=np.float32).astype(np.float64)


def classification(model, rows) -> dict[str, np.ndarray]:
    return {"label": np.asarray(model.predict(rows)), "probabilities": np.asarray(model.predict_proba(rows))}
