import { type Charge, type Priced, type Pricer, Unpriced } from './charge';
import { hoursAMonth } from './price-list';
import { at, numberOf, referred, shareOf } from './values';

const storageOf = ({ usage }: Priced): Charge[] => [
  { price: 'databaseStorage', quantity: usage.databaseGb },
  { price: 'databaseIo', quantity: usage.millionIos },
];

/** A member of a serverless Aurora cluster: the cluster says between which capacities it moves. */
const auroraInstance: Pricer = (resource) => {
  const { DBInstanceClass: size, DBClusterIdentifier } = resource.properties;
  if (size !== 'db.serverless') throw new Unpriced(`only serverless members of Aurora are priced, not ${String(size)}`);
  const scaling = referred(resource, DBClusterIdentifier)?.properties.ServerlessV2ScalingConfiguration;
  const least = numberOf(at(scaling, 'MinCapacity'), 0.5);
  const average = least + resource.usage.load * (numberOf(at(scaling, 'MaxCapacity'), least) - least);
  // One that may pause has half a unit while it is awake.
  const hours = least === 0 ? resource.usage.awakeHours : hoursAMonth;
  return [{ price: 'acu', quantity: Math.max(0.5, average) * hours, what: `${Math.max(0.5, average).toFixed(1)} ACU` }];
};

const broker: Pricer = ({ properties, usage }) => {
  const type = String(at(properties.BrokerNodeGroupInfo, 'InstanceType'));
  const count = numberOf(properties.NumberOfBrokerNodes, 3);
  const brokers = { price: `kafka:${type}`, quantity: count * hoursAMonth };
  if (type.startsWith('express.')) {
    return [
      brokers,
      { price: 'kafkaExpressIn', quantity: usage.kafkaInGb },
      { price: 'kafkaStorage', quantity: usage.kafkaStoredGb },
    ];
  }
  const disk = at(properties.BrokerNodeGroupInfo, 'StorageInfo.EBSStorageInfo.VolumeSize');
  return [brokers, { price: 'kafkaStorage', quantity: count * numberOf(disk, 100) }];
};

const cache: Pricer = ({ properties }) => {
  const nodes = numberOf(properties.NumNodeGroups, 1) * (1 + numberOf(properties.ReplicasPerNodeGroup, 0));
  return [{ price: `cache:${String(properties.CacheNodeType)}`, quantity: nodes * hoursAMonth }];
};

const search: Pricer = ({ properties }) => {
  const cluster = properties.ClusterConfig;
  const nodes = numberOf(at(cluster, 'InstanceCount'), 1);
  const masters = numberOf(at(cluster, 'DedicatedMasterCount'), 0);
  const disk = numberOf(at(properties.EBSOptions, 'VolumeSize'), 10);
  return [
    { price: `search:${String(at(cluster, 'InstanceType'))}`, quantity: nodes * hoursAMonth },
    ...(masters > 0
      ? [{ price: `search:${String(at(cluster, 'DedicatedMasterType'))}`, quantity: masters * hoursAMonth }]
      : []),
    { price: 'searchStorage', quantity: nodes * disk },
  ];
};

/** Of tenants' clients: a gigabyte that is read for one request in a hundred, as tokens live for an hour. */
const table: Pricer = ({ assembly, usage }) => [
  { price: 'tableStorage', quantity: 1 },
  {
    price: 'tableReads',
    quantity: shareOf(assembly, usage.millionRequests / 100, 'AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'),
  },
];

/** Some stores are charged by what is done with them alone. */
const byUse =
  (what: string): Pricer =>
  () => {
    throw new Unpriced(`it is charged by use, of which the usage table says nothing: ${what}`);
  };

export const dataPricers: Readonly<Record<string, Pricer>> = {
  'AWS::RDS::DBCluster': storageOf,
  'AWS::RDS::DBInstance': auroraInstance,
  'AWS::DocDB::DBCluster': storageOf,
  'AWS::DocDB::DBInstance': ({ properties }) => [
    { price: `documents:${String(properties.DBInstanceClass)}`, quantity: hoursAMonth },
  ],
  'AWS::ElastiCache::ReplicationGroup': cache,
  'AWS::ElastiCache::ServerlessCache': byUse('GB-hours and ECPU'),
  'AWS::MSK::Cluster': broker,
  'AWS::MSK::Replicator': ({ usage }) => [
    { price: 'kafkaReplicator', quantity: hoursAMonth * Math.sign(usage.kafkaInGb) },
  ],
  'AWS::OpenSearchService::Domain': search,
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::EFS::FileSystem': byUse('storage and throughput'),
  'AWS::S3::Bucket': ({ assembly, usage }) => [
    { price: 's3Storage', quantity: shareOf(assembly, usage.objectsGb, 'AWS::S3::Bucket') },
  ],
  'AWS::ECR::Repository': () => [{ price: 'ecrStorage', quantity: 1 }],
  'AWS::Backup::BackupVault': ({ assembly, usage }) => [
    { price: 'backupStorage', quantity: shareOf(assembly, usage.backupGb, 'AWS::Backup::BackupVault') },
  ],
  'AWS::Logs::LogGroup': ({ assembly, usage, properties }) => {
    const gb = shareOf(assembly, usage.logsGb, 'AWS::Logs::LogGroup');
    return [
      { price: 'logsIn', quantity: gb },
      { price: 'logsStored', quantity: (gb * numberOf(properties.RetentionInDays, 365)) / 30 },
    ];
  },
  'AWS::SecretsManager::Secret': () => [{ price: 'secret', quantity: 1 }],
  'AWS::KMS::Key': () => [{ price: 'kmsKey', quantity: 1 }],
  'AWS::KMS::ReplicaKey': () => [{ price: 'kmsKey', quantity: 1 }],
  'AWS::ACMPCA::CertificateAuthority': ({ properties }) => {
    if (properties.UsageMode !== 'SHORT_LIVED_CERTIFICATE')
      throw new Unpriced('only short-lived authorities are priced');
    return [{ price: 'privateCaShortLived', quantity: 1 }];
  },
};
