import { CfnOutput } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type PlatformParameter, parameterName } from '../../../src/contracts/platform-parameters';

export type PlatformParametersProps = {
  readonly environmentName: string;
  readonly values: Readonly<Partial<Record<PlatformParameter, string>>>;
};

/** What the command line asks Parameter Store for, and whoever deploys sees at the end. No secrets. */
export class PlatformParameters extends Construct {
  constructor(scope: Construct, id: string, { environmentName, values }: PlatformParametersProps) {
    super(scope, id);
    for (const [parameter, stringValue] of Object.entries(values)) {
      const name = parameterName(environmentName, parameter as PlatformParameter);
      new StringParameter(this, parameter, { parameterName: name, stringValue, description: `Kolate: ${parameter}` });
      new CfnOutput(this, `${parameter}Output`, { value: stringValue, description: name });
    }
  }
}
