import { join } from 'node:path';
import { IgnoreMode } from 'aws-cdk-lib';
import { DockerImageAsset, type DockerImageAssetProps, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import type { Engine } from './tenant-engines';

const images = join(process.cwd(), 'images');
/** What the image of an engine is built of: its own folder; PostgreSQL's takes from a second one, too. */
const contexts: Readonly<Record<Engine, DockerImageAssetProps>> = {
  postgres: {
    directory: images,
    file: 'postgres/Dockerfile',
    ignoreMode: IgnoreMode.DOCKER,
    exclude: ['*', '!postgres', '!members'],
  },
  mongo: { directory: join(images, 'mongo') },
  valkey: { directory: join(images, 'valkey') },
};

/** The image of a tenant's engine, for ARM, from images/<engine>; Docker builds it when it is deployed. */
export const engineImage = (scope: Construct, id: string, engine: Engine): DockerImageAsset =>
  new DockerImageAsset(scope, id, { ...contexts[engine], platform: Platform.LINUX_ARM64 });
