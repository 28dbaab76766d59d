import { BlockList, isIP } from 'node:net';

/** What may be behind an address. `special` is never somebody's server: link-local, metadata services, documentation, translation, multicast. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'special';

const loopback = subnets('127.0.0.0/8', '::1/128');
/** A company's own network. RFC 1918, RFC 4193. */
const inside = subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7');
/** RFC 6890 and its registries, and two addresses at which clouds answer their own machines. */
const special = subnets(
  '0.0.0.0/8',
  '100.64.0.0/10',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fd00:ec2::/32',
);
/** Global unicast. RFC 4291 §2.4: what is not in it, nor named above, is not assigned to anybody. */
const global6 = subnets('2000::/3');

/** An address in another's clothes (mapped, compatible, translated) is special, whatever it stands for: no name server says it in good faith. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/%.*$/, '');
  const version = isIP(plain);
  if (version === 0) return 'special';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (version === 6 && /^::.*[.:]/.test(plain) && !loopback.check(plain, family)) return 'special';
  if (special.check(plain, family)) return 'special';
  if (loopback.check(plain, family)) return 'loopback';
  if (inside.check(plain, family)) return 'private';
  return version === 4 || global6.check(plain, family) ? 'public' : 'special';
}

function subnets(...ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', prefix = ''] = range.split('/');
    list.addSubnet(net, Number(prefix), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
