import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { CoreCache } from '../constructs/core-cache';
import { CoreDocuments } from '../constructs/core-documents';
import { CorePostgres } from '../constructs/core-postgres';
import { KolateKey } from '../constructs/kolate-key';
import { SecretRotation } from '../constructs/secret-rotation';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type CoreDataStackProps = KolateStackProps & { readonly vpc: IVpc; readonly alarmTopic: ITopic };

/** The stores that services share, and tenants of the tier `pool` with them. */
export class CoreDataStack extends KolateStack {
  readonly postgres: CorePostgres;
  readonly documents: CoreDocuments;
  readonly cache: CoreCache;

  constructor(scope: Construct, props: CoreDataStackProps) {
    super(scope, 'core-data', { ...props, stateful: true });
    const { vpc, alarmTopic, environment } = props;
    const key = new KolateKey(this, 'Key', 'What the core stores keep');
    const common = { vpc, key, alarmTopic, environment };
    this.postgres = new CorePostgres(this, 'Postgres', common);
    // That of PostgreSQL is RDS' own matter, and nobody comes into the cache with a password.
    const rotation = new SecretRotation(this, 'Rotation', { ...common, logDays: environment.logDays });
    this.documents = new CoreDocuments(this, 'Documents', { ...common, rotation });
    this.cache = new CoreCache(this, 'Cache', common);
  }
}
