import { KolateError } from '../../../contracts/errors';
import { defaultModelSettings, type Model, type ModelSettings } from '../../../contracts/http/models';
import type { ListSource } from '../../../platform/http/list-query';
import { isUniqueViolation, type TenantSql } from '../../../platform/postgres/sql';

/** A model as the API shows it; times as PostgreSQL's client gives them. */
export type ModelRow = Omit<Model, 'createdAt' | 'updatedAt'> & { createdAt: Date; updatedAt: Date };

const aliases = `(select coalesce(json_object_agg(a.alias, a.version order by a.alias), '{}')
  from model.alias a where a.model = m.name)`;

const columns = {
  name: 'm.name',
  description: 'm.description',
  settings: 'm.settings',
  aliases,
  createdAt: 'm.created_at',
  updatedAt: 'm.updated_at',
};
const selected = Object.entries(columns)
  .map(([field, column]) => `${column} as "${field}"`)
  .join(', ');

export const modelList: ListSource = {
  from: 'model.model m',
  columns,
  filterable: ['name', 'createdAt'],
  sortable: ['name', 'createdAt'],
  defaultSort: 'name',
  id: 'm.name',
};

export const modelNotFound = (model: string): KolateError =>
  new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${model}`);

/** The models of one tenant, in the transaction of `sql`. */
export function createModelStore(sql: TenantSql) {
  const read = async (name: string): Promise<ModelRow> => {
    const { rows } = await sql.query<ModelRow>(`select ${selected} from model.model m where m.name = $1`, [name]);
    if (!rows[0]) throw modelNotFound(name);
    return rows[0];
  };
  return {
    /** @throws KolateError KLT_MODEL_NOT_FOUND */
    read,
    /** @throws KolateError KLT_MODEL_EXISTS */
    async insert(name: string, description: string, settings: ModelSettings): Promise<ModelRow> {
      try {
        await sql.run`insert into model.model (name, description, settings)
          values (${name}, ${description}, ${JSON.stringify({ ...defaultModelSettings, ...settings })})`;
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new KolateError('KLT_MODEL_EXISTS', `a model ${name} exists; upload a new version of it instead`);
      }
      return read(name);
    },
    /** Settings that are left out stay as they are. @throws KolateError KLT_MODEL_NOT_FOUND */
    async update(name: string, description: string | undefined, settings: ModelSettings): Promise<ModelRow> {
      const touched = await sql.run`update model.model set updated_at = now(),
          description = coalesce(${description ?? null}, description), settings = settings || ${JSON.stringify(settings)}
        where name = ${name}`;
      if (touched === 0) throw modelNotFound(name);
      return read(name);
    },
    /** Takes its versions, aliases and their history with it. @throws KolateError KLT_MODEL_NOT_FOUND */
    async remove(name: string): Promise<void> {
      if ((await sql.run`delete from model.model where name = ${name}`) === 0) throw modelNotFound(name);
    },
    /** Serializes what changes a model's versions and aliases. @throws KolateError KLT_MODEL_NOT_FOUND */
    async lock(name: string): Promise<void> {
      const row = await sql.maybe`select from model.model where name = ${name} for update`;
      if (!row) throw modelNotFound(name);
    },
  };
}
