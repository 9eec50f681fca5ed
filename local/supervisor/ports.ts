import type { HeldPort } from '../engines/free-port';
import { holdFreePort } from '../engines/free-port';
import { coreEngineNames } from './core-engines';
import type { HomeState } from './home-state';

const kept = [
  ...coreEngineNames,
  'kafka-controller',
  'grpc',
  'issuer',
  'enterprise-info',
  'core',
  'predict',
  'predict-grpc',
  'predict-registry',
  'stack-agent',
] as const;
export type PortName = (typeof kept)[number] | 'gateway';
export type HeldPorts = Readonly<Record<PortName, HeldPort>>;

/** Says what to do; shown without a stack. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Holds a port for everything that listens. All keep the ones they had, so that addresses, tokens and what tenants were
 * told stay right.
 * @throws PortTaken when the gateway's is taken; nothing is held then
 */
export async function holdPorts(gatewayPort: number, state: HomeState): Promise<HeldPorts> {
  const gateway = await holdFreePort(gatewayPort);
  if (gateway.port !== gatewayPort) {
    await gateway.release();
    throw new PortTaken(
      `port ${gatewayPort} is taken: choose another one (npm start -- --port ${gateway.port}), or stop what listens there`,
    );
  }
  const held = await Promise.all(kept.map(async (name) => [name, await state.holdPort(name)] as const));
  return Object.fromEntries([...held, ['gateway', gateway]]) as HeldPorts;
}
