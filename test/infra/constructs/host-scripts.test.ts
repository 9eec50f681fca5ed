import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { measureScript } from '../../../lib/constructs/tenants/host-scripts';

const tenants = ['0190a0a0-0000-7000-8000-000000000001', '0190a0a0-0000-7000-8000-000000000002'];

/** As CloudFormation hands it to the host. */
const substituted = (script: string): string =>
  script
    .replaceAll('$' + '{AWS::Region}', 'eu-west-1')
    .replaceAll('$' + '{CellId}', 'one')
    .replaceAll('$' + '{Slot}', '2')
    .replaceAll('$' + '{!', '$' + '{');

/** The program that the script writes to that file. */
function programOf(file: string): string {
  const [, text] = substituted(measureScript).split(`cat > ${file} <<'EOF'\n`);
  if (text === undefined) throw new Error(`the script writes no ${file}`);
  return text.slice(0, text.indexOf('\nEOF\n') + 1);
}

describe('what a host of a shared cell tells of its tenants', () => {
  let work: string;
  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'kolate-host-'));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  const fake = (name: string, text: string): void => {
    writeFileSync(join(work, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(work, name), 0o755);
  };
  /** Runs the program where `/data` is ours, and answers how it called `aws`. */
  const run = (): string[] => {
    const told = join(work, 'told');
    writeFileSync(told, '');
    fake('aws', `printf '%s\\n' "$*" >> ${told}`);
    const program = programOf('/usr/local/bin/measure-tenants').replaceAll('/data/', `${work}/data/`);
    execFileSync('bash', ['-euc', program], {
      env: { ...process.env, PATH: `${work}${delimiter}${process.env.PATH}` },
    });
    return readFileSync(told, 'utf8').trim().split('\n').filter(Boolean);
  };

  it('is memory of its containers and size of its folder, tenant by tenant', () => {
    for (const [at, tenant] of tenants.entries()) {
      mkdirSync(join(work, 'data', tenant, 'postgres'), { recursive: true });
      writeFileSync(join(work, 'data', tenant, 'postgres', 'rows'), Buffer.alloc((at + 1) * 3 * 1_048_576, 1));
    }
    mkdirSync(join(work, 'data', 'lost+found'));
    fake(
      'docker',
      `case "$*" in
        *family=kolate-tenant-${tenants[0]}) echo first; echo second;;
        stats*first*second) echo '512.5MiB / 4GiB'; echo '1.5GiB / 4GiB';;
      esac`,
    );
    const [first = '', second = '', ...more] = run();
    expect(more).toEqual([]);
    expect(first).toContain('put-metric-data --region eu-west-1 --namespace Kolate/Cells');
    expect(first).toContain(
      `MetricName=TenantMemory,Unit=Megabytes,Value=2048,Dimensions=[{Name=TenantId,Value=${tenants[0]}}]`,
    );
    expect(first).toMatch(/MetricName=TenantDisk,Unit=Megabytes,Value=[34],/);
    // Its engines do not run: its folder is there all the same.
    expect(second).toContain(`Value=0,Dimensions=[{Name=TenantId,Value=${tenants[1]}}]`);
    expect(second).toMatch(/MetricName=TenantDisk,Unit=Megabytes,Value=[67],/);
  });

  it('is nothing where there are no tenants', () => {
    mkdirSync(join(work, 'data'));
    expect(run()).toEqual([]);
  });
});
