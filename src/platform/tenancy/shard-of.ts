/**
 * The shard, 0 to `count - 1`, that holds `key`: jump consistent hashing (Lamping and Veach, 2014), so that one more shard
 * takes its part from each of the others and nothing moves between those. Rows lie where it says: never change it.
 */
export function shardOf(key: string, count: number): number {
  let state = hash32(key);
  let shard = 0;
  for (let next = 0; next < count; ) {
    shard = next;
    state = (state + goldenRatio) | 0;
    next = Math.floor(((shard + 1) * range) / (mix32(state) + 1));
  }
  return shard;
}

const range = 2 ** 32;
const goldenRatio = 0x9e3779b9;

/** FNV-1a over UTF-16 code units. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix32(hash);
}

/** MurmurHash3's finalizer: each bit of the input changes half of the bits. @returns 0 to 2^32 - 1 */
function mix32(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
