import { BlockList, isIP } from 'node:net';
import type { Incoming } from './exchange.ts';

/**
 * Whose request this is: the peer of the socket, or behind configured proxies the right-most address that is not one of them.
 * Addresses only; the issuer never comes from a header.
 */
export function peerAddress(trustedProxies: readonly string[]): (incoming: Incoming) => string {
  const trusted = new BlockList();
  for (const entry of trustedProxies) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  }
  const isTrusted = (address: string) => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return ({ req }) => {
    const peer = req.socket.remoteAddress ?? '';
    if (trustedProxies.length === 0 || !isTrusted(peer)) return peer;
    const hops = String(req.headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((hop) => hop.trim());
    const outside = hops.reverse().find((hop) => !isTrusted(hop));
    return outside !== undefined && isIP(outside) !== 0 ? outside : peer;
  };
}
