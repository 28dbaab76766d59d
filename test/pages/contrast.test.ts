/** The colours of the stylesheet, held to WCAG 2.2 SC 1.4.3 (text, 4.5) and SC 1.4.11 (control edges, 3). */
import { describe, expect, it } from '@jest/globals';
import { stylesheet } from '../../src/pages/stylesheet.ts';

const css = stylesheet.bytes.toString('utf8');

type Tokens = Readonly<Record<string, string>>;

const tokensIn = (block: string): Tokens =>
  Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));

const dark = /@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/.exec(css)?.[1] ?? '';
const light = /^:root \{([^}]*)\}/m.exec(css)?.[1] ?? '';
const themes: Record<string, Tokens> = { light: tokensIn(light), dark: { ...tokensIn(light), ...tokensIn(dark) } };

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

const grounds = ['ground', 'surface', 'sunk', 'accent-wash', 'ok-wash', 'warn-wash', 'bad-wash'];
const pairs: [text: string, on: string, least: number][] = [
  ...grounds.map((on): [string, string, number] => ['ink', on, 7]),
  ...['ground', 'surface', 'sunk', 'accent-wash'].map((on): [string, string, number] => ['ink-2', on, 4.5]),
  ...['ground', 'surface', 'sunk', 'accent-wash'].map((on): [string, string, number] => ['accent', on, 4.5]),
  ['on-accent', 'accent', 4.5],
  ['ok', 'ok-wash', 4.5],
  ['warn', 'warn-wash', 4.5],
  ['bad', 'bad-wash', 4.5],
  ['edge', 'surface', 3],
  ['edge', 'sunk', 3],
  ['edge', 'ground', 3],
];

describe.each(['light', 'dark'])('%s theme', (theme) => {
  it.each(pairs)('%s on %s has at least %d to 1', (text, on, least) => {
    const tokens = themes[theme] ?? {};
    expect(contrast(tokens[text] ?? '', tokens[on] ?? '')).toBeGreaterThanOrEqual(least);
  });
});

describe('the table', () => {
  it('computes what WCAG defines', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it('covers the stylesheet: both themes name every colour, and no rule writes one itself', () => {
    expect(Object.keys(tokensIn(dark)).sort()).toEqual(
      Object.keys(tokensIn(light))
        .filter((name) => name !== 'plate')
        .sort(),
    );
    const rules = css.slice(css.indexOf('/* Ground */'));
    expect(rules).toContain('var(--ink)');
    expect(rules).not.toMatch(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/i);
    expect(css).not.toMatch(/url\(|@import|data:/);
  });
});
