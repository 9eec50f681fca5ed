import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogStream, type LogStreamOptions } from '../../../src/platform/logging/create-log-stream';
import { until } from '../../helpers/until';

const folder = mkdtempSync(join(tmpdir(), 'kolate-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function setUp(options: Partial<LogStreamOptions> = {}) {
  const path = join(folder, `${files++}.log`);
  const fd = openSync(path, 'w');
  return { stream: createLogStream({ fd, ...options }), written: () => readFileSync(path, 'utf8'), fd };
}

describe('the stream of the log', () => {
  it('writes everything, in order, in any script', async () => {
    const { stream, written } = setUp();
    let expected = '';
    for (let n = 0; n < 5_000; n++) {
      const line = `${n} zażółć 語🦊 ${'x'.repeat(n % 300)}\n`;
      expected += line;
      stream.write(line);
      if (n % 500 === 0) await new Promise(setImmediate);
    }
    await new Promise<void>((done) => stream.flush(done));
    expect(written()).toBe(expected);
  });

  it('takes a line that is larger than its buffer', async () => {
    const { stream, written } = setUp();
    const line = `${'語'.repeat(100_000)}\n`;
    stream.write('before\n');
    stream.write(line);
    stream.write('after\n');
    await new Promise<void>((done) => stream.flush(done));
    expect(written()).toBe(`before\n${line}after\n`);
  });

  it('gathers lines, and lets none wait for long', async () => {
    const { stream, written } = setUp({ flushMs: 20 });
    stream.write('one\n');
    expect(written()).toBe('');
    await until(() => written() === 'one\n');
  });

  it('writes the rest at once at the end of the process', () => {
    const { stream, written } = setUp();
    stream.write('last words\n');
    stream.flushSync();
    expect(written()).toBe('last words\n');
  });

  it('goes on where nobody can read any more', async () => {
    const { stream, fd } = setUp();
    closeSync(fd);
    stream.write('lost\n');
    await new Promise<void>((done) => stream.flush(done));
  });

  it('drops and counts what a reader that does not read leaves waiting, and tells when it reads again', async () => {
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const blocked = spawn('sh', ['-c', `exec 3<"${fifo}"; read go; cat <&3`], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    blocked.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const fd = openSync(fifo, 'w');
    const stream = createLogStream({ fd, gatherBytes: 100, maxWaitingBytes: 100_000 });
    const line = `${'x'.repeat(999)}\n`;
    for (let n = 0; n < 400; n++) stream.write(line);
    blocked.stdin.write('go\n');
    await until(() => text.length >= 100_000);
    await until(() => {
      stream.write('more\n');
      stream.flush();
      return /"dropped":\d+/.test(text);
    });
    expect(Number(/"dropped":(\d+)/.exec(text)?.[1])).toBeGreaterThan(100);
    closeSync(fd);
    blocked.kill();
  });
});
