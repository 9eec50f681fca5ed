"""The checks that tritonclient's HTTP and gRPC clients share: their methods differ only in what they answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable


from checks import UNKNOWN_VERSION, Checks, Model, Tensor, different_datatype, wider

MANY_ROWS = 1000
CONCURRENT = 8


class Triton:
    """One client with its header: `module` is tritonclient.http or tritonclient.grpc."""

    def __init__(self, module: Any, client: Any, headers: dict[str, str]):
        self.module, self.client, self.headers = module, client, headers

    def inputs(self, tensors: list[Tensor], **options: Any) -> list[Any]:
        made = []
        for tensor in tensors:
            one = self.module.InferInput(tensor.name, list(tensor.values.shape), tensor.datatype)
            one.set_data_from_numpy(tensor.values, **options)
            made.append(one)
        return made

    def infer(self, model: str, tensors: list[Tensor], input_options: dict | None = None, **options: Any) -> Any:
        # A copy each time: the HTTP client writes lengths and encodings of this request into the mapping it is given.
        headers = options.pop("headers", self.headers)
        options["headers"] = None if headers is None else dict(headers)
        return self.client.infer(model, self.inputs(tensors, **(input_options or {})), **options)

    def outputs(self, names: list[str], **options: Any) -> list[Any]:
        return [self.module.InferRequestedOutput(name, **options) for name in names]


def check_server(checks: Checks, triton: Triton, metadata: Callable[[Any], dict]) -> None:
    checks.run("server is live", lambda: expect(triton.client.is_server_live(headers=triton.headers)))
    checks.run("server is ready", lambda: expect(triton.client.is_server_ready(headers=triton.headers)))

    def server() -> str:
        answer = metadata(triton.client.get_server_metadata(headers=triton.headers))
        assert answer["name"] and answer["version"], answer
        return f"{answer['name']} {answer['version']}"

    checks.run("server says its name and version", server)


def check_model(checks: Checks, triton: Triton, model: Model, metadata: Callable[[Any], dict]) -> None:
    client, headers, name = triton.client, triton.headers, model.name
    versions: list[str] = []

    def described() -> str:
        answer = metadata(client.get_model_metadata(name, headers=headers))
        for kind in ("inputs", "outputs"):
            got = [(one["name"], one["datatype"], [int(size) for size in one["shape"]]) for one in answer[kind]]
            wished = [(one["name"], one["datatype"], one["shape"]) for one in model.declared[kind]]
            assert [one[:2] for one in got] == [one[:2] for one in wished], f"{kind}: {got}, expected {wished}"
            # Exporters may declare outputs wrongly, so that a server may know better; inputs are as declared.
            of_shape = len if kind == "outputs" else list
            assert [of_shape(one[2]) for one in got] == [of_shape(one[2]) for one in wished], f"{kind}: {got}"
        versions.extend(answer["versions"])
        assert answer["name"] == name and versions, answer
        return f"{answer['platform']}, versions {versions}"

    checks.run(f"{name}: is ready", lambda: expect(client.is_model_ready(name, headers=headers)))
    checks.run(f"{name}: metadata names every input and output", described)
    version = versions[-1] if versions else ""
    checks.run(f"{name}: its version is ready", lambda: expect(client.is_model_ready(name, version, headers=headers)))
    checks.run(
        f"{name}: predicts as its framework does", lambda: model.agrees(triton.infer(name, model.inputs).as_numpy)
    )
    checks.run(
        f"{name}: predicts with a version named",
        lambda: model.agrees(triton.infer(name, model.inputs, model_version=version).as_numpy),
    )
    last = slice(model.rows - 1, model.rows)
    checks.run(
        f"{name}: predicts one row",
        lambda: model.agrees(triton.infer(name, model.input_rows(last)).as_numpy, last),
    )

    def one_output() -> str:
        wanted = model.outputs[-1].name
        answer = triton.infer(name, model.inputs, outputs=triton.outputs([wanted]), request_id="interop-1")
        response = metadata(answer.get_response())
        assert [one["name"] for one in response["outputs"]] == [wanted], response["outputs"]
        assert response["id"] == "interop-1", response.get("id")
        only = replace(model, outputs=model.outputs[-1:])
        return only.agrees(answer.as_numpy)

    checks.run(f"{name}: answers the one output asked for, with the request's id", one_output)


def check_load(
    checks: Checks, triton: Triton, model: Model, wait: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    """`wait` runs calls side by side and gives back their answers in order."""
    repeated = [index % model.rows for index in range(MANY_ROWS)]
    checks.run(
        f"{model.name}: predicts {MANY_ROWS} rows at once",
        lambda: model.agrees(triton.infer(model.name, model.input_rows(repeated)).as_numpy, repeated),
    )

    def side_by_side() -> str:
        rows = [slice(index, index + 1) for index in range(min(CONCURRENT, model.rows))]
        calls = [lambda row=row: triton.infer(model.name, model.input_rows(row)) for row in rows]
        for row, answer in zip(rows, wait(calls)):
            model.agrees(answer.as_numpy, row)
        return f"{len(rows)} calls"

    checks.run(f"{model.name}: gives every concurrent caller the answer to its own row", side_by_side)


def check_refusals(checks: Checks, triton: Triton, model: Model, statuses: dict[str, str], token_needed: bool) -> None:
    """Every refusal says in words what was wrong. `statuses` maps unknown, invalid and unauthenticated to a status."""
    client, headers, name = triton.client, triton.headers, model.name
    first, others = model.inputs[0], model.inputs[1:]
    unknown, invalid = statuses["unknown"], statuses["invalid"]
    infer = triton.infer

    checks.refused(
        "unknown model: infer", lambda: infer("no-such-model", model.inputs), says=["no-such-model"], code=unknown
    )
    checks.refused(
        "unknown model: metadata",
        lambda: client.get_model_metadata("no-such-model", headers=headers),
        says=["no-such-model"],
        code=unknown,
    )
    checks.refused(
        "unknown version: infer",
        lambda: infer(name, model.inputs, model_version=UNKNOWN_VERSION),
        says=[UNKNOWN_VERSION],
        code=unknown,
    )
    checks.refused(
        "unknown version: metadata",
        lambda: client.get_model_metadata(name, UNKNOWN_VERSION, headers=headers),
        says=[UNKNOWN_VERSION],
        code=unknown,
    )
    checks.refused(
        "wrong shape names the input",
        lambda: infer(name, [wider(first), *others]),
        says=[first.name, "shape"],
        code=invalid,
    )
    checks.refused(
        "wrong rank names the input",
        lambda: infer(name, [replace(first, values=first.values.ravel()), *others]),
        says=[first.name],
        code=invalid,
    )
    other = different_datatype(first)
    checks.refused(
        "wrong datatype names the input and the datatype",
        lambda: infer(name, [other, *others]),
        says=[first.name, other.datatype],
        code=invalid,
    )
    checks.refused(
        "unknown input names it",
        lambda: infer(name, [*model.inputs, replace(first, name="surplus")]),
        says=["surplus"],
        code=invalid,
    )
    checks.refused(
        "an input under another name",
        lambda: infer(name, [replace(first, name="misnamed"), *others]),
        says=["misnamed"],
        code=invalid,
    )
    checks.refused(
        "unknown output names it",
        lambda: infer(name, model.inputs, outputs=triton.outputs(["no-such-output"])),
        says=["no-such-output"],
        code=invalid,
    )
    if token_needed:
        code = statuses["unauthenticated"]
        checks.refused("no token", lambda: infer(name, model.inputs, headers=None), says=["token"], code=code)
        wrong = {"authorization": "Bearer not-a-token"}
        checks.refused("a wrong token", lambda: infer(name, model.inputs, headers=wrong), says=["token"], code=code)


def check_missing_input(checks: Checks, triton: Triton, model: Model, invalid: str) -> None:
    """For a model of several inputs."""
    left_out = model.inputs[-1]
    checks.refused(
        "a missing input is named",
        lambda: triton.infer(model.name, model.inputs[:-1]),
        says=[left_out.name],
        code=invalid,
    )
    uneven = [*model.inputs[:-1], left_out.rows(slice(0, 1))]
    checks.refused(
        "inputs of different lengths",
        lambda: triton.infer(model.name, uneven),
        says=["dimension"],
        code=invalid,
    )


def expect(answer: Any) -> Any:
    assert answer, f"answered {answer!r}"
    return answer
