"""tritonclient.grpc, unmodified but for the header: raw tensors, compression, refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import tritonclient.grpc as triton_grpc
from google.protobuf.json_format import MessageToDict

from checks import UNKNOWN_VERSION, Checks, Model, Target, read_target
from triton_common import Triton, check_load, check_missing_input, check_model, check_refusals, check_server

STATUSES = {"unknown": "NOT_FOUND", "invalid": "INVALID_ARGUMENT", "unauthenticated": "UNAUTHENTICATED"}


def as_dict(message) -> dict:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def check_async(checks: Checks, triton: Triton, model: Model) -> None:
    def later() -> str:
        answers: Queue = Queue()
        rows = range(4)
        for row in rows:
            triton.client.async_infer(
                model.name,
                triton.inputs(model.input_rows(slice(row, row + 1))),
                callback=lambda result, error, row=row: answers.put((row, result, error)),
                headers=triton.headers,
                client_timeout=30,
            )
        for _ in rows:
            row, result, error = answers.get(timeout=30)
            assert error is None, error
            model.agrees(result.as_numpy, slice(row, row + 1))
        return f"{len(rows)} calls"

    checks.run(f"{model.name}: async_infer", later)


def side_by_side(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls, timeout=60))


def main(target: Target) -> None:
    checks = Checks("tritonclient")
    client = triton_grpc.InferenceServerClient(target.grpc)
    triton = Triton(triton_grpc, client, dict(target.grpc_metadata))
    check_server(checks, triton, as_dict)
    for model in target.models:
        check_model(checks, triton, model, as_dict)
        for algorithm in ("gzip", "deflate"):
            checks.run(
                f"{model.name}: {algorithm}",
                lambda: model.agrees(triton.infer(model.name, model.inputs, compression_algorithm=algorithm).as_numpy),
            )
    plain = target.models[0]
    check_load(checks, triton, plain, side_by_side)
    check_async(checks, triton, plain)
    checks.run(
        f"{plain.name}: predicts within a deadline set by the caller",
        lambda: plain.agrees(triton.infer(plain.name, plain.inputs, client_timeout=30.0).as_numpy),
    )
    check_refusals(checks, triton, plain, STATUSES, target.token_needed)
    checks.refused(
        "unknown model: is_model_ready",
        lambda: client.is_model_ready("no-such-model", headers=triton.headers),
        says=["no-such-model"],
        code="NOT_FOUND",
    )
    checks.refused(
        "unknown version: is_model_ready",
        lambda: client.is_model_ready(plain.name, UNKNOWN_VERSION, headers=triton.headers),
        says=[UNKNOWN_VERSION],
        code="NOT_FOUND",
    )
    for model in [model for model in target.models if len(model.inputs) > 1][:1]:
        check_missing_input(checks, triton, model, STATUSES["invalid"])
    client.close()
    checks.finish()


if __name__ == "__main__":
    main(read_target(__doc__))
