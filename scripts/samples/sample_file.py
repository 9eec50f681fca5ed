"""Writes a sample: the ONNX file and the JSON beside it that describes it and holds its test rows.

The JSON's `test.inputs` are the tensors of an Open Inference Protocol v2 request as they stand
(`{"inputs": [...]}` can be posted), and `test.outputs` what the framework that trained the model answers to them.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Mapping

import numpy as np
import onnx

# ONNX element type -> Open Inference Protocol datatype.
DATATYPES = {
    onnx.TensorProto.BOOL: "BOOL",
    onnx.TensorProto.UINT8: "UINT8",
    onnx.TensorProto.UINT16: "UINT16",
    onnx.TensorProto.UINT32: "UINT32",
    onnx.TensorProto.UINT64: "UINT64",
    onnx.TensorProto.INT8: "INT8",
    onnx.TensorProto.INT16: "INT16",
    onnx.TensorProto.INT32: "INT32",
    onnx.TensorProto.INT64: "INT64",
    onnx.TensorProto.FLOAT16: "FP16",
    onnx.TensorProto.FLOAT: "FP32",
    onnx.TensorProto.DOUBLE: "FP64",
    onnx.TensorProto.STRING: "BYTES",
}

# Names every float32: a prediction made in float64 for an FP32 output needs no more digits.
FLOAT32_DIGITS = 9


def signature(values) -> list[dict[str, Any]]:
    """Name, datatype and shape (-1 where the file leaves it open) of a graph's inputs or outputs."""
    described = []
    for value in values:
        tensor = value.type.tensor_type
        shape = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
        described.append({"name": value.name, "datatype": DATATYPES[tensor.elem_type], "shape": shape})
    return described


def plain(value: Any, datatype: str) -> Any:
    """A JSON value: a number by the shortest text that gives the same number back in its tensor's width."""
    if isinstance(value, (np.float16, np.float32)):
        return float(str(value))
    if isinstance(value, np.float64) and datatype == "FP32":
        return float(f"{value:.{FLOAT32_DIGITS}g}")
    return value.item() if isinstance(value, np.generic) else value


def tensors(described: list[dict[str, Any]], arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The arrays as Open Inference Protocol tensors, their data flat in row-major order."""
    return [
        {
            "name": one["name"],
            "datatype": one["datatype"],
            "shape": list(arrays[one["name"]].shape),
            "data": [plain(value, one["datatype"]) for value in arrays[one["name"]].ravel()],
        }
        for one in described
    ]


def write_sample(
    folder: Path,
    name: str,
    model: onnx.ModelProto,
    about: Mapping[str, Any],
    inputs: Mapping[str, np.ndarray],
    outputs: Mapping[str, np.ndarray],
) -> None:
    """Writes `<name>.onnx` and `<name>.json`. `inputs` and `outputs` hold one array per tensor of the graph."""
    folder.mkdir(parents=True, exist_ok=True)
    # Exporters draw a random graph name and list opsets in the order of a set: the file would change at every run.
    model.graph.name = name
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    onnx.checker.check_model(model)
    content = model.SerializeToString(deterministic=True)
    (folder / f"{name}.onnx").write_bytes(content)

    described_inputs, described_outputs = signature(model.graph.input), signature(model.graph.output)
    document = {
        "name": name,
        **about,
        "file": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        "inputs": described_inputs,
        "outputs": described_outputs,
        "test": {
            "rows": len(next(iter(inputs.values()))),
            "inputs": tensors(described_inputs, inputs),
            "outputs": tensors(described_outputs, outputs),
        },
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Lists of numbers and short strings on one line: a tensor is read as a row, not as a column.
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r",\s*\n\s*", ", ", found[1]) + "]", text)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{name}: {len(content)} bytes, {document['test']['rows']} test rows")
