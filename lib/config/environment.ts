/** Everything that differs between deployments. A new knob is a new required property: every environment has to answer it. */
export type Environment = {
  readonly name: string;
  /** Twelve digits; absent while nobody has filled it in, and then only synthesis works. */
  readonly account: string | undefined;
  readonly region: string;
  readonly network: {
    readonly cidr: string;
    /** Zones of the region, by their letter. */
    readonly zones: readonly string[];
    readonly natGateways: number;
  };
  readonly storage: {
    /** Exports and access logs are deleted after so many days. */
    readonly exportDays: number;
    readonly accessLogDays: number;
    /** Superseded versions of model files are deleted after so many days. */
    readonly oldModelVersionDays: number;
  };
};

const refuse = (what: string, got: unknown, expected: string): never => {
  throw new Error(`environment: ${what} is ${JSON.stringify(got)}; expected ${expected}`);
};

/** Stops synthesis at values that no deployment could work with. @throws Error with what, got, expected */
export function checkEnvironment(environment: Environment): Environment {
  const { account, network, storage } = environment;
  if (account !== undefined && !/^\d{12}$/.test(account)) refuse('account', account, 'twelve digits');
  if (!/^\d+\.\d+\.\d+\.\d+\/(1[6-9]|20)$/.test(network.cidr))
    refuse('network.cidr', network.cidr, 'an IPv4 block of /16 to /20');
  if (network.zones.length < 2) refuse('network.zones', network.zones, 'two or more zones');
  if (network.natGateways < 1 || network.natGateways > network.zones.length) {
    refuse('network.natGateways', network.natGateways, `1 to ${network.zones.length}, one a zone at most`);
  }
  for (const [name, days] of Object.entries(storage)) {
    if (!Number.isInteger(days) || days < 1) refuse(`storage.${name}`, days, 'a whole number of days from 1');
  }
  return environment;
}
