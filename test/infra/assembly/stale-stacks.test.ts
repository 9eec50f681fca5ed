import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../../scripts/aws/synthesize';

it('leaves nothing to deploy of another environment, nor of an earlier synthesis when one fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kolate-stale-'));
  try {
    for (const file of ['manifest.json', 'kolate-prod-network.template.json', 'kolate-dev-network.assets.json']) {
      writeFileSync(join(folder, file), '{}');
    }
    writeFileSync(join(folder, 'asset.0123.json'), '{}');
    const synthesis = () => synthesize(join(process.cwd(), 'dist/bin/kolate.js'), 'nope', folder);
    expect(synthesis).toThrow('environment: name is "nope"; expected dev or prod or prod-standby');
    expect(readdirSync(folder)).toEqual(['asset.0123.json']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
