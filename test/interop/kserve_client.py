"""kserve's REST and gRPC inference clients, unmodified but for the header."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from typing import Any, Awaitable, Callable

# Importing kserve parses the command line, as its own server's.
given, sys.argv = sys.argv[1:], sys.argv[:1]

from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, InferResponse
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from checks import UNKNOWN_VERSION, Checks, Target, Tensor, different_datatype, read_target, wider

TIMEOUT_SECONDS = 30


def request(model: str, tensors: list[Tensor], binary: bool, **options: Any) -> InferRequest:
    inputs = []
    for tensor in tensors:
        one = InferInput(tensor.name, list(tensor.values.shape), tensor.datatype)
        one.set_data_from_numpy(tensor.values, binary_data=binary)
        inputs.append(one)
    return InferRequest(model, inputs, **options)


def read(response: InferResponse) -> Callable[[str], Any]:
    def output(name: str) -> Any:
        found = response.get_output_by_name(name)
        return None if found is None else found.as_numpy()

    return output


def check_rest(checks: Checks, target: Target, wait: Callable[[Awaitable], Any]) -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=TIMEOUT_SECONDS, retries=0))
    headers, url = target.http_headers, target.http

    def infer(model: str, tensors: list[Tensor], binary: bool = False, **options: Any) -> InferResponse:
        made = request(model, tensors, binary, **options)
        # A copy: the client writes the length of the JSON part into the mapping that it is given.
        return wait(client.infer(url, made, model_name=model, headers=dict(headers)))

    checks.run("REST: server is live", lambda: expect(wait(client.is_server_live(url, headers=headers))))
    checks.run("REST: server is ready", lambda: expect(wait(client.is_server_ready(url, headers=headers))))
    for model in target.models:
        name = model.name
        checks.run(f"REST {name}: is ready", lambda: expect(wait(client.is_model_ready(url, name, headers=headers))))
        if "FP16" not in model.datatypes:  # which this client refuses to send or read as JSON
            checks.run(f"REST {name}: JSON in and out", lambda: model.agrees(read(infer(name, model.inputs))))
        for said, options in {
            "by parameter": {"parameters": {"binary_data_output": True}},
            "output by output": {
                "request_outputs": [RequestedOutput(one.name, {"binary_data": True}) for one in model.outputs]
            },
        }.items():
            checks.run(
                f"REST {name}: binary in and out, asked for {said}",
                lambda: model.agrees(read(infer(name, model.inputs, binary=True, **options))),
            )
    plain = target.models[0]
    first, others = plain.inputs[0], plain.inputs[1:]
    checks.run(
        "REST: keeps the request's id",
        lambda: expect(infer(plain.name, plain.inputs, request_id="interop-2").id == "interop-2"),
    )
    checks.run(
        "REST: unknown model is not ready",
        lambda: expect(not wait(client.is_model_ready(url, "no-such-model", headers=headers))),
    )
    # This client shows the server's words only where the content type is application/json to the letter.
    checks.refused("REST: unknown model", lambda: infer("no-such-model", plain.inputs), says=["'404", "no-such-model"])
    checks.refused(
        "REST: wrong shape", lambda: infer(plain.name, [wider(first), *others]), says=["'400", first.name, "shape"]
    )
    checks.refused(
        "REST: wrong datatype",
        lambda: infer(plain.name, [different_datatype(first), *others]),
        says=["'400", first.name, different_datatype(first).datatype],
    )
    checks.refused(
        "REST: unknown input",
        lambda: infer(plain.name, [*plain.inputs, replace(first, name="surplus")]),
        says=["'400", "surplus"],
    )
    if target.token_needed:
        checks.refused(
            "REST: no token",
            lambda: wait(client.infer(url, request(plain.name, plain.inputs, False), model_name=plain.name)),
            says=["'401", "token"],
        )
    wait(client.close())


def check_grpc(checks: Checks, target: Target, wait: Callable[[Awaitable], Any]) -> None:
    client = InferenceGRPCClient(target.grpc, timeout=TIMEOUT_SECONDS, retries=0)
    metadata = target.grpc_metadata

    def infer(model: str, tensors: list[Tensor], binary: bool = True, **options: Any) -> InferResponse:
        return wait(client.infer(request(model, tensors, binary, **options), headers=metadata))

    checks.run("gRPC: server is live", lambda: expect(wait(client.is_server_live(headers=metadata))))
    checks.run("gRPC: server is ready", lambda: expect(wait(client.is_server_ready(headers=metadata))))
    for model in target.models:
        name = model.name
        checks.run(f"gRPC {name}: is ready", lambda: expect(wait(client.is_model_ready(name, headers=metadata))))
        checks.run(f"gRPC {name}: raw contents", lambda: model.agrees(read(infer(name, model.inputs))))
        if "FP16" not in model.datatypes:  # for which the protocol has raw contents only
            checks.run(
                f"gRPC {name}: typed contents", lambda: model.agrees(read(infer(name, model.inputs, binary=False)))
            )
    plain = target.models[0]
    first, others = plain.inputs[0], plain.inputs[1:]
    checks.refused(
        "gRPC: unknown model", lambda: infer("no-such-model", plain.inputs), says=["NOT_FOUND", "no-such-model"]
    )
    checks.refused(
        "gRPC: unknown model is not ready",
        lambda: wait(client.is_model_ready("no-such-model", headers=metadata)),
        says=["NOT_FOUND", "no-such-model"],
    )
    checks.refused(
        "gRPC: unknown version",
        lambda: infer(plain.name, plain.inputs, model_version=UNKNOWN_VERSION),
        says=["NOT_FOUND", UNKNOWN_VERSION],
    )
    for binary in (True, False):
        checks.refused(
            f"gRPC: wrong shape, {'raw' if binary else 'typed'} contents",
            lambda: infer(plain.name, [wider(first), *others], binary=binary),
            says=["INVALID_ARGUMENT", first.name, "shape"],
        )
    checks.refused(
        "gRPC: wrong datatype",
        lambda: infer(plain.name, [different_datatype(first), *others]),
        says=["INVALID_ARGUMENT", first.name, different_datatype(first).datatype],
    )
    if target.token_needed:
        checks.refused(
            "gRPC: no token",
            lambda: wait(client.infer(request(plain.name, plain.inputs, True))),
            says=["UNAUTHENTICATED", "token"],
        )
    wait(client.close())


def expect(answer: Any) -> Any:
    assert answer, f"answered {answer!r}"
    return answer


def main(target: Target) -> None:
    logging.disable(logging.CRITICAL)  # this client logs every refusal with its stack
    checks = Checks("kserve")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    check_rest(checks, target, loop.run_until_complete)
    check_grpc(checks, target, loop.run_until_complete)
    checks.finish()


if __name__ == "__main__":
    main(read_target(__doc__, given))
