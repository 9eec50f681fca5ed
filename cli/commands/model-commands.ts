import { type Command, Option } from 'commander';
import {
  deleteAlias,
  deleteModel,
  deleteVersion,
  getAlias,
  getModel,
  inputRecordings,
  listModels,
  listVersions,
  type Model,
  type ModelSettings,
  type ModelVersion,
  moveAlias,
  recordings,
} from '../../src/contracts/http/models';
import type { Bind, Result } from '../bind';
import {
  type ListOptions,
  listOptions,
  listQuery,
  timeoutOption,
  waitOption,
  wholeNumber,
  withCursor,
} from '../options';
import { pushModel } from '../push-model';
import { megabytes, renderFields, renderTable } from '../table';

type Pushing = ModelSettings & {
  readonly name: string;
  readonly version?: string;
  readonly alias?: string;
  readonly description?: string;
  readonly wait?: boolean;
  readonly timeout: number;
};

export function addModelCommands(program: Command, bind: Bind): void {
  const model = program.command('model').description('upload models and say which version is served (as a tenant)');
  addPush(model, bind);
  addReads(model, bind);
  addAlias(model, bind);
  model
    .command('delete <model>')
    .description('delete a model with its versions, aliases and files, or one version of it; predictions stay')
    .option('--version <version>', 'only this version')
    .action(
      bind(async (context, [name = ''], { version }: { version?: string }) => {
        const api = await context.tenant();
        if (version) await api.call(deleteVersion, { params: { model: name, version } });
        else await api.call(deleteModel, { params: { model: name } });
        return {
          document: { deleted: { model: name, version } },
          text: `deleted ${name}${version ? ` ${version}` : ''}`,
        };
      }),
    );
}

function addPush(model: Command, bind: Bind): void {
  model
    .command('push <file>')
    .description('upload an ONNX file as a new version of a model')
    .requiredOption('--name <model>', 'of the model; it is made where there is none')
    .option('--version <version>', 'name of the version (numbered when absent)')
    .option('--alias <alias>', 'point this alias to the version once it is ready')
    .option('--description <text>', 'of a new model')
    .option('--refuse-nan', 'refuse NaN in inputs (of a new model)')
    .addOption(new Option('--max-rows <n>', 'rows of a request at most (of a new model)').argParser(wholeNumber(1)))
    .addOption(new Option('--record-inputs <how>', 'what a prediction keeps of its inputs').choices(inputRecordings))
    .addOption(new Option('--recording <how>', 'whether a prediction waits for its record').choices(recordings))
    .addOption(waitOption())
    .addOption(timeoutOption(120))
    .action(
      bind(async (context, [file = ''], options: Pushing) => {
        const push = { ...options, file, model: options.name, settings: settingsOf(options) };
        const wait = { timeoutMs: options.timeout * 1_000, say: context.io.say };
        const { version, alias } = await pushModel(await context.tenant(), push, options.wait ? wait : undefined);
        const text = [versionText(version), ...(alias ? [`alias ${alias.alias} -> ${alias.version}`] : [])].join('\n');
        return { document: { ...version, ...(alias ? { alias: alias.alias } : {}) }, text };
      }),
    );
}

function settingsOf(options: Pushing & { refuseNan?: boolean }): ModelSettings | undefined {
  const settings = {
    ...(options.refuseNan ? { refuseNaN: true } : {}),
    ...(options.maxRows ? { maxRows: options.maxRows } : {}),
    ...(options.recordInputs ? { recordInputs: options.recordInputs } : {}),
    ...(options.recording ? { recording: options.recording } : {}),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

function addReads(model: Command, bind: Bind): void {
  const list = model.command('list').description('list models');
  for (const option of listOptions()) list.addOption(option);
  list.action(
    bind(async (context, _args, options: ListOptions) => {
      const { body } = await (await context.tenant()).call(listModels, { query: listQuery(options) });
      return { document: body, text: withCursor(renderTable(modelColumns, body.items, 'no models'), body.nextCursor) };
    }),
  );
  model
    .command('show <model>')
    .description('show a model, its versions, inputs and outputs')
    .action(
      bind(async (context, [name = '']): Promise<Result> => {
        const api = await context.tenant();
        const params = { model: name };
        const { body: shown } = await api.call(getModel, { params });
        const { body: versions } = await api.call(listVersions, { params });
        return { document: { ...shown, versions: versions.items }, text: modelText(shown, versions.items) };
      }),
    );
}

function addAlias(model: Command, bind: Bind): void {
  model
    .command('alias <model> <alias> [version]')
    .description('point an alias to a version; without a version, show where it points and pointed')
    .option('--delete', 'remove the alias')
    .action(
      bind(async (context, [name = '', alias = '', version], options: { delete?: boolean }) => {
        const api = await context.tenant();
        const params = { model: name, alias };
        if (options.delete) {
          await api.call(deleteAlias, { params });
          return { document: { deleted: params }, text: `deleted alias ${alias} of ${name}` };
        }
        const { body } = version
          ? await api.call(moveAlias, { params, body: { version } })
          : await api.call(getAlias, { params });
        const history = renderTable(
          [
            ['version', (move) => move.version],
            ['moved', (move) => move.movedAt],
            ['by', (move) => move.movedBy],
          ],
          body.history,
        );
        return { document: body, text: `${name} ${alias} -> ${body.version}\n\n${history}` };
      }),
    );
}

const aliasesOf = (aliases: Model['aliases'] | undefined): string =>
  Object.entries(aliases ?? {})
    .map(([alias, version]) => `${alias}=${version}`)
    .join(' ');

const modelColumns = [
  ['model', (model: Partial<Model>) => model.name],
  ['aliases', (model: Partial<Model>) => aliasesOf(model.aliases)],
  ['created', (model: Partial<Model>) => model.createdAt],
  ['description', (model: Partial<Model>) => model.description],
] as const;

type Tensors = readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
const tensorsText = (tensors: Tensors): string =>
  tensors.map(({ name, datatype, shape }) => `${name} ${datatype} ${JSON.stringify(shape)}`).join(', ');

const versionText = (version: ModelVersion): string =>
  renderFields({
    model: version.model,
    version: version.version,
    state: version.state,
    size: megabytes(version.sizeBytes),
    sha256: version.sha256,
    inputs: version.signature && tensorsText(version.signature.inputs),
    outputs: version.signature && tensorsText(version.signature.outputs),
    reason: version.rejection?.detail,
    hint: version.rejection?.hint,
  });

const modelText = (model: Model, versions: readonly Partial<ModelVersion>[]): string =>
  [
    renderFields({
      model: model.name,
      description: model.description || undefined,
      aliases: aliasesOf(model.aliases) || undefined,
      settings: JSON.stringify(model.settings),
    }),
    renderTable(
      [
        ['version', (version) => version.version],
        ['state', (version) => version.state],
        ['size', (version) => megabytes(version.sizeBytes)],
        ['inputs', (version) => version.signature && tensorsText(version.signature.inputs)],
        ['outputs', (version) => version.signature && tensorsText(version.signature.outputs)],
        ['reason', (version) => version.rejection?.detail],
      ],
      versions,
      'no versions',
    ),
  ].join('\n\n');
