import { type Static, Type } from '@sinclair/typebox';
import { KolateError } from '../../contracts/errors';
import type { RenewablePassword } from '../postgres/create-postgres';
import { isSecondUser, otherUser } from '../rotation/turns';
import type { SecretStore } from '../secrets/secret-store';

const minLength = 16;
const Password = Type.String({ minLength });

/**
 * The passwords of one stack, kept as one secret of flat members, as tasks of ECS read them. Where passwords are rotated
 * each user has a second one beside it: the two take turns, and both are let in at any time.
 */
export const StackCredentials = Type.Object(
  {
    postgres: Password,
    mongo: Password,
    redis: Password,
    redisMaintenance: Password,
    postgresClone: Type.Optional(Password),
    mongoClone: Type.Optional(Password),
    redisClone: Type.Optional(Password),
    redisMaintenanceClone: Type.Optional(Password),
    /** Whether the second users count now. Absent: the first. */
    turn: Type.Optional(Type.Literal('clone')),
  },
  { additionalProperties: false },
);
export type StackCredentials = Static<typeof StackCredentials>;

/** What there are passwords for. */
export const storeUses = ['postgres', 'mongo', 'redis', 'redisMaintenance'] as const;
export type StoreUse = (typeof storeUses)[number];
const optional = new Set<string>([...storeUses.map((use) => `${use}Clone`), 'turn']);

/** @throws KolateError KLT_CONFIG_INVALID, without the text: it is a secret */
export function parseStackCredentials(name: string, text: string): StackCredentials {
  try {
    const value: StackCredentials = JSON.parse(text);
    if (areCredentials(value)) return value;
  } catch {
    // Not JSON either.
  }
  throw new KolateError('KLT_CONFIG_INVALID', `the secret ${name} does not hold the credentials of a stack`);
}

/** By hand: a validator would be a quarter of what the function of the rotation weighs. */
function areCredentials({ turn, ...passwords }: StackCredentials): boolean {
  const isPassword = (each: unknown): boolean => typeof each === 'string' && each.length >= minLength;
  const isKnown = Object.keys(passwords).every((key) => optional.has(key) || storeUses.some((use) => use === key));
  const areGiven = storeUses.every((use) => isPassword(passwords[use])) && Object.values(passwords).every(isPassword);
  return isKnown && areGiven && (turn === undefined || turn === 'clone');
}

/** Who of the two users counts now. @param first the user that stands in the placement */
export const userOf = ({ turn }: StackCredentials, first: string): string =>
  turn === 'clone' ? otherUser(first) : first;

/** The password of one of the two users, whether it counts now or not. @throws KolateError KLT_CONFIG_INVALID */
export function passwordFor(name: string, credentials: StackCredentials, use: StoreUse, user: string): string {
  const password = credentials[isSecondUser(user) ? (`${use}Clone` as const) : use];
  if (password !== undefined) return password;
  throw new KolateError('KLT_CONFIG_INVALID', `the secret ${name} has no second user of ${use}`);
}

/**
 * The users of one kind in the secret `name`, asked from the store each time that a connection is made.
 * @param first the user that stands in the placement
 */
export function passwordOf(secrets: SecretStore, name: string, use: StoreUse, first: string): RenewablePassword {
  const read = async () => parseStackCredentials(name, await secrets.get(name));
  return {
    user: async () => userOf(await read(), first),
    current: async (user) => passwordFor(name, await read(), use, user),
    renew: () => secrets.refresh(name),
  };
}
