/** Why a text is not one unambiguous JSON value. */
export type JsonFault = 'encoding' | 'syntax' | 'repeated member' | 'forbidden member' | 'too deep' | 'lone surrogate' | 'inexact number';

export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
  readonly fault: JsonFault;

  constructor(fault: JsonFault, options?: ErrorOptions) {
    super(`JSON refused: ${fault}`, options);
    this.fault = fault;
  }
}

const DEEPEST = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The one value a JSON text means to every reader: no repeated members, nothing that loses precision or survives only in some parsers.
 * RFC 8259 §4, §6, §8; RFC 7493 §2.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (error) {
    throw new JsonRefused('encoding', { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonRefused('syntax', { cause: error });
  }
  inspect(text);
  return value;
}

/** Walks a text already known to be valid JSON and looks for what `JSON.parse` passes over in silence. */
function inspect(text: string): void {
  // The members seen so far of every open object; null for an open array.
  const open: (Set<string> | null)[] = [];
  let memberNext = false;
  let at = 0;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length === DEEPEST) throw new JsonRefused('too deep');
        memberNext = text.charCodeAt(at) === 0x7b;
        open.push(memberNext ? new Set() : null);
        at += 1;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        memberNext = false;
        at += 1;
        break;
      case 0x2c: // ,
        memberNext = open.at(-1) instanceof Set;
        at += 1;
        break;
      case 0x22: {
        const end = endOfString(text, at);
        const word = decode(text.slice(at, end));
        if (memberNext) addMember(open.at(-1), word);
        memberNext = false;
        at = end;
        break;
      }
      default:
        at = skipRest(text, at);
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function decode(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  const word = JSON.parse(literal) as string;
  if (/\p{Surrogate}/u.test(word)) throw new JsonRefused('lone surrogate');
  return word;
}

function addMember(members: Set<string> | null | undefined, name: string): void {
  if (members === null || members === undefined) return;
  if (name === '__proto__') throw new JsonRefused('forbidden member');
  if (members.has(name)) throw new JsonRefused('repeated member');
  members.add(name);
}

const NUMBER = /-?(\d+)([.eE][\d.eE+-]*)?/y;

/** Passes over a number, or over one character of anything else (white space, a colon, a literal name). */
function skipRest(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code !== 0x2d && (code < 0x30 || code > 0x39)) return at + 1;
  NUMBER.lastIndex = at;
  const [literal = '-', , rest] = NUMBER.exec(text) ?? [];
  const value = Number(literal);
  const exact =
    rest === undefined ? Number.isSafeInteger(value) : Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(mantissa(literal)));
  if (!exact) throw new JsonRefused('inexact number');
  return at + literal.length;
}

function mantissa(literal: string): string {
  return literal.split(/[eE]/)[0] ?? literal;
}
