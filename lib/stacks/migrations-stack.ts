import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { CorePostgres } from '../constructs/core-postgres';
import { KolateKey } from '../constructs/kolate-key';
import { MigrationTask } from '../constructs/migration-task';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type MigrationsStackProps = KolateStackProps & {
  readonly vpc: IVpc;
  readonly postgres: CorePostgres;
  readonly permissionsBoundary: IManagedPolicy;
  readonly alarmTopic: ITopic;
};

/** Deployed before the services, which depend on it: the schema is there when they come. */
export class MigrationsStack extends KolateStack {
  constructor(scope: Construct, props: MigrationsStackProps) {
    super(scope, 'migrations', props);
    const { vpc, postgres, permissionsBoundary, alarmTopic, environment } = props;
    const key = new KolateKey(this, 'Key', 'Logs of migrations');
    const { logDays } = environment;
    new MigrationTask(this, 'Migrations', { vpc, key, postgres, permissionsBoundary, alarmTopic, logDays });
  }
}
