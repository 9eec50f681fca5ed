import { resolve } from 'node:path';
import { type ProtocolServer, startProtocolServer } from '../../helpers/protocol-server';
import { preparePython } from '../../helpers/python';
import { echoFolder, listSamples } from '../../helpers/samples';

const scripts = resolve(__dirname, '../../interop');
const { python, reason } = preparePython(resolve(scripts, 'requirements.txt'));
if (!python) console.warn(`Skipped: the public clients of the protocol are not tried here, since ${reason}`);
const served = [...listSamples(), ...listSamples(echoFolder)];
const scriptTimeoutMs = 120_000;

type Report = {
  client: string;
  passed: number;
  failed: number;
  checks: { name: string; ok: boolean; detail: string }[];
};

(python ? describe : describe.skip)('an unmodified client, given a header only', () => {
  let server: ProtocolServer;
  beforeAll(async () => {
    server = await startProtocolServer(served);
  });
  afterAll(() => server?.close());

  it.each([
    ['tritonclient.http', 'triton_http.py'],
    ['tritonclient.grpc', 'triton_grpc.py'],
    ['kserve', 'kserve_client.py'],
    ['open-inference', 'open_inference_client.py'],
  ])(
    '%s: reads, predicts and is refused in words',
    async (_client, script) => {
      const models = served.flatMap(({ jsonPath }) => ['--model', jsonPath]);
      const target = ['--http', server.http, '--grpc', server.grpc, '--token', server.token, '--token-needed'];
      const ended = await python!.run(resolve(scripts, script), [...target, ...models], scriptTimeoutMs);
      const report = reportOf(ended);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.passed).toBeGreaterThan(30);
      expect(ended.code).toBe(0);
    },
    scriptTimeoutMs + 10_000,
  );
});

function reportOf({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`the script ended with ${code} and without a report:\n${stdout}\n${stderr}`);
  }
}
