import { readFile } from 'node:fs/promises';
import { modelInfer, modelMetadata, modelVersionInfer, modelVersionMetadata } from '../src/contracts/http/inference';
import { parseExact } from '../src/platform/json/exact-json';
import { usageError } from './cli-error';
import { type Api, reasonOf } from './http-client';
import { type InputSignature, shapeInputs } from './shape-inputs';

export type Question = {
  readonly model: string;
  /** A version or an alias; the server's choice when absent. */
  readonly version?: string;
  readonly id?: string;
  /** JSON text: a request of the protocol, or rows. */
  readonly data: string;
};

/** One request to a model, with rows shaped by the model's own metadata. @throws CliError */
export async function predict(api: Api, { model, version, id, data }: Question) {
  const document = parseData(data);
  const body = isRequest(document)
    ? { raw: data }
    : { ...(id ? { id } : {}), inputs: shapeInputs(await inputsOf(api, model, version), document) };
  const answer = version
    ? await api.call(modelVersionInfer, { params: { model, version }, body })
    : await api.call(modelInfer, { params: { model }, body });
  return answer.body;
}

async function inputsOf(api: Api, model: string, version: string | undefined): Promise<readonly InputSignature[]> {
  const { body } = version
    ? await api.call(modelVersionMetadata, { params: { model, version } })
    : await api.call(modelMetadata, { params: { model } });
  return body.inputs;
}

function parseData(text: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    throw usageError(`the data are not JSON: ${reasonOf(error)}`);
  }
}

/** A request of the protocol is sent as it stands; `inputs` that is no list of tensors is a row with such a column. */
const isRequest = (document: unknown): boolean =>
  typeof document === 'object' &&
  document !== null &&
  'inputs' in document &&
  Array.isArray(document.inputs) &&
  document.inputs.every((tensor: unknown) => typeof tensor === 'object' && tensor !== null && 'datatype' in tensor);

/** At most what the gateway takes, so that a mistaken file is not read whole. */
const maxDataBytes = 10_000_000;

/** The text of a file, or of standard input for `-`. @throws CliError usage */
export async function readData(file: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (file !== '-') {
    const bytes = await readFile(file).catch((error: unknown) => {
      throw usageError(`cannot read ${file}: ${reasonOf(error)}`);
    });
    if (bytes.length > maxDataBytes)
      throw usageError(`${file} is larger than a request may be (${maxDataBytes} bytes)`);
    return bytes.toString('utf8');
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stdin) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > maxDataBytes) throw usageError(`the data are larger than a request may be (${maxDataBytes} bytes)`);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}
