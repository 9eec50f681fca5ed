import { Argument, Command, Option } from 'commander';
import type { Bind } from './bind';
import { addIdentityCommands } from './commands/identity-commands';
import { addModelCommands } from './commands/model-commands';
import { addOperationCommands } from './commands/operation-commands';
import { addPlatformCommands } from './commands/platform-commands';
import { addPredictCommands } from './commands/predict-commands';
import { addPreflightCommand } from './commands/preflight-command';
import { addTenantCommands } from './commands/tenant-commands';
import { completionScript, type Shell, shells } from './completion';

const examples = `
Examples:
  $ kolate status
  $ kolate tenant plan --tier dedicated
  $ kolate tenant create acme --tier dedicated --contact ops@acme.example --wait
  $ kolate model push models/samples/iris-classifier.onnx --name iris --alias default --wait --tenant acme
  $ echo '[[5.1, 3.5, 1.4, 0.2]]' | kolate predict --model iris --data - --tenant acme
  $ kolate predictions list --model iris --output json
  $ curl -H "authorization: Bearer $(kolate token --tenant acme)" http://127.0.0.1:8080/v1/models

Exit codes:
  0  done
  1  the operation, the validation of a model or the command failed
  2  the command line is not right
  3  the API refused the request (4xx)
  4  the platform cannot be reached or is not well (5xx)

Another platform than the one of this clone: --home (KOLATE_HOME), --env (KOLATE_ENV), or --url, --issuer, --client-id, --client-secret
(KOLATE_URL, KOLATE_ISSUER, KOLATE_CLIENT_ID, KOLATE_CLIENT_SECRET; KOLATE_TOKEN takes an access token as it is).`;

/** The whole tree of commands. Commander throws instead of ending the process; `write` and `complain` take what it prints. */
export function createProgram(bind: Bind, write: (text: string) => void, complain: (text: string) => void): Command {
  const program = new Command('kolate')
    .description('Operate Kolate: tenants, models, predictions')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ writeOut: write, writeErr: complain })
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', examples);
  addGlobals(program);
  addIdentityCommands(program, bind);
  addTenantCommands(program, bind);
  addOperationCommands(program, bind);
  addModelCommands(program, bind);
  addPredictCommands(program, bind);
  addPlatformCommands(program, bind);
  addPreflightCommand(program, bind);
  addCompletion(program, bind);
  return program;
}

function addGlobals(program: Command): void {
  program
    .addOption(
      new Option('-o, --output <form>', 'json: one document on standard output, also for errors').choices([
        'json',
        'table',
      ]),
    )
    .option('--home <dir>', 'home folder of the platform (KOLATE_HOME; .kolate in the clone)')
    .option(
      '--env <name>',
      'the platform of this environment in your AWS account (KOLATE_ENV; AWS_PROFILE, AWS_REGION)',
    )
    .option('--tenant <tenant>', 'act for this tenant, by slug or id (KOLATE_TENANT; else the current one)')
    .option('--url <url>', 'a platform elsewhere (KOLATE_URL)')
    .option('--issuer <url>', 'who gives its tokens (KOLATE_ISSUER)')
    .option('--client-id <id>', 'OAuth client to act as (KOLATE_CLIENT_ID)')
    .option(
      '--client-secret <secret>',
      'its secret; the variable keeps it out of the list of processes (KOLATE_CLIENT_SECRET)',
    );
}

function addCompletion(program: Command, bind: Bind): void {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>').choices(shells))
    .action(
      bind(async (_context, [shell]) => {
        const text = completionScript(program, shells.find((known) => known === shell) ?? ('bash' satisfies Shell));
        return { document: { shell, script: text }, text: text.trimEnd() };
      }),
    );
}
