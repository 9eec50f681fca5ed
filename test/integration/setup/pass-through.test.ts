import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scratchFolder } from '../../helpers/scratch-folder';
import { until } from '../../helpers/until';

const passThrough = pathToFileURL(join(__dirname, '../../../local/setup/pass-through.mjs')).href;

/** A program that says `up`, counts signals and ends with exit code 7 a moment after the first. */
function start(now = 'Date.now') {
  const file = join(scratchFolder('pass'), 'program.js');
  writeFileSync(
    file,
    `let count = 0;
     const end = () => console.log('got') || ++count > 1 || setTimeout(() => { console.log('signals ' + count); process.exit(7); }, 200);
     process.on('SIGINT', end); process.on('SIGTERM', end); setInterval(() => undefined, 1000); console.log('up');`,
  );
  const script = `import { passThrough } from '${passThrough}';
    process.exit(await passThrough(process.execPath, ['${file}'], { cwd: '/', env: process.env, now: ${now} }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return { child, says: (word: string) => until(() => text.includes(word)), text: () => text };
}

it.each(['SIGINT', 'SIGTERM'] as const)('hands %s on and answers the exit code of the program', async (signal) => {
  const { child, says, text } = start();
  await says('up');
  child.kill(signal);
  expect(await once(child, 'close')).toEqual([7, null]);
  expect(text()).toContain('signals 1');
});

it('hands on one Ctrl-C where the terminal and npm both send it', async () => {
  const { child, says, text } = start('() => 0');
  await says('up');
  child.kill('SIGINT');
  await says('got');
  child.kill('SIGINT');
  await once(child, 'close');
  expect(text()).toContain('signals 1');
});
