import { KolateError } from '../../../src/contracts/errors';
import { createLineWriter } from '../../../src/platform/logging/create-line-writer';
import { createLogger } from '../../../src/platform/logging/create-logger';

function setUp(level = 'info') {
  const lines: string[] = [];
  const log = createLogger('test', level, { write: (line) => void lines.push(line) });
  return { log, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}'), lines };
}

describe('the log', () => {
  it('writes one JSON line an entry, with its level, time, name and process', () => {
    const { log, last, lines } = setUp();
    log.info({ answer: 42 }, 'said');
    expect(lines).toHaveLength(1);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      name: 'test',
      pid: process.pid,
      answer: 42,
      msg: 'said',
    });
  });

  it.each([
    [{ password: 'x' }, { password: '[redacted]' }],
    [{ headers: { authorization: 'x', host: 'h' } }, { headers: { authorization: '[redacted]', host: 'h' } }],
    [{ a: { b: { token: 'x' } } }, { a: { b: { token: '[redacted]' } } }],
    [{ clients: [{ clientSecret: 'x' }] }, { clients: [{ clientSecret: '[redacted]' }] }],
  ])('hides the secrets of %j', (entry, shown) => {
    const { log, last } = setUp();
    const before = structuredClone(entry);
    log.info(entry);
    expect(last()).toMatchObject(shown);
    expect(JSON.stringify(last())).not.toContain('"x"');
    expect(entry).toEqual(before);
  });

  it('hides the secrets that an error carries', () => {
    const { log, last, lines } = setUp();
    const error = new KolateError('KLT_INTERNAL', 'broken', { extra: { token: 'hush' } });
    log.error({ err: Object.assign(error, { password: 'hush' }) });
    expect(last()).toMatchObject({ err: { message: 'KLT_INTERNAL: broken', password: '[redacted]' } });
    expect(lines.join('')).not.toContain('hush');
  });
});

describe('lines written as text', () => {
  it('are like entries of the log', () => {
    const { log, last } = setUp();
    log.info({ path: '/v2', ms: 1.5 });
    const entry = last();
    createLineWriter(log)('"path":"/v2","ms":1.5');
    expect({ ...last(), time: entry.time }).toEqual(entry);
    expect(Object.keys(last())).toEqual(Object.keys(entry));
  });

  it('are not written where the level is above them', () => {
    const { log, lines } = setUp('warn');
    createLineWriter(log)('"path":"/v2"');
    expect(lines).toEqual([]);
  });
});
