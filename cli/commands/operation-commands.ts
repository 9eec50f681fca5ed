import type { Command } from 'commander';
import {
  cancelOperation,
  getOperation,
  listOperations,
  type Operation,
  retryOperation,
} from '../../src/contracts/http/operations';
import type { Bind, Result } from '../bind';
import { exitCodes } from '../cli-error';
import { type ListOptions, listOptions, listQuery, timeoutOption, waitOption, withCursor } from '../options';
import { renderFields, renderTable } from '../table';
import { waitForOperation } from '../wait';
import { operationText } from './operation-text';

type Waiting = { readonly wait?: boolean; readonly timeout: number };
type Part = Partial<Operation>;

const shown = (operation: Operation, wanted?: Operation['status']): Result => ({
  document: operation,
  text: operationText(operation),
  exitCode: wanted && operation.status !== wanted ? exitCodes.failed : exitCodes.ok,
});

export function addOperationCommands(program: Command, bind: Bind): void {
  const operation = program
    .command('operation')
    .description('what onboarding, moving and offboarding do, step by step');
  addReads(operation, bind);
  for (const [verb, route, wanted, description] of [
    ['retry', retryOperation, 'succeeded', 'run a failed operation again from where it stood'],
    ['cancel', cancelOperation, 'cancelled', 'stop a running operation and undo what it did'],
  ] as const) {
    operation
      .command(`${verb} <operation>`)
      .description(description)
      .addOption(waitOption())
      .addOption(timeoutOption())
      .action(
        bind(async (context, [operationId = ''], { wait, timeout }: Waiting) => {
          const api = await context.operator();
          const { body } = await api.call(route, { params: { operationId } });
          if (!wait) return { document: body, text: renderFields({ ...body }) };
          const options = { timeoutMs: timeout * 1_000, say: context.io.say };
          return shown(await waitForOperation(api, operationId, options), wanted);
        }),
      );
  }
}

function addReads(operation: Command, bind: Bind): void {
  operation
    .command('show <operation>')
    .description('show it with every step, attempt, duration, cause and hint')
    .action(
      bind(async (context, [operationId = '']) =>
        shown((await (await context.operator()).call(getOperation, { params: { operationId } })).body),
      ),
    );
  operation
    .command('watch <operation>')
    .description('show its steps as they move, until it has ended')
    .addOption(timeoutOption(600, 'how long it watches'))
    .action(
      bind(async (context, [operationId = ''], { timeout }: Waiting) => {
        const options = { timeoutMs: timeout * 1_000, say: context.io.say };
        return shown(await waitForOperation(await context.operator(), operationId, options), 'succeeded');
      }),
    );
  const list = operation.command('list').description('list operations, newest first');
  for (const option of listOptions()) list.addOption(option);
  list.action(
    bind(async (context, _args, options: ListOptions) => {
      const { body } = await (await context.operator()).call(listOperations, { query: listQuery(options) });
      return { document: body, text: withCursor(renderTable(columns, body.items), body.nextCursor) };
    }),
  );
}

const columns = [
  ['operation', (operation: Part) => operation.id],
  ['kind', (operation: Part) => operation.kind],
  ['status', (operation: Part) => operation.status],
  ['tenant', (operation: Part) => operation.tenantId],
  ['created', (operation: Part) => operation.createdAt],
] as const;
