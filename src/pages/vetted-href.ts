/**
 * An address of any scheme that the broker has already proven to belong to the app, so a page may link to it.
 * Schemes that a browser would run or read from disk are refused even so. RFC 8252 §7.1.
 */
export class VettedHref {
  readonly #address: string;
  constructor(address: string) {
    if (!URL.canParse(address) || /[\s\p{Cc}"'<>\\]/u.test(address)) throw new TypeError('not an absolute address');
    const { protocol } = new URL(address);
    if (refused.has(protocol)) throw new TypeError(`a page may not link to ${protocol}`);
    this.#address = address;
  }
  toString(): string {
    return this.#address;
  }
}

const refused = new Set(['javascript:', 'vbscript:', 'data:', 'blob:', 'file:', 'filesystem:', 'about:', 'view-source:']);

/** To be called only with a proven return address or an address an operator configured. */
export const vettedHref = (address: string): VettedHref => new VettedHref(address);
