import { checkSize } from '../misuse.ts';
import type { Fields } from './change.ts';

/** A stored document that is not JSON. The message names no id and quotes nothing, since either may be a secret. */
export class Corrupt extends Error {
  constructor(collection: string) {
    super(`${collection} holds a document that is not JSON (SELECT id FROM "${collection}" WHERE NOT json_valid(doc) finds it)`);
  }
}

export function parseDocument(collection: string, text: string): Fields {
  try {
    return JSON.parse(text) as Fields;
  } catch {
    throw new Corrupt(collection);
  }
}

export function documentText(document: Fields): string {
  const text = JSON.stringify(document);
  checkSize(text);
  return text;
}
