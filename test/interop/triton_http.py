"""tritonclient.http, unmodified but for the header: JSON, binary tensors, compression, refusals."""

from __future__ import annotations

from urllib.parse import urlsplit

import gevent
import numpy as np
import tritonclient.http as http

from checks import Checks, Model, Target, read_target
from triton_common import Triton, check_load, check_missing_input, check_model, check_refusals, check_server

STATUSES = {"unknown": "404", "invalid": "400", "unauthenticated": "401"}


def check_forms(checks: Checks, triton: Triton, model: Model) -> None:
    """JSON and binary, each way, compressed or not."""
    names = [tensor.name for tensor in model.outputs]
    for sent in (False, True):
        for answered in (False, True):
            checks.run(
                f"{model.name}: {'binary' if sent else 'JSON'} in, {'binary' if answered else 'JSON'} out",
                lambda: model.agrees(
                    triton.infer(
                        model.name,
                        model.inputs,
                        {"binary_data": sent},
                        outputs=triton.outputs(names, binary_data=answered),
                    ).as_numpy
                ),
            )
    checks.run(
        f"{model.name}: JSON in, no outputs named",
        lambda: model.agrees(triton.infer(model.name, model.inputs, {"binary_data": False}).as_numpy),
    )
    mixed = [triton.inputs([tensor], binary_data=index % 2 == 0)[0] for index, tensor in enumerate(model.inputs)]
    if len(mixed) > 1:
        checks.run(
            f"{model.name}: some inputs binary, some JSON",
            lambda: model.agrees(triton.client.infer(model.name, mixed, headers=dict(triton.headers)).as_numpy),
        )
    for algorithm in ("gzip", "deflate"):
        for binary in (False, True):
            checks.run(
                f"{model.name}: {algorithm} both ways, {'binary' if binary else 'JSON'}",
                lambda: model.agrees(
                    triton.infer(
                        model.name,
                        model.inputs,
                        {"binary_data": binary},
                        outputs=triton.outputs(names, binary_data=binary),
                        request_compression_algorithm=algorithm,
                        response_compression_algorithm=algorithm,
                    ).as_numpy
                ),
            )


def check_async(checks: Checks, triton: Triton, model: Model) -> None:
    def later() -> str:
        started = [
            triton.client.async_infer(
                model.name, triton.inputs(model.input_rows(slice(row, row + 1))), headers=dict(triton.headers)
            )
            for row in range(4)
        ]
        for row, one in enumerate(started):
            model.agrees(one.get_result(timeout=30).as_numpy, slice(row, row + 1))
        return f"{len(started)} calls"

    checks.run(f"{model.name}: async_infer", later)


def side_by_side(calls):
    jobs = [gevent.spawn(call) for call in calls]
    gevent.joinall(jobs, timeout=60, raise_error=True)
    return [job.get(block=False) for job in jobs]


def check_numbers(checks: Checks, triton: Triton, model: Model) -> None:
    """Values that only the binary form can carry."""
    first = model.inputs[0]
    if first.datatype != "FP32":
        return

    def infinite() -> str:
        values = first.values[:2].copy()
        values[0, 0], values[1, 0] = np.inf, -np.inf
        tensors = [type(first)(first.name, first.datatype, values), *model.input_rows(slice(0, 2))[1:]]
        for tensor in model.outputs:
            answer = triton.infer(model.name, tensors).as_numpy(tensor.name)
            assert answer.shape[0] == 2, answer
        return "answered"

    checks.run(f"{model.name}: infinities travel in binary form", infinite)


def main(target: Target) -> None:
    checks = Checks("tritonclient")
    address = urlsplit(target.http)
    client = http.InferenceServerClient(
        address.netloc + address.path, concurrency=8, connection_timeout=10, network_timeout=30
    )
    triton = Triton(http, client, target.http_headers)
    check_server(checks, triton, lambda answer: answer)
    for model in target.models:
        check_model(checks, triton, model, lambda answer: answer)
        check_forms(checks, triton, model)
    plain = target.models[0]
    check_load(checks, triton, plain, side_by_side)
    check_async(checks, triton, plain)
    check_numbers(checks, triton, plain)
    check_refusals(checks, triton, plain, STATUSES, target.token_needed)
    checks.run(
        "unknown model: is_model_ready says no",
        lambda: refuse(client.is_model_ready("no-such-model", headers=triton.headers)),
    )
    for model in [model for model in target.models if len(model.inputs) > 1][:1]:
        check_missing_input(checks, triton, model, STATUSES["invalid"])
    client.close()
    checks.finish()


def refuse(answer: bool) -> None:
    assert not answer, "answered yes"


if __name__ == "__main__":
    main(read_target(__doc__))
