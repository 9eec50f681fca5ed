const pattern = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(\d|[12]\d|3[0-2])$/;
/** Of RFC 1918, and what RFC 6598 sets aside: nobody's on the internet. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** A block whose address is its first: 10.40.0.0/16 is one, 10.40.0.1/16 is a host and the length of its network. */
export const isBlock = (cidr: string): boolean => pattern.test(cidr) && addressOf(cidr) % addressesIn(cidr) === 0;

export const isPrivate = (cidr: string): boolean => privateBlocks.some((block) => isWithin(cidr, block));

/** The number after the slash. */
export const prefixOf = (cidr: string): number => Number(cidr.split('/')[1]);

const isWithin = (cidr: string, block: string): boolean =>
  addressOf(cidr) >= addressOf(block) && addressOf(cidr) + addressesIn(cidr) <= addressOf(block) + addressesIn(block);

const addressesIn = (cidr: string): number => 2 ** (32 - prefixOf(cidr));

const addressOf = (cidr: string): number =>
  (cidr.split('/')[0] ?? '').split('.').reduce((address, octet) => address * 256 + Number(octet), 0);
