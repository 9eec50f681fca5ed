import { CfnOutput, Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Deployment, deploymentParameter } from '../../../src/contracts/deployment';

export type DeploymentParameterProps = { readonly environmentName: string; readonly deployment: Deployment };

/** Where the platform is reached, for the command line, and for whoever has just deployed it. No secrets, only their names. */
export class DeploymentParameter extends Construct {
  constructor(scope: Construct, id: string, { environmentName, deployment }: DeploymentParameterProps) {
    super(scope, id);
    new StringParameter(this, 'Parameter', {
      parameterName: deploymentParameter(environmentName),
      description: 'Where this platform is reached; read by the command line',
      stringValue: Stack.of(this).toJsonString(deployment),
    });
    for (const [name, value] of Object.entries(deployment)) new CfnOutput(this, name, { value });
  }
}
