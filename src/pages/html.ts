/**
 * Server-rendered HTML, escaped by construction: whatever enters a slot is text, unless this very tag made it.
 * There is no way to insert markup from a string.
 */
import { VettedHref } from './vetted-href.ts';

export type Slot = Html | string | number | URL | VettedHref | false | null | readonly Slot[];

/** Markup that came out of the tag. Only its type is exported, so nothing else can make one. */
class Html {
  readonly #markup: string;
  constructor(markup: string) {
    this.#markup = markup;
  }
  toString(): string {
    return this.#markup;
  }
}
export type { Html };

/** Where a slot stands: in text, or in the quoted value of a named attribute after the literal part `before`. */
type Place = { in: 'text' } | { in: 'value'; attribute: string; before: string };

interface Cursor {
  inTag: boolean;
  tag: string;
  quote: string;
  value: string;
}

const forbiddenElement = /^(script|style|iframe|object|embed|base|!--)/i;
const forbiddenAttribute = /^(on.*|style|srcdoc)$/i;
const addressAttribute = /^(href|src|action|formaction)$/i;
const slotMark = '\u0000';

export function html(literals: TemplateStringsArray, ...slots: readonly Slot[]): Html {
  const places = placesOf(literals);
  let out = literals[0] ?? '';
  slots.forEach((slot, index) => {
    const place = places[index] ?? { in: 'text' };
    let rest = literals[index + 1] ?? '';
    if (place.in === 'text') out += asText(slot);
    else if ((slot === false || slot === null) && place.before === '' && /^["']/.test(rest)) {
      out = out.replace(/\s+[^\s=]+=["']$/, '');
      rest = rest.slice(1);
    } else out += asValue(slot, place.attribute, place.before);
    out += rest;
  });
  return new Html(out);
}

/** The one way to write a script element: a file of our own, named by its digest, that runs when the page is there. */
export function ownScript(path: string): Html {
  if (!/^\/assets\/[a-z]+-[0-9a-f]{16}\.js$/.test(path)) throw new TypeError('not a script of our own');
  return new Html(`<script src="${path}" defer></script>`);
}

/** The address if it is an absolute web address without credentials; escaping alone would not stop `javascript:`. */
export function webUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && isWeb(url) ? url : null;
}

const isWeb = (url: URL): boolean => /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** Control and direction characters are dropped with the rest: nothing on a page may reorder or hide what stands beside it. */
const invisible = /(?![\t\n])[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
export const visible = (text: string): string => text.replace(invisible, '');
const escape = (text: string): string => visible(text).replace(/[&<>"']/g, (char) => escapes[char] ?? '');

function asText(slot: Slot): string {
  if (slot instanceof Html) return slot.toString();
  if (slot === false || slot === null) return '';
  if (typeof slot === 'string' || typeof slot === 'number') return escape(String(slot));
  if (slot instanceof URL || slot instanceof VettedHref) return escape(slot.toString());
  return slot.map(asText).join('');
}

function asValue(slot: Slot, attribute: string, before: string): string {
  if (slot === false || slot === null) return '';
  if (slot instanceof Html || Array.isArray(slot)) throw new TypeError(`markup in the value of ${attribute}`);
  const text = String(slot as string | number | URL | VettedHref);
  const refreshes = attribute === 'content' && /url=$/i.test(before);
  if (!addressAttribute.test(attribute) && !refreshes) return escape(text);
  if (before.startsWith('/')) return escape(encodeURIComponent(text));
  if (slot instanceof URL && isWeb(slot)) return escape(text);
  if (slot instanceof VettedHref && (attribute === 'href' || refreshes)) return escape(text);
  if (typeof slot === 'string' && before === '' && /^(#|\/(?![/\\]))[^\\\s]*$/.test(slot)) return escape(slot);
  throw new TypeError(`not a vetted address in ${attribute}`);
}

const known = new WeakMap<TemplateStringsArray, Place[]>();

/** Reads the literal parts once per template and refuses every slot that escaping could not make safe. */
function placesOf(literals: TemplateStringsArray): Place[] {
  const found = known.get(literals);
  if (found !== undefined) return found;
  const cursor: Cursor = { inTag: false, tag: '', quote: '', value: '' };
  const places: Place[] = [];
  literals.forEach((literal, index) => {
    for (const char of literal) step(cursor, char);
    if (index === literals.length - 1) return;
    places.push(placeAt(cursor));
    cursor.value += slotMark;
  });
  if (cursor.inTag) throw new TypeError('a template ends inside a tag');
  known.set(literals, places);
  return places;
}

function placeAt(cursor: Cursor): Place {
  if (!cursor.inTag) return { in: 'text' };
  if (cursor.quote === '') throw new TypeError(`a slot in <${cursor.tag.trim()} is not inside quotes`);
  return { in: 'value', attribute: attributeOf(cursor.tag), before: cursor.value };
}

const attributeOf = (tag: string): string => /([^\s/=]+)=$/.exec(tag)?.[1] ?? '';

function step(cursor: Cursor, char: string): void {
  if (cursor.quote !== '') {
    if (char === cursor.quote) cursor.quote = '';
    else cursor.value += char;
  } else if (!cursor.inTag) {
    if (char === '<') Object.assign(cursor, { inTag: true, tag: '' });
  } else if (char === '"' || char === "'") {
    const attribute = attributeOf(cursor.tag);
    if (attribute === '' || forbiddenAttribute.test(attribute)) throw new TypeError(`the attribute "${attribute}" may not be written`);
    Object.assign(cursor, { quote: char, value: '' });
  } else {
    cursor.tag += char;
    if (forbiddenElement.test(cursor.tag)) throw new TypeError(`<${cursor.tag} may not be written`);
    if (char === '>') cursor.inTag = false;
  }
}
