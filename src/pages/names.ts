/** Names from outside (apps, people, groups): shown as text, without invisible or direction characters, and never endless. */
import { html } from './html.ts';
import type { Html } from './html.ts';

const longest = 60;

/** One line as it may be edited: only without what nobody can see, so that it is compared as it looks. */
export const withoutUnseen = (line: string): string => line.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '');

/** The text without control, format (direction, zero width), private-use and unpaired characters, on one line. */
export function plainText(value: string): string {
  return value
    .normalize('NFC')
    .replace(/[\p{Z}\t\n\v\f\r]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .trim();
}

/** A name fit for a sentence: cut at 60 characters, never empty. */
export function displayName(value: string): string {
  const characters = [...plainText(value)];
  if (characters.length === 0) return '(no name)';
  return characters.length > longest ? `${characters.slice(0, longest).join('').trimEnd()}…` : characters.join('');
}

export const isCut = (value: string): boolean => [...plainText(value)].length > longest;

/** A name its owner chose and nobody checked; quotation marks inside it may not end the quotation. */
export const quotedName = (value: string): string => `“${displayName(value).replace(/["“”„‟«»]/g, '’')}”`;

/** The name isolated, so that right-to-left writing does not reorder the sentence around it. */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`;

export const named = (value: string): Html => isolated(displayName(value));

/** "a" or "an", by the first letter. */
export const withArticle = (word: string): string => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`;
