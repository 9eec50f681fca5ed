/** A family with its generation and what it has besides, and a size: how types look, whichever there are this year. */
const type = /^[a-z]+\d+[a-z]*\.(nano|micro|small|medium|(\d{0,3}x)?large|metal(-\d+xl)?)$/;

/** @param service as RDS (`db.`), ElastiCache (`cache.`) and MSK (`kafka.`, `express.`) have it before the type */
export const isInstanceType = (name: string, service = ''): boolean =>
  name.startsWith(service) && type.test(name.slice(service.length));

/** At most: below `large` some have two and some one. */
export function vcpusOf(name: string): number {
  const [, times] = /\.(?:(\d*)x)large$/.exec(name) ?? [];
  return times === undefined ? 2 : 4 * Number(times || 1);
}

/** With a processor of AWS' own, for which our images are made. */
export const isGraviton = (name: string): boolean => isInstanceType(name) && /^[a-z]+\d+[a-z]*g[a-z]*\./.test(name);
