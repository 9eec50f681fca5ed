import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Environment } from './environment';

/**
 * Stops at regions that the CDK does not know. Apart from the other checks, as those are also in the command line, which
 * has nothing of the CDK. @throws Error with what, got, expected
 */
export function checkRegions({ region, peer }: Environment): void {
  check('region', region);
  if (peer) check('peer.region', peer.region);
}

function check(what: string, region: string): void {
  if (RegionInfo.regions.some(({ name }) => name === region)) return;
  throw new Error(`environment: ${what} is "${region}"; expected a region of AWS, as in us-east-1`);
}
