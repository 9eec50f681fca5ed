import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { backUp } from '../constructs/back-up';
import { CoreCache } from '../constructs/core-cache';
import { CoreDocuments } from '../constructs/core-documents';
import { CorePostgres } from '../constructs/core-postgres';
import { KolateKey } from '../constructs/kolate-key';
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
    const { coreData, logDays } = environment;
    const key = new KolateKey(this, 'Key', 'What the core stores keep');
    const common = { vpc, key, alarmTopic, backupDays: coreData.backupDays, logDays };
    this.postgres = new CorePostgres(this, 'Postgres', { ...common, postgres: coreData.postgres });
    this.documents = new CoreDocuments(this, 'Documents', { ...common, documents: coreData.documents });
    // Each keeps its own log for points in time, for `backupDays`.
    for (const store of [this.postgres, this.documents]) backUp(store, environment, 'daily');
    this.cache = new CoreCache(this, 'Cache', { ...common, cache: coreData.cache });
  }
}
