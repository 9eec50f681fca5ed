import { join } from 'node:path';
import type { Arguments } from './arguments';
import { cloneDir, type Started } from './start-home';

/** What a command needs to find a home that is not the clone's own. */
export const homeFlag = (dir: string): string => (dir === join(cloneDir, '.kolate') ? '' : ` --home ${dir}`);

/** What stands on the screen when everything is ready: where it is, and what to type next. */
export function welcome({ home, platform }: Started, { detach }: Arguments): string {
  const { gateway, grpc, issuer, kafka } = platform.endpoints;
  const elsewhere = homeFlag(home.dir);
  return `
Kolate is ready.
  API      ${gateway}
  gRPC     ${grpc}
  issuer   ${issuer}
  Kafka    ${kafka}
  home     ${home.dir}

  npx kolate status${elsewhere}
  npx kolate tenant list${elsewhere}
  npx kolate tenant create acme --contact you@example.com --wait${elsewhere}
  ${detach ? `npm stop${elsewhere && ` --${elsewhere}`}` : 'Ctrl-C'} ends it
`;
}
