import { Writable } from 'node:stream';
import { createLogger } from '../../../src/platform/logging/create-logger';

function logged(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  write(createLogger('test', 'info', sink));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the logger', () => {
  it('writes JSON lines with name, level and an ISO time', () => {
    const [line] = logged((log) => log.info({ tenantId: 't1' }, 'opened'));
    expect(line).toMatchObject({ name: 'test', level: 'info', tenantId: 't1', msg: 'opened' });
    expect(new Date(String(line?.time)).getTime()).not.toBeNaN();
  });

  it.each(['password', 'authorization', 'clientSecret', 'client_secret', 'token', 'secret'])(
    'never writes what stands under %s, up to two levels down',
    (key) => {
      const lines = logged((log) => {
        log.info({ [key]: 'hunter2' });
        log.info({ request: { [key]: 'hunter2' } });
        log.info({ request: { headers: { [key]: 'hunter2' } } });
      });
      expect(JSON.stringify(lines)).not.toContain('hunter2');
      expect(JSON.stringify(lines).match(/\[redacted\]/g)).toHaveLength(3);
    },
  );

  it('is silent below its level', () => {
    expect(logged((log) => log.debug('noise'))).toEqual([]);
  });
});
