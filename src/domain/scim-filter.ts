import { attributeName } from './scim-attributes.ts';
import type { ScimType } from './scim-refusal.ts';
import { badRequest } from './scim-refusal.ts';

export type ScimValue = string | number | boolean | null;

/** Names in lower case. */
export interface ScimPath {
  readonly attribute: string;
  readonly sub: string | null;
}

/** Everything a filter can be. `some`: one entry of a list fulfils all of it. RFC 7644 §3.4.2.2. */
export type ScimFilter =
  | { readonly is: 'eq'; readonly path: ScimPath; readonly value: ScimValue }
  | { readonly is: 'pr'; readonly path: ScimPath }
  | { readonly is: 'and' | 'or'; readonly of: readonly ScimFilter[] }
  | { readonly is: 'some'; readonly attribute: string; readonly of: ScimFilter };

/** What a change is about: an attribute, part of it, or those entries of a list that a filter chooses. RFC 7644 §3.5.2. */
export interface ScimTarget extends ScimPath {
  readonly filter: ScimFilter | null;
}

const longest = 1000;
const mostTerms = 20;
const deepest = 10;

const token = /\s*(?:("(?:[^"\\]|\\.)*")|([()[\]])|(\.?[A-Za-z][\w:.$-]*|-?\d[\d.eE+-]*))/y;
const literals = new Map<string, ScimValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** The words of a filter, each a name, a literal or a bracket. */
function wordsOf(text: string, fault: ScimType): string[] {
  if (text.length > longest) throw badRequest(fault, `It is longer than ${longest} characters.`);
  const words: string[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const [, quoted, bracket, word] = token.exec(text) ?? [];
    const found = quoted ?? bracket ?? word;
    if (found === undefined) throw badRequest(fault, 'It holds something that is no name, value or bracket.');
    words.push(found);
  }
  return words;
}

function valueOf(word: string | undefined): ScimValue | undefined {
  if (word === undefined) return undefined;
  const literal = literals.get(word.toLowerCase());
  if (literal !== undefined) return literal;
  if (!/^["\d-]/.test(word)) return undefined;
  try {
    return JSON.parse(word) as string | number;
  } catch {
    return undefined;
  }
}

/** The attribute and the part of it that a word names; the dots of a schema's version are none between them. */
export function pathOf(word: string): ScimPath | null {
  const schema = /^urn:.*:/i.exec(word)?.[0] ?? '';
  const [attribute = '', sub = null, ...more] = word.slice(schema.length).split('.');
  const isName = (name: string) => /^[a-z][\w$-]*$/i.test(name);
  if (more.length > 0 || !isName(attribute) || (sub !== null && !isName(sub))) return null;
  return { attribute: attributeName(`${schema}${attribute}`), sub: sub?.toLowerCase() ?? null };
}

/** A recursive parser of as much of the language as is used; whatever else there is in it is refused. */
class Parser {
  readonly #words: string[];
  readonly #fault: ScimType;
  #at = 0;
  #terms = 0;
  #depth = 0;

  constructor(text: string, fault: ScimType) {
    this.#words = wordsOf(text, fault);
    this.#fault = fault;
  }

  get #next(): string | undefined {
    return this.#words[this.#at];
  }

  #take(): string {
    const word = this.#words[this.#at];
    this.#at += 1;
    return word ?? '';
  }

  #took(word: string): boolean {
    if (this.#next?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #refuse(detail: string): never {
    throw badRequest(this.#fault, detail);
  }

  whole(): ScimFilter {
    const filter = this.#either();
    if (this.#next !== undefined) this.#refuse('Only eq, pr, and, or, parentheses and a filter in brackets are understood.');
    return filter;
  }

  target(): ScimTarget {
    const path = pathOf(this.#take()) ?? this.#refuse('It names no attribute.');
    const filter = this.#took('[') ? this.#inBrackets() : null;
    const sub = this.#sub(path, filter !== null);
    if (this.#next !== undefined) this.#refuse('It goes on after its end.');
    return { ...path, sub, filter };
  }

  #sub(path: ScimPath, isFiltered: boolean): string | null {
    if (!isFiltered) return path.sub;
    if (path.sub !== null) this.#refuse('A filter in brackets belongs to a whole attribute.');
    return this.#next?.startsWith('.') === true ? (pathOf(this.#take().slice(1))?.attribute ?? null) : null;
  }

  #inBrackets(): ScimFilter {
    const filter = this.#deeper(() => this.#either());
    if (!this.#took(']')) this.#refuse('A bracket is not closed.');
    return filter;
  }

  #deeper(parse: () => ScimFilter): ScimFilter {
    this.#depth += 1;
    if (this.#depth > deepest) this.#refuse(`It is nested deeper than ${deepest}.`);
    const filter = parse();
    this.#depth -= 1;
    return filter;
  }

  #either(): ScimFilter {
    return this.#several('or', () => this.#several('and', () => this.#term()));
  }

  #several(is: 'and' | 'or', one: () => ScimFilter): ScimFilter {
    const first = one();
    const of = [first];
    while (this.#took(is)) of.push(one());
    return of.length === 1 ? first : { is, of };
  }

  #term(): ScimFilter {
    if (this.#took('(')) {
      const inside = this.#deeper(() => this.#either());
      return this.#took(')') ? inside : this.#refuse('A parenthesis is not closed.');
    }
    this.#terms += 1;
    if (this.#terms > mostTerms) this.#refuse(`It has more than ${mostTerms} terms.`);
    const path = pathOf(this.#take()) ?? this.#refuse('It names no attribute where one is due.');
    if (this.#took('[')) return this.#entry(path);
    return this.#comparison(path);
  }

  /** `emails[type eq "work"].value eq "…"`: both of the same entry. */
  #entry(path: ScimPath): ScimFilter {
    const inside = this.#inBrackets();
    const sub = this.#sub(path, true);
    const of: ScimFilter = sub === null ? inside : { is: 'and', of: [inside, this.#comparison({ attribute: sub, sub: null })] };
    return { is: 'some', attribute: path.attribute, of };
  }

  #comparison(path: ScimPath): ScimFilter {
    if (this.#took('pr')) return { is: 'pr', path };
    if (!this.#took('eq')) this.#refuse('Only eq and pr are understood.');
    const value = valueOf(this.#take());
    return value === undefined
      ? this.#refuse('A value has to be a quoted text, a number, true, false or null.')
      : { is: 'eq', path, value };
  }
}

/** Throws `ScimRefusal` with `invalidFilter` for what is not understood. */
export const parseFilter = (text: string): ScimFilter => new Parser(text, 'invalidFilter').whole();

/** The path of a change; throws `ScimRefusal` with `invalidPath`. */
export const parseTarget = (text: string): ScimTarget => new Parser(text, 'invalidPath').target();
