import { KolateError } from '../../../contracts/errors';

/** `work`, when it is done within `deadlineMs`. @throws KolateError KLT_DEADLINE_EXCEEDED with `what`; the work itself goes on */
export function within<T>(work: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new KolateError('KLT_DEADLINE_EXCEEDED', what)), Math.max(0, deadlineMs));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
