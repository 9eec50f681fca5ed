import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { holdFreePort } from '../../../local/engines/free-port';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { makeCertificate } from '../../../src/platform/tls/make-certificate';
import { type EngineImage, openImage } from '../../helpers/engine-image';
import { memberPrograms } from '../../helpers/member-programs';
import { until } from '../../helpers/until';

const programs = memberPrograms();
if (programs.reason !== undefined) process.stderr.write(`Skipped, three members of PostgreSQL: ${programs.reason}\n`);
const describeIf = programs.reason === undefined ? describe : describe.skip;
const path = programs.reason === undefined ? programs.path : '';

const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const secrets = { PASSWORD: "it's-the-first", PASSWORD_CLONE: "it's-the-clone" };
/** Until a leader that is gone is no leader any more, 20 s, and another is chosen; twice over, as machines are busy. */
const failoverMs = 60_000;
jest.setTimeout(180_000);

/** Ports that are the same for each member, as they are where each has an address of its own. */
async function memberPorts() {
  const held = await Promise.all(Array.from({ length: 4 }, () => holdFreePort()));
  await Promise.all(held.map(({ release }) => release()));
  const [port, rest, ...etcd] = held.map((each) => String(each.port));
  return { PORT: port as string, REST_PORT: rest as string, MEMBER_PORTS: etcd.join(' ') };
}

describeIf('three members of PostgreSQL', () => {
  let members: EngineImage[] = [];
  let postgres: Postgres<'tenant'>;
  let [port, restPort, ca] = [0, 0, ''];
  const written: number[] = [];

  beforeAll(async () => {
    const [shown, ports] = await Promise.all([makeCertificate(hosts), memberPorts()]);
    members = await Promise.all(
      hosts.map((host, at) => {
        const own = { LISTEN: host, MEMBERS: hosts.join(','), MEMBER: String(at + 1), PATH: path };
        return openImage('postgres', shown, { ...ports, ...own });
      }),
    );
    await Promise.all(members.map((member) => member.start(secrets)));
    [port, restPort, ca] = [Number(ports.PORT), Number(ports.REST_PORT), shown.certificate];
    postgres = connect(hosts[0], hosts);
    await until(
      () => postgres.sql.run`create table if not exists counted (n int primary key)`.then(() => true),
      failoverMs,
    );
    await until(isWhole, failoverMs);
  });
  afterAll(async () => {
    await postgres?.close();
    await Promise.all(members.map((member) => member.stop()));
  });

  const connect = (host = '', members?: readonly string[]) =>
    createPostgres('tenant', {
      ...{ url: `postgresql://app@${host}:${port}/tenant`, members, name: 'test', tls: { ca } },
      password: { current: async () => secrets.PASSWORD, renew: async () => undefined },
      answerTimeoutMs: 3_000,
    });
  const leader = () => postgres.sql.one<{ host: string }>`select host(inet_server_addr()) as host`;
  /** Two copy the leader, one of them before a commit is one. Whoever is killed before that is waited for, not replaced. */
  const isWhole = async (): Promise<boolean> => {
    const { host } = await leader();
    const answer = await new Promise<string>((resolve, reject) => {
      get({ host, port: restPort, path: '/cluster', ca, timeout: 2_000 }, (response) => resolve(text(response)))
        .on('timeout', () => reject(new Error('silent')))
        .on('error', reject);
    });
    const { members: known }: { members: { role: string; state: string }[] } = JSON.parse(answer);
    const states = known.map(({ role, state }) => `${role} ${state}`).sort();
    return states.join() === 'leader running,replica streaming,sync_standby streaming';
  };
  const memberOf = (host: string): EngineImage => members[hosts.indexOf(host)] as EngineImage;
  const write = async (n: number): Promise<void> => {
    await postgres.sql.run`insert into counted values (${n}) on conflict do nothing`;
    written.push(n);
  };

  it('goes to the one that leads, over TLS, whichever is named first', async () => {
    const { host } = await leader();
    expect(hosts).toContain(host);
    const row = await postgres.sql.one<{
      tls: boolean;
      follows: boolean;
    }>`select ssl as tls, pg_is_in_recovery() as follows from pg_stat_ssl where pid = pg_backend_pid()`;
    expect(row).toEqual({ tls: true, follows: false });
  });

  it('loses no row that was committed when the leader is killed: another leads, and the old one copies it', async () => {
    const { host: old } = await leader();
    for (let n = 1; n <= 200; n += 1) await write(written.length + 1);
    await memberOf(old).kill();
    await until(() => write(written.length + 1).then(() => true), failoverMs);
    const { host } = await leader();
    expect(host).not.toBe(old);
    const rows = await postgres.sql.many<{ n: number }>`select n from counted order by n`;
    expect(rows.map(({ n }) => n)).toEqual(written);

    await memberOf(old).start(secrets);
    await until(isWhole, failoverMs);
    expect((await leader()).host).toBe(host);
  });

  it('hands over without a wait when the leader is asked to stop', async () => {
    const { host: old } = await leader();
    await memberOf(old).stop();
    await until(() => write(written.length + 1).then(() => true), failoverMs);
    expect((await leader()).host).not.toBe(old);
    await memberOf(old).start(secrets);
    await until(isWhole, failoverMs);
    const rows = await postgres.sql.many<{ n: number }>`select n from counted order by n`;
    expect(rows.map(({ n }) => n)).toEqual(written);
  });

  it('takes a member back that has lost its volume, and copies everything to it', async () => {
    const { host } = await leader();
    const lost = memberOf(hosts.find((each) => each !== host) ?? '');
    await lost.kill();
    await lost.loseVolume();
    // Where it was the one that a commit waits for, until the other has taken its place.
    await until(() => write(written.length + 1).then(() => true), failoverMs);
    await lost.start(secrets);
    await until(isWhole, failoverMs);
    expect((await leader()).host).toBe(host);
  });

  it('leaves rotated passwords alone when a member leads that was started before', async () => {
    const { host: old } = await leader();
    const rotated = 'as-it-is-since-the-rotation';
    await postgres.sql.query(`alter role app password '${rotated}'`);
    secrets.PASSWORD = rotated;
    await memberOf(old).stop();
    await until(() => write(written.length + 1).then(() => true), failoverMs);
    await memberOf(old).start(secrets);
    await until(isWhole, failoverMs);
    const { host } = await leader();
    expect(host).not.toBe(old);
    const anew = connect(host);
    await anew.ping();
    await anew.close();
  });

  it('writes no password and no key to its log', () => {
    const said = members.flatMap((member) => member.said).join('');
    expect(said).not.toMatch(/the-first|the-clone|since-the-rotation|PRIVATE KEY/);
  });
});
