"""Makes the models of test/interop/models, which answer what they are sent: one tensor of every datatype there is.

    .venv/bin/python scripts/make_echo_models.py    # the environment of train_samples.py

`echo` takes all datatypes that JSON can carry, `echo-half` takes FP16, which the protocol moves in binary form only.
The test rows are each datatype's limits, 64-bit integers that float64 cannot hold, and strings of many scripts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from samples.sample_file import DATATYPES, write_sample

COLUMNS = 2
OUT = Path(__file__).resolve().parent.parent / "test" / "interop" / "models"


def limits(dtype: type) -> np.ndarray:
    info = np.iinfo(dtype)
    beyond_float64 = 2**53 + 1 if info.bits == 64 else 1
    return np.array([info.min, info.max, 0, beyond_float64, 2, 3], dtype=dtype)


VALUES = {
    TensorProto.BOOL: np.array([True, False, False, True, True, True]),
    TensorProto.UINT8: limits(np.uint8),
    TensorProto.UINT16: limits(np.uint16),
    TensorProto.UINT32: limits(np.uint32),
    TensorProto.UINT64: limits(np.uint64),
    TensorProto.INT8: limits(np.int8),
    TensorProto.INT16: limits(np.int16),
    TensorProto.INT32: limits(np.int32),
    TensorProto.INT64: limits(np.int64),
    TensorProto.FLOAT: np.array([0, -1.5, 0.1, 16777216, 3.4028235e38, 1e-45], dtype=np.float32),
    TensorProto.DOUBLE: np.array([0, -1.5, 0.1, 9007199254740993, 1.7976931348623157e308, 5e-324]),
    TensorProto.STRING: np.array(["", "plain", "žluťoučký kůň", "日本語", "👩‍🚀", 'a "quote",\n\ttab'], dtype=object),
}
HALF = {TensorProto.FLOAT16: np.array([0, -1.5, 0.1, 65504, 6e-8, 2], dtype=np.float16)}


def make(name: str, title: str, values: dict[int, np.ndarray]) -> None:
    nodes, inputs, outputs, sent, answered = [], [], [], {}, {}
    for element_type, data in values.items():
        tensor = DATATYPES[element_type].lower()
        echoed = f"{tensor}_echo"
        nodes.append(helper.make_node("Identity", [tensor], [echoed]))
        inputs.append(helper.make_tensor_value_info(tensor, element_type, ["rows", COLUMNS]))
        outputs.append(helper.make_tensor_value_info(echoed, element_type, ["rows", COLUMNS]))
        sent[tensor] = answered[echoed] = data.reshape(-1, COLUMNS)
    graph = helper.make_graph(nodes, name, inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    write_sample(OUT, name, model, {"title": title, "tolerance": {"absolute": 0, "relative": 0}}, sent, answered)


if __name__ == "__main__":
    make("echo", "Answers what it is sent, in every datatype that JSON carries", VALUES)
    make("echo-half", "Answers the half-precision numbers it is sent", HALF)
