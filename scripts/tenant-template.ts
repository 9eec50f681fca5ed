import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { goldenFile, tenantTemplateNow, type VersionedTemplate } from './aws/tenant-template';
import { runScript } from './command/run-script';
import { templateChange } from './delivery/template-change';

const usage = `npm run tenant-template [-- --lose-state]
Shows what has changed in the template of tenants' stacks since its last version, raises the version where somebody has
not yet, and writes ${goldenFile}, which a test compares with.
  --lose-state  also when an update would replace, remove or stop keeping what holds data; the driver refuses such an
                update of stacks that there are, so tenants have to be moved to get it
Example: npm run tenant-template && git diff lib/config test/infra`;

const options = { 'lose-state': { type: 'boolean', default: false } } as const;
const versionFile = 'lib/config/tenant-template-version.ts';

function raiseVersion(version: number): void {
  const text = readFileSync(versionFile, 'utf8');
  writeFileSync(versionFile, text.replace(/(tenantTemplateVersion = )\d+/, `$1${version}`));
}

runScript({ usage, options }, (values) => {
  const now = tenantTemplateNow();
  const golden: VersionedTemplate | undefined = existsSync(goldenFile)
    ? JSON.parse(readFileSync(goldenFile, 'utf8'))
    : undefined;
  const { lines, losses } = templateChange(golden?.template ?? { Resources: {} }, now.template);
  if (golden && lines.length === 0 && golden.version === now.version) {
    console.log(`version ${now.version}: nothing has changed`);
    return 0;
  }
  for (const line of [...lines, ...losses.map((loss) => `LOSES STATE: ${loss}`)]) console.log(line);
  if (losses.length > 0 && !values['lose-state']) {
    console.log('not written: leave what holds data as it is, or say --lose-state');
    return 1;
  }
  const version = golden && lines.length > 0 ? Math.max(now.version, golden.version + 1) : now.version;
  raiseVersion(version);
  writeFileSync(goldenFile, `${JSON.stringify({ version, template: now.template }, undefined, 2)}\n`);
  console.log(`version ${version} is in ${versionFile} and ${goldenFile}`);
  return 0;
});
