import { KolateError } from '../../../contracts/errors';
import type { Alias, VersionState } from '../../../contracts/http/models';
import type { TenantSql } from '../../../platform/postgres/sql';
import { versionNotFound } from './version-store';

type Move = { version: string; movedAt: Date; movedBy: string };
export type AliasRow = Pick<Alias, 'alias' | 'model' | 'version'> & { movedAt: Date; history: Move[] };

/** How many moves an alias shows, newest first. All are kept. */
const shownMoves = 100;

const aliasNotFound = (model: string, alias: string): KolateError =>
  new KolateError('KLT_ALIAS_NOT_FOUND', `model ${model} has no alias ${alias}`);

/** The aliases of one tenant's models, in the transaction of `sql`. */
export function createAliasStore(sql: TenantSql) {
  async function requireReady(model: string, version: string): Promise<void> {
    const row = await sql.maybe<{ state: VersionState }>`
      select state from model.version where model = ${model} and version = ${version}`;
    if (!row) throw versionNotFound(model, version);
    if (row.state === 'ready') return;
    throw new KolateError(
      'KLT_MODEL_TRANSITION_ILLEGAL',
      `version ${version} is ${row.state}; an alias points to ready ones`,
      {
        extra: { state: row.state, allowed: ['ready'] },
      },
    );
  }
  async function requireFreeName(model: string, alias: string): Promise<void> {
    const row = await sql.maybe`select from model.version where model = ${model} and version = ${alias}`;
    if (row)
      throw new KolateError(
        'KLT_MODEL_VERSION_EXISTS',
        `${alias} is a version of model ${model}, so it cannot be an alias`,
      );
  }
  return {
    /** @throws KolateError KLT_ALIAS_NOT_FOUND */
    async read(model: string, alias: string): Promise<AliasRow> {
      const row = await sql.maybe<Omit<AliasRow, 'history'>>`
        select alias, model, version, moved_at as "movedAt" from model.alias where model = ${model} and alias = ${alias}`;
      if (!row) throw aliasNotFound(model, alias);
      const history = await sql.many<Move>`
        select version, moved_at as "movedAt", moved_by as "movedBy" from model.alias_move
        where model = ${model} and alias = ${alias} order by seq desc limit ${shownMoves}`;
      return { ...row, history };
    },
    /**
     * Points the alias to a ready version and notes the move. The model has to be locked.
     * @returns false when it pointed there already
     * @throws KolateError KLT_MODEL_NOT_FOUND, KLT_MODEL_TRANSITION_ILLEGAL, KLT_MODEL_VERSION_EXISTS
     */
    async move(model: string, alias: string, version: string, movedBy: string): Promise<boolean> {
      await requireReady(model, version);
      await requireFreeName(model, alias);
      const moved = await sql.run`
        insert into model.alias (model, alias, version, moved_at) values (${model}, ${alias}, ${version}, now())
        on conflict (model, alias) do update set version = excluded.version, moved_at = excluded.moved_at
          where alias.version <> excluded.version`;
      if (moved === 0) return false;
      await sql.run`insert into model.alias_move (model, alias, version, moved_at, moved_by)
        values (${model}, ${alias}, ${version}, now(), ${movedBy})`;
      return true;
    },
    /** @throws KolateError KLT_ALIAS_NOT_FOUND */
    async remove(model: string, alias: string): Promise<void> {
      const touched = await sql.run`delete from model.alias where model = ${model} and alias = ${alias}`;
      if (touched === 0) throw aliasNotFound(model, alias);
    },
  };
}
