import { BootstraplessSynthesizer, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** A stack whose template is published as a file: it names no account and no region, and brings no assets. */
export abstract class TemplateStack extends Stack {
  constructor(scope: Construct, id: string, description: string) {
    super(scope, id, {
      description,
      synthesizer: new BootstraplessSynthesizer(),
      analyticsReporting: false,
      suppressTemplateIndentation: true,
    });
  }
}
