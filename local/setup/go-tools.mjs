import { run } from './run.mjs';

/**
 * Compiles a Go program into `work`. Modules and their checksums come by Go's own configuration.
 * @param {string} module with its version, as in `example.org/tool@v1.2.3`
 * @param {string} work
 * @param {(text: string) => void} report
 */
export async function installGoTool(module, work, report) {
  report(`compiling ${module.split('/').pop()}`);
  await run('go', ['install', '-trimpath', '-ldflags=-s -w', module], { cwd: work, env: { GOBIN: work, GOFLAGS: '' } });
}
