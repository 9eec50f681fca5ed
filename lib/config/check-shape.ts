import type { Environment } from './environment';

type Settings = Readonly<Record<string, unknown>>;
const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Present in some environments only: their own checks look at them where they are. */
const optional = new Set(['peer', 'delivery']);

/**
 * Stops at settings that nobody reads and at ones that are missing: synthesis does not check types.
 * @param model an environment that has all settings
 * @throws Error with what, got, expected
 */
export function checkShape(environment: Environment, model: Environment): void {
  compare(environment, model, '');
}

function compare(settings: Settings, model: Settings, below: string): void {
  for (const name of Object.keys(settings)) {
    if (name in model) continue;
    const known = Object.keys(model).join(', ');
    throw new Error(`environment: ${below}${name} is not a setting; expected one of ${known}`);
  }
  for (const [name, value] of Object.entries(model)) {
    const got = settings[name];
    if (!(name in settings)) throw new Error(`environment: ${below}${name} is missing; expected a value`);
    if (optional.has(name) || !isSettings(value)) continue;
    if (!isSettings(got)) throw new Error(`environment: ${below}${name} is ${JSON.stringify(got)}; expected settings`);
    compare(got, value, `${below}${name}.`);
  }
}
