import { runCli } from './run-cli';

// A reader that has seen enough (`kolate logs | head`) closes the pipe; that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  say: (line) => process.stderr.write(`${line}\n`),
  write: (text) => process.stdout.write(text),
  isTerminal: process.stderr.isTTY === true,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
