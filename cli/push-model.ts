import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type Alias,
  type CreateModel,
  completeVersion,
  createModel,
  createVersion,
  getVersion,
  type ModelVersion,
  maxModelBytes,
  moveAlias,
  type UploadGrant,
} from '../src/contracts/http/models';
import { CliError, refusal, unreachable, usageError } from './cli-error';
import { type Api, reasonOf } from './http-client';
import { type WaitOptions, waitForVersion } from './wait';

export type Push = {
  readonly file: string;
  readonly model: string;
  readonly version?: string;
  readonly alias?: string;
  readonly description?: string;
  readonly settings?: CreateModel['settings'];
};
export type Pushed = { readonly version: ModelVersion; readonly alias?: Alias };

/**
 * Registers the model where it is new, announces a version, uploads the file to where the API says, completes and,
 * with `wait` or an alias, waits until it is ready. A version that exists with the same bytes is taken as it is.
 * @throws CliError
 */
export async function pushModel(api: Api, push: Push, wait: WaitOptions | undefined): Promise<Pushed> {
  const bytes = await readModelFile(push.file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await ensureModel(api, push);
  const started = await announce(api, push, { sha256, sizeBytes: bytes.length });
  const params = { model: push.model, version: started.version };
  if ('upload' in started) {
    await upload(started.upload, bytes);
    await api.call(completeVersion, { params });
  }
  if (!wait && !push.alias) return { version: (await api.call(getVersion, { params })).body };
  const version = await waitForVersion(api, params, wait ?? { timeoutMs: 120_000 });
  if (!push.alias) return { version };
  const target = { model: push.model, alias: push.alias };
  const { body } = await api.call(moveAlias, { params: target, body: { version: version.version } });
  return { version, alias: body };
}

async function readModelFile(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw usageError(`cannot read ${file}: ${reasonOf(error)}`);
  });
  if (bytes.length === 0) throw usageError(`${file} is empty`);
  if (bytes.length > maxModelBytes)
    throw usageError(`${file} has ${bytes.length} bytes; at most ${maxModelBytes} may be sent`);
  return bytes;
}

const unless = (code: string) => (error: unknown) => {
  if (error instanceof CliError && error.problem.code === code) return undefined;
  throw error;
};

const ensureModel = ({ call }: Api, { model, description, settings }: Push) =>
  call(createModel, {
    body: { name: model, ...(description ? { description } : {}), ...(settings ? { settings } : {}) },
  }).catch(unless('KLT_MODEL_EXISTS'));

/** The upload to make, or the version that is there already with the same bytes. */
async function announce(
  api: Api,
  { model, version }: Push,
  file: { readonly sha256: string; readonly sizeBytes: number },
): Promise<UploadGrant | ModelVersion> {
  const body = { ...file, ...(version ? { version } : {}) };
  try {
    return (await api.call(createVersion, { params: { model }, body })).body;
  } catch (error) {
    unless('KLT_MODEL_VERSION_EXISTS')(error);
    if (!version) throw error;
    const { body: there } = await api.call(getVersion, { params: { model, version } });
    if (there.sha256 !== file.sha256 || there.state === 'awaiting-upload') throw error;
    return there;
  }
}

/** A presigned PUT writes the same bytes however often it is sent, so it is tried twice. */
async function upload({ method, url, headers: asked }: UploadGrant['upload'], bytes: Buffer): Promise<void> {
  // The length is fetch's own business; given again, it would stand there twice.
  const headers = Object.fromEntries(Object.entries(asked).filter(([name]) => name.toLowerCase() !== 'content-length'));
  const send = (): Promise<Response> =>
    fetch(url, { method, headers, body: new Uint8Array(bytes), signal: AbortSignal.timeout(300_000) });
  const answer = await send()
    .catch(send)
    .catch((error: unknown) => {
      throw unreachable(`the upload to ${new URL(url).host} broke off: ${reasonOf(error)}`, undefined, error);
    });
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer.status, { title: 'The upload was refused', detail: text.slice(0, 500) });
}
