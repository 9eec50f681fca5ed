"""What the client scripts share: arguments, the models' test rows as numpy arrays, and the list of named checks.

Every script takes the same arguments, prints one JSON document `{"client", "passed", "failed", "checks": [{"name",
"ok", "detail"}]}` on standard output and exits with 1 when a check failed, with 2 when it could not start.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable

import numpy as np

NUMPY_TYPES = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}

UNKNOWN_VERSION = "424242"


@dataclass
class Tensor:
    name: str
    datatype: str
    values: np.ndarray

    def rows(self, wanted: slice | list[int]) -> "Tensor":
        return Tensor(self.name, self.datatype, self.values[wanted])


@dataclass
class Model:
    """A model as it is served: the name it was given there, and the test rows of its sample file."""

    name: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    declared: dict[str, Any]

    @property
    def rows(self) -> int:
        return len(self.inputs[0].values)

    @property
    def datatypes(self) -> set[str]:
        return {tensor.datatype for tensor in self.inputs + self.outputs}

    def input_rows(self, wanted: slice | list[int]) -> list[Tensor]:
        return [tensor.rows(wanted) for tensor in self.inputs]

    def agrees(self, answer: Callable[[str], Any], wanted: slice | list[int] = slice(None)) -> str:
        """Fails unless `answer(output name)` is, for those rows, what the model's own framework predicts."""
        tolerance = self.declared["tolerance"]
        for expected in self.outputs:
            native = expected.values[wanted]
            values = answer(expected.name)
            assert values is not None, f"no output {expected.name}"
            values = np.asarray(values)
            assert values.shape == native.shape, f"{expected.name}: shape {values.shape}, expected {native.shape}"
            if expected.datatype == "BYTES":
                values = np.vectorize(lambda one: one.decode() if isinstance(one, bytes) else one)(values)
                assert (values == native).all(), f"{expected.name}: {values.tolist()}, expected {native.tolist()}"
            elif expected.datatype.startswith("FP"):
                # As float64: a difference of two float32 limits overflows, and float16 cannot hold the tolerance.
                got, wished = values.astype(np.float64), native.astype(np.float64)
                allowed = tolerance["absolute"] + tolerance["relative"] * np.abs(wished)
                worst = np.max(np.abs(got - wished) - allowed, initial=-1)
                assert worst <= 0, f"{expected.name}: {worst:g} outside the tolerance"
            else:
                assert values.dtype != np.float64, f"{expected.name}: came as floating point numbers"
                assert (values == native).all(), f"{expected.name}: {values.tolist()}, expected {native.tolist()}"
        return f"{len(native)} rows, {', '.join(tensor.name for tensor in self.outputs)}"


class Checks:
    def __init__(self, package: str):
        self.client = f"{package} {version(package)}"
        self.results: list[dict[str, Any]] = []

    def run(self, name: str, check: Callable[[], Any]) -> None:
        """Runs one check; what it returns becomes its detail, and what it raises its failure."""
        try:
            detail, ok = check(), True
        except Exception as error:  # a broken client call is a failed check, and the others still run
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail, ok = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})", False
        self.results.append({"name": name, "ok": ok, "detail": "" if detail is None else str(detail)[:500]})

    def refused(self, name: str, call: Callable[[], Any], *, says: list[str], code: str | None = None) -> None:
        """Checks that `call` is refused with a text that holds each of `says`, and `code` where the status matters."""

        def check() -> str:
            try:
                answer = call()
            except Exception as error:
                text = refusal(error)
            else:
                raise AssertionError(f"was not refused, but answered {str(answer)[:200]}")
            missing = [word for word in says + ([code] if code else []) if word.lower() not in text.lower()]
            assert not missing, f"the refusal does not say {missing}: {text}"
            return text

        self.run(name, check)

    def finish(self) -> None:
        failed = [result for result in self.results if not result["ok"]]
        document = {
            "client": self.client,
            "passed": len(self.results) - len(failed),
            "failed": len(failed),
            "checks": self.results,
        }
        print(json.dumps(document, ensure_ascii=False))
        sys.exit(1 if failed or not self.results else 0)


def refusal(error: Exception) -> str:
    """What a user of the client sees of an error: its own text, and the status where the client keeps that apart."""
    own = [str(error)] + [
        str(value() if callable(value) else value)
        for value in (getattr(error, attribute, None) for attribute in ("code", "details"))
        if value is not None
    ]
    return " ".join(own)


@dataclass
class Target:
    http: str
    grpc: str
    token: str
    models: list[Model]
    token_needed: bool

    @property
    def http_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def grpc_metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)


def read_model(argument: str) -> Model:
    """`SAMPLE.json`, or `NAME=SAMPLE.json` where the model is served under another name."""
    name, _, path = argument.rpartition("=")
    declared = json.loads(Path(path).read_text(encoding="utf-8"))

    def tensors(described: list[dict[str, Any]]) -> list[Tensor]:
        return [
            Tensor(
                one["name"], one["datatype"], np.array(one["data"], NUMPY_TYPES[one["datatype"]]).reshape(one["shape"])
            )
            for one in described
        ]

    test = declared["test"]
    return Model(name or declared["name"], tensors(test["inputs"]), tensors(test["outputs"]), declared)


def read_target(description: str | None, arguments: list[str] | None = None) -> Target:
    """The arguments of a script; of the command line unless `arguments` are given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--http", required=True, metavar="URL", help="base URL, for example http://127.0.0.1:8080")
    parser.add_argument("--grpc", required=True, metavar="HOST:PORT", help="gRPC address")
    parser.add_argument("--token", required=True, help="access token, sent as Authorization: Bearer")
    parser.add_argument(
        "--model", required=True, action="append", metavar="[NAME=]SAMPLE.json", help=read_model.__doc__
    )
    parser.add_argument("--token-needed", action="store_true", help="also check that a call without token is refused")
    given = parser.parse_args(arguments)
    return Target(
        given.http.rstrip("/"), given.grpc, given.token, list(map(read_model, given.model)), given.token_needed
    )


def different_datatype(tensor: Tensor) -> Tensor:
    """The tensor in a datatype that the model does not take."""
    other = "INT32" if tensor.datatype != "INT32" else "FP64"
    return Tensor(tensor.name, other, np.zeros(tensor.values.shape, NUMPY_TYPES[other]))


def wider(tensor: Tensor) -> Tensor:
    """The tensor with one column more than the model takes."""
    return Tensor(tensor.name, tensor.datatype, np.concatenate([tensor.values, tensor.values[:, :1]], axis=1))
