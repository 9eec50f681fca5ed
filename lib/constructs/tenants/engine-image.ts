import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import type { Engine } from './tenant-engines';

/** The image of a tenant's engine, for ARM, from images/<engine>; Docker builds it when it is deployed. */
export const engineImage = (scope: Construct, id: string, engine: Engine): DockerImageAsset =>
  new DockerImageAsset(scope, id, {
    directory: join(process.cwd(), 'images', engine),
    platform: Platform.LINUX_ARM64,
  });
