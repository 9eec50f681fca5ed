import { DescribeImageScanFindingsCommand, DescribeImageSigningStatusCommand, ECRClient } from '@aws-sdk/client-ecr';
import type { PushedImage } from './read-images';

/** What a registry says of an image; `undefined` and an empty list where it has not looked yet. */
export type ImageVerdict = {
  readonly scan: { readonly status: string; readonly findings: Readonly<Record<string, number>> } | undefined;
  /** Of each signing rule that the image falls under. */
  readonly signatures: readonly string[];
};
export type Registry = (image: PushedImage) => Promise<ImageVerdict>;

/** Looks again after `pause` until the registry has made up its mind, so often at most. */
export type Patience = { readonly attempts: number; readonly pause: () => Promise<void> };

const scanned = ['ACTIVE', 'COMPLETE'];
const underway = ['PENDING', 'IN_PROGRESS'];
const tooBad = ['CRITICAL', 'HIGH'];

/** What speaks against deploying these images, in a line each: none for images that are scanned, sound and signed. */
export async function checkImages(
  images: readonly PushedImage[],
  registry: Registry,
  { attempts, pause }: Patience,
): Promise<string[]> {
  const objections: string[] = [];
  for (const image of images) {
    let verdict = await registry(image);
    for (let attempt = 1; attempt < attempts && isUndecided(verdict); attempt++) {
      await pause();
      verdict = await registry(image);
    }
    objections.push(...object(verdict).map((line) => `${image.repository}:${image.tag} in ${image.region} ${line}`));
  }
  return objections;
}

const isUndecided = ({ scan, signatures }: ImageVerdict): boolean =>
  scan === undefined || underway.includes(scan.status) || signatures.length === 0 || signatures.includes('IN_PROGRESS');

function object({ scan, signatures }: ImageVerdict): string[] {
  const lines: string[] = [];
  if (!scan || !scanned.includes(scan.status)) lines.push(`is not scanned: ${scan?.status ?? 'no scan'}`);
  const bad = Object.entries(scan?.findings ?? {}).filter(
    ([severity, count]) => tooBad.includes(severity) && count > 0,
  );
  if (bad.length > 0) lines.push(`has findings: ${bad.map(([severity, count]) => `${count} ${severity}`).join(', ')}`);
  if (signatures.length === 0) lines.push('is not signed: it was pushed before the registry signed images');
  for (const status of signatures) if (status !== 'COMPLETE') lines.push(`is not signed: ${status}`);
  return lines;
}

/** The registry of the account whose credentials there are. */
export const accountRegistry: Registry = async ({ repository: repositoryName, tag: imageTag, region }) => {
  const client = new ECRClient({ region, maxAttempts: 8 });
  const image = { repositoryName, imageId: { imageTag } };
  try {
    const { signingStatuses = [] } = await client.send(new DescribeImageSigningStatusCommand(image));
    return { scan: await scanOf(client, image), signatures: signingStatuses.map(({ status = 'FAILED' }) => status) };
  } finally {
    client.destroy();
  }
};

async function scanOf(
  client: ECRClient,
  image: { repositoryName: string; imageId: { imageTag: string } },
): Promise<ImageVerdict['scan']> {
  try {
    const { imageScanStatus, imageScanFindings } = await client.send(new DescribeImageScanFindingsCommand(image));
    const findings = imageScanFindings?.findingSeverityCounts ?? {};
    return { status: imageScanStatus?.status ?? 'PENDING', findings: { ...findings } };
  } catch (error) {
    if (error instanceof Error && error.name === 'ScanNotFoundException') return undefined;
    throw error;
  }
}
