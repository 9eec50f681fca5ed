import { type Command, Option } from 'commander';
import { getPrediction, listPredictions, type Prediction } from '../../src/contracts/http/predictions';
import { stringifyExact } from '../../src/platform/json/exact-json';
import type { Bind } from '../bind';
import { type ListOptions, listOptions, listQuery, withCursor } from '../options';
import { predict, readData } from '../predict';
import { predictionTable } from '../prediction-table';
import { renderFields, renderTable } from '../table';

type Predicting = { readonly model: string; readonly version?: string; readonly data: string; readonly id?: string };
type Listing = ListOptions & { readonly model?: string };

export function addPredictCommands(program: Command, bind: Bind): void {
  program
    .command('predict')
    .description('ask a model (as a tenant)')
    .requiredOption('--model <model>', 'which one')
    .addOption(
      new Option('--version <version>', 'a version or an alias (the alias default, else the newest, when absent)'),
    )
    .requiredOption('--data <file>', 'JSON rows or a request of the Open Inference Protocol; - is standard input')
    .option('--id <id>', 'of the request, for your own records')
    .action(
      bind(async (context, _args, options: Predicting) => {
        const data = await readData(options.data, context.io.stdin);
        const answer = await predict(await context.tenant(), { ...options, data });
        const { model_name: model, model_version: version, id, parameters } = answer;
        const prediction = parameters?.prediction_id === undefined ? undefined : String(parameters.prediction_id);
        return {
          document: answer,
          text: `${predictionTable(answer.outputs)}\n\n${renderFields({ model, version, prediction, id })}`,
        };
      }),
    );
  addRecords(program, bind);
}

function addRecords(program: Command, bind: Bind): void {
  const predictions = program.command('predictions').description('the records of predictions (as a tenant)');
  const list = predictions
    .command('list')
    .description('list predictions, newest first')
    .option('--model <model>', 'only of this model');
  for (const option of listOptions()) list.addOption(option);
  list.action(
    bind(async (context, _args, { model, ...options }: Listing) => {
      const filter = [...(options.filter ? [options.filter] : []), ...(model ? [`model:${model}`] : [])].join(',');
      const query = { ...listQuery(options), filter: filter || undefined };
      const { body } = await (await context.tenant()).call(listPredictions, { query });
      return { document: body, text: withCursor(renderTable(columns, body.items, 'no predictions'), body.nextCursor) };
    }),
  );
  predictions
    .command('show <prediction>')
    .description('show a prediction: model, version, inputs, outputs')
    .action(
      bind(async (context, [predictionId = '']) => {
        const { body } = await (await context.tenant()).call(getPrediction, { params: { predictionId } });
        const { inputs, outputs, ...fields } = body;
        const text = renderFields({
          ...fields,
          inputs: inputs === undefined ? undefined : stringifyExact(inputs),
          outputs: stringifyExact(outputs),
        });
        return { document: body, text };
      }),
    );
}

const columns = [
  ['prediction', (prediction: Partial<Prediction>) => prediction.id],
  ['model', (prediction: Partial<Prediction>) => prediction.model],
  ['version', (prediction: Partial<Prediction>) => prediction.version],
  ['rows', (prediction: Partial<Prediction>) => prediction.rows],
  ['latency', (prediction: Partial<Prediction>) => prediction.latencyMs && `${prediction.latencyMs} ms`],
  ['at', (prediction: Partial<Prediction>) => prediction.at],
] as const;
