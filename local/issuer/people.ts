import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { operatorScopes } from '../../src/contracts/scopes';
import { strictValidator } from '../../src/platform/config/validators';
import { readPrivateJson, writePrivateJson } from './private-file';
import { hashPassword, passwordFits } from './secrets';

const Person = Type.Object({
  /** scrypt$N$r$p$salt$hash */
  password: Type.String(),
  scopes: Type.Array(Type.String()),
  roles: Type.Array(Type.String()),
  /** Absent for operators. */
  tenantId: Type.Optional(Type.String()),
});
export type Person = Static<typeof Person>;
const People = Type.Record(Type.String(), Person);
type People = Static<typeof People>;

const attemptsAllowed = 10;
const lockMs = 60_000;
const maxNamesCounted = 1_000;

/** The people of `folder`/people.json, who sign in with name and password. Ten wrong passwords lock a name for a minute. */
export async function openPeople(folder: string, operatorPassword: string, now: () => number) {
  const path = join(folder, 'people.json');
  let people = await readPeople(path);
  const operator = people.operator;
  if (!operator || !(await passwordFits(operator.password, operatorPassword))) {
    const password = await hashPassword(operatorPassword);
    people = { ...people, operator: { password, scopes: [...operatorScopes], roles: ['operator'] } };
    await writePrivateJson(path, people);
  }
  const failures = new Map<string, { count: number; until: number }>();
  // Checked against when the name is unknown, so that the time of the answer does not tell which names exist.
  const decoy = await hashPassword('nobody has this password');
  return {
    find: (name: string): Person | undefined => (Object.hasOwn(people, name) ? people[name] : undefined),
    async signIn(name: string, password: string): Promise<'ok' | 'wrong' | 'locked'> {
      const failed = failures.get(name);
      if (failed && failed.until > now() && failed.count >= attemptsAllowed) return 'locked';
      const person = Object.hasOwn(people, name) ? people[name] : undefined;
      const fits = await passwordFits(person?.password ?? decoy, password);
      if (person && fits) {
        failures.delete(name);
        return 'ok';
      }
      if (failures.size >= maxNamesCounted) failures.clear();
      const count = failed && failed.until > now() ? failed.count + 1 : 1;
      failures.set(name, { count, until: now() + lockMs });
      return 'wrong';
    },
  };
}

export type Directory = Awaited<ReturnType<typeof openPeople>>;

async function readPeople(path: string): Promise<People> {
  const kept = (await readPrivateJson(path)) ?? {};
  const validate = strictValidator(People);
  if (!validate(kept)) throw new Error(`${path} is not what it should be: ${validate.errors?.[0]?.message}`);
  return kept as People;
}
