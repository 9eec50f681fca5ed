"""Trains the sample models of models/samples from public data that ships inside Python packages.

    python3 -m venv .venv
    .venv/bin/pip install -r scripts/requirements-samples.txt
    .venv/bin/python scripts/train_samples.py            # writes models/samples
    .venv/bin/python scripts/train_samples.py --out DIR  # writes elsewhere

Nothing is drawn at random but from SEED and everything runs on one thread: the same versions give the same bytes.
Every model takes a batch of any size. Predictions are the training framework's own, made from the float32 values
that a client sends; rows that the exported graph cannot decide alike are left out and counted (`tied_rows` in
samples/boosted.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from samples.boosted import breast_cancer, digits
from samples.scikit_learn import diabetes, iris, penguins, wine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "models" / "samples")
    out = parser.parse_args().out
    for train in (iris, wine, diabetes, breast_cancer, digits, penguins):
        train(out)


if __name__ == "__main__":
    main()
