import { KolateError } from '../../../contracts/errors';

/** A request whose tensors do not fit the model. `detail` says what, what was sent, and what is expected. */
export const tensorFault = (pointer: string, detail: string): KolateError =>
  new KolateError('KLT_TENSOR_INVALID', detail, { errors: [{ pointer, detail }] });

/** A request that is not of the protocol's form. */
export const bodyFault = (pointer: string, detail: string, hint?: string): KolateError =>
  new KolateError('KLT_BODY_MALFORMED', detail, { errors: [{ pointer, detail }], hint });

export const quoted = (name: string): string => JSON.stringify(name);
/** The first names of a list that may be long. */
export const listed = (names: Iterable<string>): string => {
  const all = [...names];
  const shown = all.slice(0, 20).map(quoted).join(', ');
  return all.length > 20 ? `${shown} and ${all.length - 20} more` : shown;
};
