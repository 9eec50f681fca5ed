import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';

/**
 * The image of a service, for ARM: the folder that `npm run build` made, staged as it is. Docker builds it when it is
 * deployed; what it runs and what the asset's hash covers is what was tested.
 * @throws Error where the folder is not there
 */
export function serviceImage(scope: Construct, id: string, name: string): DockerImageAsset {
  const directory = join(process.cwd(), 'dist/images', name);
  if (!existsSync(join(directory, 'Dockerfile'))) {
    throw new Error(`image: ${name} has no Dockerfile in ${directory}; expected one: run npm run build`);
  }
  return new DockerImageAsset(scope, id, { directory, platform: Platform.LINUX_ARM64, exclude: ['native/amd64'] });
}
