import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { Template } from '../../assembly/assembly';

export type TemplateAsset = { readonly asset: Asset; readonly template: Template; readonly bytes: number };

/**
 * The template of another stack as a file that is published with this app: content-addressed, so that the same template
 * has the same URL.
 * @param build makes the stack in the app that it is handed
 */
export function templateAsset(scope: Construct, id: string, build: (app: App) => Stack): TemplateAsset {
  const outdir = mkdtempSync(join(tmpdir(), 'kolate-template-'));
  try {
    const app = new App({
      outdir,
      context: scope.node.getAllContext(),
      analyticsReporting: false,
      treeMetadata: false,
    });
    const stack = build(app);
    const file = app.synth().getStackArtifact(stack.artifactId).templateFullPath;
    const text = readFileSync(file, 'utf8');
    const template: Template = JSON.parse(text);
    return { asset: new Asset(scope, id, { path: file }), template, bytes: Buffer.byteLength(text) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
