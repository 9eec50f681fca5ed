"""The Open Inference Protocol working group's own generated clients (open-inference-openapi, open-inference-grpc).

They send what other clients do not: explicit nulls, every number as a float (120.0 for INT64, 1.0 for true), and typed
gRPC contents. 64-bit integers beyond 2^53 cannot pass through the REST one, so rows that hold them are left out there.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Callable

import grpc
import httpx
import numpy as np
from open_inference.grpc.protocol import (
    ModelInferRequest,
    ModelMetadataRequest,
    ModelReadyRequest,
    ServerLiveRequest,
    ServerMetadataRequest,
    ServerReadyRequest,
)
from open_inference.grpc.service import GRPCInferenceServiceStub
from open_inference.openapi.client import OpenInferenceClient
from open_inference.openapi.types import InferenceRequest, RequestInput, RequestOutput

from checks import NUMPY_TYPES, UNKNOWN_VERSION, Checks, Model, Target, Tensor, different_datatype, read_target, wider

TIMEOUT_SECONDS = 30
CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def rows_that_floats_hold(model: Model) -> list[int]:
    held = np.ones(model.rows, dtype=bool)
    for tensor in model.inputs + model.outputs:
        if tensor.datatype in ("INT64", "UINT64"):
            held &= np.array([all(abs(int(one)) < 2**53 for one in np.ravel(row)) for row in tensor.values])
    return np.flatnonzero(held).tolist()


def check_rest(checks: Checks, target: Target) -> None:
    client = OpenInferenceClient(
        base_url=target.http, httpx_client=httpx.Client(headers=target.http_headers, timeout=TIMEOUT_SECONDS)
    )

    def infer(model: str, tensors: list[Tensor], **options: Any) -> Callable[[str], Any]:
        inputs = [
            RequestInput(
                name=one.name, shape=list(one.values.shape), datatype=one.datatype, data=one.values.ravel().tolist()
            )
            for one in tensors
        ]
        response = client.model_infer(model, request=InferenceRequest(inputs=inputs, **options))
        outputs = {one.name: one for one in response.outputs}

        def output(name: str) -> Any:
            found = outputs.get(name)
            if found is None:
                return None
            return np.array(json.loads(found.data.json()), NUMPY_TYPES[found.datatype]).reshape(found.shape)

        return output

    checks.run("REST: server is live", client.check_server_liveness)
    checks.run("REST: server is ready", client.check_server_readiness)
    checks.run("REST: server metadata", lambda: client.read_server_metadata().name)
    for model in target.models:
        name = model.name
        versions: list[str] = []

        def described() -> str:
            answer = client.read_model_metadata(name)
            assert [one.name for one in answer.inputs] == [one.name for one in model.inputs], answer
            assert [one.datatype for one in answer.outputs] == [one.datatype for one in model.outputs], answer
            versions.extend(answer.versions)
            return answer.platform

        checks.run(f"REST {name}: is ready", lambda: client.check_model_readiness(name))
        checks.run(f"REST {name}: metadata", described)
        checks.run(
            f"REST {name}: its version is ready", lambda: client.check_model_version_readiness(name, versions[-1])
        )
        rows = rows_that_floats_hold(model)
        checks.run(f"REST {name}: predicts", lambda: model.agrees(infer(name, model.input_rows(rows)), rows))
    plain = target.models[0]
    first, others, wanted = plain.inputs[0], plain.inputs[1:], plain.outputs[-1].name
    checks.run(
        "REST: one output asked for",
        lambda: replace(plain, outputs=plain.outputs[-1:]).agrees(
            infer(plain.name, plain.inputs, outputs=[RequestOutput(name=wanted)], id="interop-3")
        ),
    )
    checks.refused(
        "REST: unknown model", lambda: infer("no-such-model", plain.inputs), says=["404", "error", "no-such-model"]
    )
    checks.refused(
        "REST: unknown version is not ready",
        lambda: client.check_model_version_readiness(plain.name, UNKNOWN_VERSION),
        says=["error", UNKNOWN_VERSION],
    )
    checks.refused(
        "REST: wrong shape",
        lambda: infer(plain.name, [wider(first), *others]),
        says=["400", "error", first.name, "shape"],
    )
    checks.refused(
        "REST: wrong datatype",
        lambda: infer(plain.name, [different_datatype(first), *others]),
        says=["400", "error", first.name, different_datatype(first).datatype],
    )


def typed(model: str, tensors: list[Tensor], **options: Any) -> ModelInferRequest:
    inputs = []
    for one in tensors:
        values = (
            [value.encode() for value in one.values.ravel()] if one.datatype == "BYTES" else one.values.ravel().tolist()
        )
        inputs.append(
            {
                "name": one.name,
                "datatype": one.datatype,
                "shape": list(one.values.shape),
                "contents": {CONTENTS[one.datatype]: values},
            }
        )
    return ModelInferRequest(model_name=model, inputs=inputs, **options)


def raw(model: str, tensors: list[Tensor], **options: Any) -> ModelInferRequest:
    inputs = [{"name": one.name, "datatype": one.datatype, "shape": list(one.values.shape)} for one in tensors]
    contents = [raw_bytes(one) for one in tensors]
    return ModelInferRequest(model_name=model, inputs=inputs, raw_input_contents=contents, **options)


def raw_bytes(tensor: Tensor) -> bytes:
    if tensor.datatype != "BYTES":
        return tensor.values.tobytes()
    encoded = [value.encode() for value in tensor.values.ravel()]
    return b"".join(len(one).to_bytes(4, "little") + one for one in encoded)


def read_grpc(response: Any) -> Callable[[str], Any]:
    def output(name: str) -> Any:
        for index, one in enumerate(response.outputs):
            if one.name != name:
                continue
            if not response.raw_output_contents:
                return np.array(getattr(one.contents, CONTENTS[one.datatype]), NUMPY_TYPES[one.datatype]).reshape(
                    one.shape
                )
            content = response.raw_output_contents[index]
            if one.datatype != "BYTES":
                return np.frombuffer(content, NUMPY_TYPES[one.datatype]).reshape(one.shape)
            texts = []
            while content:
                end = 4 + int.from_bytes(content[:4], "little")
                texts.append(content[4:end])
                content = content[end:]
            return np.array(texts, np.object_).reshape(one.shape)
        return None

    return output


def check_grpc(checks: Checks, target: Target) -> None:
    with grpc.insecure_channel(target.grpc) as channel:
        stub = GRPCInferenceServiceStub(channel)
        calls = {"metadata": target.grpc_metadata, "timeout": TIMEOUT_SECONDS}

        def infer(request: ModelInferRequest) -> Any:
            return stub.ModelInfer(request, **calls)

        checks.run("gRPC: server is live", lambda: expect(stub.ServerLive(ServerLiveRequest(), **calls).live))
        checks.run("gRPC: server is ready", lambda: expect(stub.ServerReady(ServerReadyRequest(), **calls).ready))
        checks.run("gRPC: server metadata", lambda: expect(stub.ServerMetadata(ServerMetadataRequest(), **calls).name))
        for model in target.models:
            check_grpc_model(checks, stub, model, calls, infer)
        check_grpc_refusals(checks, stub, target.models[0], calls, infer, target.token_needed)


def check_grpc_model(checks: Checks, stub: Any, model: Model, calls: dict, infer: Callable[[Any], Any]) -> None:
    name = model.name

    def described() -> str:
        answer = stub.ModelMetadata(ModelMetadataRequest(name=name), **calls)
        assert [one.name for one in answer.inputs] == [one.name for one in model.inputs], answer
        version = answer.versions[-1]
        expect(stub.ModelReady(ModelReadyRequest(name=name, version=version), **calls).ready)
        model.agrees(read_grpc(infer(raw(name, model.inputs, model_version=version))))
        return f"{answer.platform}, version {version}"

    checks.run(f"gRPC {name}: is ready", lambda: expect(stub.ModelReady(ModelReadyRequest(name=name), **calls).ready))
    checks.run(f"gRPC {name}: metadata, and its version predicts", described)
    checks.run(f"gRPC {name}: raw contents", lambda: model.agrees(read_grpc(infer(raw(name, model.inputs)))))
    if "FP16" not in model.datatypes:
        checks.run(f"gRPC {name}: typed contents", lambda: model.agrees(read_grpc(infer(typed(name, model.inputs)))))


def check_grpc_refusals(
    checks: Checks, stub: Any, plain: Model, calls: dict, infer: Callable[[Any], Any], token_needed: bool
) -> None:
    name, first, others = plain.name, plain.inputs[0], plain.inputs[1:]
    invalid = "INVALID_ARGUMENT"
    both = typed(name, plain.inputs)
    both.raw_input_contents.extend(raw_bytes(one) for one in plain.inputs)
    short = raw(name, plain.inputs)
    short.raw_input_contents[0] = short.raw_input_contents[0][:-1]
    long = raw(name, plain.inputs)
    long.raw_input_contents[0] += b"\0\0\0\0"
    surplus = raw(name, plain.inputs)
    surplus.raw_input_contents.append(b"")
    uneven = typed(name, plain.inputs)
    uneven.inputs[0].shape[0] += 1
    misplaced = typed(name, plain.inputs)
    misplaced.inputs[0].contents.Clear()
    misplaced.inputs[0].contents.int64_contents.extend([1] * first.values.size)
    negative = raw(name, plain.inputs)
    negative.inputs[0].shape[0] = -1
    for said, request in {
        "typed and raw contents at once": both,
        "a raw tensor too short": short,
        "a raw tensor too long": long,
        "more raw tensors than inputs": surplus,
        "a shape that the contents do not fill": uneven,
        "contents of another datatype": misplaced,
        "a negative size": negative,
        "a wrong shape": typed(name, [wider(first), *others]),
        "a wrong datatype": typed(name, [different_datatype(first), *others]),
    }.items():
        says = [] if said == "more raw tensors than inputs" else [first.name]
        checks.refused(f"gRPC: {said}", lambda: infer(request), says=says, code=invalid)
    checks.refused(
        "gRPC: unknown model",
        lambda: infer(raw("no-such-model", plain.inputs)),
        says=["no-such-model"],
        code="NOT_FOUND",
    )
    checks.refused(
        "gRPC: unknown model is not ready",
        lambda: stub.ModelReady(ModelReadyRequest(name="no-such-model"), **calls),
        says=["no-such-model"],
        code="NOT_FOUND",
    )
    if token_needed:
        checks.refused(
            "gRPC: no token",
            lambda: stub.ModelInfer(raw(name, plain.inputs), timeout=TIMEOUT_SECONDS),
            says=["token"],
            code="UNAUTHENTICATED",
        )


def expect(answer: Any) -> Any:
    assert answer, f"answered {answer!r}"
    return answer


def main(target: Target) -> None:
    checks = Checks("open-inference-openapi")
    checks.client += f", open-inference-grpc {Checks('open-inference-grpc').client.split()[-1]}"
    check_rest(checks, target)
    check_grpc(checks, target)
    checks.finish()


if __name__ == "__main__":
    main(read_target(__doc__))
