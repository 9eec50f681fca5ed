import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an image of an assembly is pushed to: the registry of the account, in that region. */
export type PushedImage = { readonly repository: string; readonly tag: string; readonly region: string };

type AssetManifest = {
  readonly dockerImages?: Readonly<Record<string, { readonly destinations: Readonly<Record<string, Destination>> }>>;
};
type Destination = { readonly repositoryName: string; readonly imageTag: string; readonly region?: string };

/** Every image of an assembly once, wherever it is pushed to. */
export function readImages(folder: string): PushedImage[] {
  const manifests = readdirSync(folder).filter((file) => file.endsWith('.assets.json'));
  const images = manifests.flatMap((file) => {
    const { dockerImages = {} } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as AssetManifest;
    return Object.values(dockerImages).flatMap(({ destinations }) => Object.values(destinations).map(imageOf));
  });
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
}

/** Without a region an image goes to that of whoever pushes it. */
function imageOf({ repositoryName, imageTag, region = process.env.AWS_REGION ?? '' }: Destination): PushedImage {
  return { repository: repositoryName, tag: imageTag, region };
}
