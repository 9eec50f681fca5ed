import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { Template } from '../../lib/assembly/assembly';
import { featureFlags } from '../../lib/config/feature-flags';
import { tenantTemplateVersion } from '../../lib/config/tenant-template-version';
import { TenantStack } from '../../lib/stacks/tenant-stack';

/** A template as it was published under a version, from the root of the repository. */
export type VersionedTemplate = { readonly version: number; readonly template: Template };

export const goldenFile = 'test/infra/tenant-template.golden.json';

/** The template of tenants' stacks as the sources make it now, for an environment that stands for all. */
export function tenantTemplateNow(): VersionedTemplate {
  const outdir = mkdtempSync(join(tmpdir(), 'kolate-tenant-template-'));
  try {
    const app = new App({
      ...{ outdir, context: featureFlags, analyticsReporting: false, treeMetadata: false },
      builtinCloudFormationValidation: false,
    });
    const stack = new TenantStack(app, 'tenant', { name: 'golden', logDays: 30 });
    const made: Template = app.synth().getStackArtifact(stack.artifactId).template;
    return { version: tenantTemplateVersion, template: withoutVersion(made) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The version is no change by itself. */
function withoutVersion({ Outputs = {}, ...template }: Template): Template {
  const { Version: _version, ...outputs } = Outputs;
  return { ...template, Outputs: outputs };
}
