import { type Command, Option } from 'commander';
import type { Bind } from '../bind';
import { usageError } from '../cli-error';
import { login } from '../login';
import { sessionOf } from '../login-session';
import { timeoutOption } from '../options';

type LoggingIn = {
  readonly browser: boolean;
  readonly paste?: boolean;
  readonly timeout: number;
  readonly loginClient?: string;
};
type Asking = { readonly operator?: boolean; readonly scope?: readonly string[] };

export function addIdentityCommands(program: Command, bind: Bind): void {
  addLogin(program, bind);
  program
    .command('token')
    .description('print an access token, for --tenant or as --operator')
    .option('--operator', 'of the operator of this platform')
    .addOption(new Option('--scope <scope...>', 'only these scopes (all that the client may have when absent)'))
    .action(
      bind(async (context, _args, { operator, scope }: Asking) => {
        const wanted = scope?.join(' ');
        const named = context.options.tenant;
        if (operator && named) throw usageError('--operator and --tenant exclude each other');
        const source = operator ? await context.operatorTokens(wanted) : await context.tenantTokens(named, wanted);
        const token = await source.get();
        return { document: { access_token: token, token_type: 'Bearer' }, text: token };
      }),
    );
}

function addLogin(program: Command, bind: Bind): void {
  program
    .command('login')
    .description(
      'log in as a person, in a browser; commands then act as you. On one machine there is the person operator, whose ' +
        'password is in secrets/platform/operator-password.secret of the home',
    )
    .option('--no-browser', 'only print the address')
    .option('--paste', 'paste the address that the browser ends at, where the browser is on another machine')
    .option('--login-client <id>', 'public OAuth client of a platform that --url names (KOLATE_LOGIN_CLIENT)')
    .addOption(timeoutOption(300, 'how long it waits for you'))
    .action(
      bind(async (context, _args, options: LoggingIn) => {
        const { issuer, store, scopePrefix, loginClientId } = await context.connection();
        const clientId = options.loginClient ?? context.io.env.KOLATE_LOGIN_CLIENT ?? loginClientId;
        if (!clientId) {
          throw usageError(
            'which client do people log in through?',
            '--login-client ID: ask who operates the platform',
          );
        }
        const { timeout, browser, paste = false } = options;
        const how = { issuer, clientId, scopePrefix, browser, paste, timeoutMs: timeout * 1_000 };
        const answer = await login(how, context.io);
        const session = sessionOf(clientId, answer);
        await store.keepSession(session);
        const who = session.tenantId ? `tenant ${session.tenantId}` : 'an operator';
        return {
          document: { tenantId: session.tenantId, scope: answer.scope, expiresIn: answer.expires_in },
          text: `logged in for ${who}`,
        };
      }),
    );
  program
    .command('logout')
    .description('forget the login')
    .action(
      bind(async (context) => {
        await (await context.connection()).store.keepSession(undefined);
        return { document: { loggedIn: false }, text: 'logged out' };
      }),
    );
}
