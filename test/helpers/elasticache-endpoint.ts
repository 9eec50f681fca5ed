import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';

type User = { readonly id: string; readonly name: string; rules: string; password: string; changing: number };
type Query = URLSearchParams;

/** How often a change is looked at until it has reached the nodes. */
const looks = 2;
const group = 'users-of-the-test';

class Fault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Users and groups of ElastiCache as its API reference has them, on loopback: changes take a while, one at a time, and
 * only then are they rules of the real Valkey behind it. MiniStack has these calls too, but no engine that obeys them.
 * @param adminUrl of the Valkey that the group lets its users into
 */
export async function elastiCacheEndpoint(adminUrl: string) {
  const admin = new Redis(adminUrl);
  const users = new Map<string, User>();
  const members = new Set<string>();
  const calls: string[] = [];
  let pending: { readonly add: string[]; readonly remove: string[]; looks: number } | undefined;
  let refusal: Fault | undefined;

  const tellNodes = async ({ name, rules, password }: User): Promise<void> => {
    const hash = createHash('sha256').update(password).digest('hex');
    await admin.call('ACL', 'SETUSER', name, 'reset', `#${hash}`, ...rules.split(' '));
  };
  const find = (query: Query): User => {
    const user = users.get(query.get('UserId') ?? '');
    if (!user) throw new Fault('UserNotFound', 'there is no such user');
    return user;
  };
  const settle = async (): Promise<void> => {
    for (const user of users.values()) {
      if (user.changing > 0) user.changing -= 1;
      if (user.changing === 0 && members.has(user.id)) await tellNodes(user);
    }
    if (!pending || --pending.looks > 0) return;
    for (const id of pending.add) members.add(id);
    for (const id of pending.remove) {
      members.delete(id);
      await admin.call('ACL', 'DELUSER', users.get(id)?.name ?? '');
    }
    for (const id of pending.add) await tellNodes(users.get(id) as User);
    pending = undefined;
  };

  const actions: Readonly<Record<string, (query: Query) => string | Promise<string>>> = {
    CreateUser(query) {
      const id = query.get('UserId') ?? '';
      if (users.has(id)) throw new Fault('UserAlreadyExists', 'it is there already');
      if (!/^[a-zA-Z][a-zA-Z0-9-]{0,39}$/.test(id)) throw new Fault('InvalidParameterValue', `the id ${id} is not one`);
      const user = { id, name: query.get('UserName') ?? '', ...accessIn(query), changing: looks };
      users.set(id, user);
      return userXml(user);
    },
    ModifyUser(query) {
      const user = find(query);
      if (user.changing > 0) throw new Fault('InvalidUserState', 'it is being changed');
      Object.assign(user, accessIn(query), { changing: looks });
      return userXml(user);
    },
    DeleteUser(query) {
      const user = find(query);
      if (members.has(user.id)) throw new Fault('InvalidUserState', 'a group has it');
      users.delete(user.id);
      return userXml(user);
    },
    DescribeUsers: (query) => `<Users><member>${userXml(find(query))}</member></Users>`,
    ModifyUserGroup(query) {
      if (query.get('UserGroupId') !== group) throw new Fault('UserGroupNotFound', 'there is no such group');
      if (pending) throw new Fault('InvalidUserGroupState', 'it is being changed');
      const [add, remove] = [listIn(query, 'UserIdsToAdd'), listIn(query, 'UserIdsToRemove')];
      if (add.some((id) => !users.has(id))) throw new Fault('UserNotFound', 'there is no such user');
      pending = { add, remove, looks };
      return groupXml();
    },
    DescribeUserGroups: () => `<UserGroups><member>${groupXml()}</member></UserGroups>`,
  };
  const groupXml = (): string =>
    [
      `<UserGroupId>${group}</UserGroupId><Engine>valkey</Engine><Status>${pending ? 'modifying' : 'active'}</Status>`,
      `<UserIds>${membersXml([...members])}</UserIds><PendingChanges>`,
      `<UserIdsToAdd>${membersXml(pending?.add ?? [])}</UserIdsToAdd>`,
      `<UserIdsToRemove>${membersXml(pending?.remove ?? [])}</UserIdsToRemove></PendingChanges>`,
    ].join('');

  const answer = async (query: Query): Promise<string> => {
    const action = query.get('Action') ?? '';
    calls.push(action);
    if (refusal && !action.startsWith('Describe')) throw refusal;
    if (action.startsWith('Describe')) await settle();
    const body = await actions[action]?.(query);
    if (body === undefined) throw new Fault('InvalidAction', action);
    return `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`;
  };
  // One at a time, as its changes are.
  let last: Promise<unknown> = Promise.resolve();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new URLSearchParams(await textOf(request));
    const turn = last.then(() => answer(query));
    last = turn.catch(() => undefined);
    const [status, body] = await turn.then(
      (text) => [200, text] as const,
      ({ code, message }: Fault) => [400, errorXml(code, message)] as const,
    );
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    userGroupId: group,
    /** Ids of those who are let in. */
    members,
    /** Ids of all users. */
    userIds: (): string[] => [...users.keys()],
    calls,
    /** Refuses every change until it is called with nothing. */
    refuse(code?: string, message = ''): void {
      refusal = code === undefined ? undefined : new Fault(code, message);
    },
    async close(): Promise<void> {
      admin.disconnect();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function accessIn(query: Query) {
  const rules = query.get('AccessString') ?? '';
  const password = query.get('AuthenticationMode.Passwords.member.1') ?? '';
  // As documented: passwords have a parameter of their own, and nothing takes them all away.
  if (/(^| )([>#<!]|nopass|resetpass|reset( |$))/.test(rules)) throw new Fault('InvalidParameterValue', rules);
  if (password.length < 16 || password.length > 128) throw new Fault('InvalidParameterValue', 'the password’s length');
  return { rules, password };
}

function listIn(query: Query, name: string): string[] {
  return [...query].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
}

const membersXml = (ids: readonly string[]): string => ids.map((id) => `<member>${id}</member>`).join('');
const userXml = ({ id, name, changing }: User): string =>
  `<UserId>${id}</UserId><UserName>${name}</UserName><Status>${changing > 0 ? 'modifying' : 'active'}</Status>`;
const errorXml = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
