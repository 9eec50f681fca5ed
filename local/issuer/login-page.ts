import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Directory } from './people';
import { readText } from './read-text';

const maxFormBytes = 4_096;

/** `/interaction/:uid`: the page on which a person signs in, or agrees when signed in already. */
export async function serveInteraction(
  provider: Provider,
  people: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Throws SessionNotFound unless the cookie of the browser that asked comes along.
  const interaction = await provider.interactionDetails(request, response);
  const signsIn = interaction.prompt.name === 'login';
  const show = (status: number, problem?: string): void => {
    response.writeHead(status, pageHeaders);
    response.end(page({ client: String(interaction.params.client_id), signsIn, problem }));
  };
  if (request.method === 'GET') return show(200);
  if (request.method !== 'POST') return show(405);
  if (!signsIn)
    return provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
  const form = new URLSearchParams(await readText(request, maxFormBytes));
  const name = form.get('username') ?? '';
  const outcome = await people.signIn(name, form.get('password') ?? '');
  if (outcome === 'locked') return show(429, 'Too many wrong passwords. Try again in a minute.');
  if (outcome === 'wrong') return show(401, 'Name or password is wrong.');
  // Who types the password on a page that names the client agrees to it as well.
  await provider.interactionFinished(request, response, { login: { accountId: name, remember: false }, consent: {} });
}

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // No form-action: browsers apply it to the redirect after the form too, which leads to the client's port.
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

type PageParts = { client: string; signsIn: boolean; problem: string | undefined };

const page = ({ client, signsIn, problem }: PageParts): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Kolate</title>
<style>body{font:16px system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem}label,input,button{display:block;width:100%;box-sizing:border-box}
input,button{font:inherit;padding:.5rem;margin:.25rem 0 1rem}[role=alert]{color:#b00020}</style></head>
<body><h1>Kolate</h1><p><b>${escapeHtml(client)}</b> asks to act for you.</p>
${problem ? `<p role="alert">${escapeHtml(problem)}</p>` : ''}
<form method="post">${signsIn ? fields : ''}<button type="submit">${signsIn ? 'Sign in and allow' : 'Allow'}</button></form></body></html>
`;

const fields = `<label for="username">Name</label><input id="username" name="username" autocomplete="username" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>`;

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
