import { KolateError } from '../../contracts/errors';

const form = /^[a-z][a-z0-9_]{0,63}$/;

/** `name` when a tenant's collection may have it: 1 to 64 of `a-z 0-9 _`. @throws KolateError KLT_REQUEST_INVALID */
export function checkedCollectionName(name: string): string {
  if (form.test(name)) return name;
  throw new KolateError('KLT_REQUEST_INVALID', `"${name.slice(0, 100)}" is not a name that a collection can have`);
}

/**
 * Refuses a pipeline that could reach past the database it runs in, at any depth: stages that write, and stages that
 * name another database's collection.
 * @throws KolateError KLT_REQUEST_INVALID naming the stage
 */
export function checkPipeline(stages: unknown): void {
  if (!Array.isArray(stages)) throw refused('a pipeline', 'has to be a list of stages');
  for (const stage of stages) {
    if (!isObject(stage)) throw refused('a stage', 'has to be an object');
    for (const [name, argument] of Object.entries(stage)) checkStage(name, argument);
  }
}

function checkStage(name: string, argument: unknown): void {
  if (name === '$out' || name === '$merge') throw refused(name, 'writes; a handle writes by its own functions');
  if (name === '$lookup' || name === '$graphLookup') checkJoin(name, argument, 'from');
  else if (name === '$unionWith' && typeof argument === 'string') checkedCollectionName(argument);
  else if (name === '$unionWith') checkJoin(name, argument, 'coll');
  else if (name === '$facet' && isObject(argument)) for (const stages of Object.values(argument)) checkPipeline(stages);
}

/** A collection named as text is one of the same database; as an object, or with `db` beside it, it may be anyone's. */
function checkJoin(name: string, argument: unknown, member: 'from' | 'coll'): void {
  if (!isObject(argument) || 'db' in argument) throw refused(name, 'names a database');
  const source = argument[member];
  if (typeof source === 'string') checkedCollectionName(source);
  else if (source !== undefined) throw refused(name, 'names a database');
  if (argument.pipeline !== undefined) checkPipeline(argument.pipeline);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refused = (what: string, why: string): KolateError => new KolateError('KLT_REQUEST_INVALID', `${what} ${why}`);
