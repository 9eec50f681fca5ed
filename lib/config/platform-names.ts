/** Names below the platform's domain that two stacks have to agree on. All of them fit a certificate for `*.<domain>`. */

/** Whom CloudFront asks for the API, in whichever region. */
export const originName = (domain: string): string => `origin-api.${domain}`;

/** The internal load balancer of a region, as its certificate has it. */
export const internalName = (region: string, domain: string): string => `internal-${region}.${domain}`;

/** The public load balancer of a region, in whichever state it is. `grpc.<domain>` is that of the region that serves. */
export const regionalGrpcName = (region: string, domain: string): string => `grpc-${region}.${domain}`;

/** What the public load balancer answers by itself, for Route 53 to see that the region can be reached. */
export const healthPath = '/healthz';
