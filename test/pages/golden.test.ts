/** Every page × sample against the file it is known by. UPDATE_GOLDEN=1 writes them anew. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { passkeyScript } from '../../src/pages/passkey-script.ts';
import { stylesheet } from '../../src/pages/stylesheet.ts';
import { stoppedText } from '../../src/pages/stopped-texts.ts';
import type { Stop } from '../../src/pages/stopped-texts.ts';
import { catalogue, hostilePages } from '../support/pages-catalogue.ts';

const update = process.env['UPDATE_GOLDEN'] === '1';
const folder = goldenFolder();

/** The source folder, also when this test runs from a compiled copy: beside the nearest ancestor that has one. */
function goldenFolder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'test', 'pages', 'golden');
    if (existsSync(candidate)) return candidate;
  }
  throw new Error('no test/pages/golden above this test');
}

function expectGolden(file: string, content: string): void {
  const path = join(folder, file);
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
  }
  expect(existsSync(path) ? readFileSync(path, 'utf8') : `no golden file ${file}: run with UPDATE_GOLDEN=1`).toBe(content);
}

const stops: readonly Stop[] = [
  { kind: 'unknown-app' },
  { kind: 'address-never-registered', app: 'Lantern Code' },
  { kind: 'malformed-request' },
  { kind: 'expired', app: 'Lantern Code', minutes: 10 },
  { kind: 'expired', app: null, minutes: 1 },
  { kind: 'other-browser' },
  { kind: 'cancelled', connection: 'Okta' },
  { kind: 'not-answering', connection: 'Okta' },
  { kind: 'sign-in-untrustworthy', connection: 'Okta' },
  { kind: 'foreign-account', connection: 'Okta' },
  { kind: 'groups-unknown', connection: 'Okta' },
  { kind: 'no-access', server: 'Acme Billing', account: null },
  { kind: 'no-access', server: 'Acme Billing', workspace: 'Acme Labs', account: 'Dana Reyes' },
  { kind: 'second-step-missing', connection: 'Okta', workspace: 'Acme Inc' },
  { kind: 'stronger-step-missing', connection: 'Okta', workspace: 'Acme Inc' },
  { kind: 'sign-in-too-old', connection: 'Okta', workspace: 'Acme Inc' },
  { kind: 'app-withdrawn', app: 'Lantern Code' },
  { kind: 'too-many-tries', minutes: 5 },
  { kind: 'test-over' },
  { kind: 'signed-out' },
  { kind: 'unconfirmed' },
  { kind: 'no-such-page' },
  { kind: 'our-fault' },
  { kind: 'person-stopped', app: 'Lantern Code' },
];

describe('golden pages', () => {
  it.each(catalogue)('$name', ({ name, markup }) => {
    expectGolden(
      `${name}.html`,
      markup.replaceAll(stylesheet.path, '/assets/style-digest.css').replaceAll(passkeyScript.path, '/assets/passkey-digest.js'),
    );
  });

  it('the words of every stop', () => {
    const words = stops.map((stop) => {
      const { title, cause, assurance, nextStep, icon } = stoppedText(stop, 'Acme IT');
      return `${stop.kind} (${icon})\n# ${title}\n${cause}\n${assurance ?? '(no promise)'}\n${nextStep}\n`;
    });
    expectGolden('stopped-texts.txt', words.join('\n'));
  });

  it('holds no file of a page that is gone', () => {
    const known = [...catalogue.map(({ name }) => `${name}.html`), 'stopped-texts.txt'].sort();
    expect(readdirSync(folder).sort()).toEqual(known);
  });
});

describe('what no page may contain', () => {
  const tags = (markup: string): string[] => markup.match(/<[a-z][^>]*>/gi) ?? [];
  const unsafe = /^<(script|style|iframe|object|embed|base)|\s(on\w+|style|srcdoc)\s*=/i;
  const address = /\s(href|src|action|formaction)\s*=\s*["']?\s*(javascript|data|vbscript|\/\/)/i;
  const withoutValues = (tag: string): string => tag.replace(/"[^"]*"/g, '""');
  const offences = (markup: string): string[] => tags(markup).filter((tag) => unsafe.test(withoutValues(tag)) || address.test(tag));

  it.each(['<script>x</script>', '<p style="x">', '<img src=x onerror="x">', '<a href="javascript:x">', '<img src="data:x">'])(
    'the check itself sees %s',
    (planted) => {
      expect(offences(planted)).toHaveLength(1);
    },
  );

  it.each(catalogue)(
    '$name has no script but our own one beside a passkey, no inline style, handler or data address [W81]',
    ({ markup }) => {
      const ours = markup.includes(' data-passkey="') ? [`<script src="${passkeyScript.path}" defer>`] : [];
      expect(offences(markup)).toEqual(ours);
    },
  );

  it.each(hostilePages)('$name shows hostile text as text, without direction or control characters [W81] [S6.03]', ({ markup }) => {
    expect(markup).toMatch(/&lt;img src=x|x&quot; onfocus/);
    expect(markup.replace(`<script src="${passkeyScript.path}" defer></script>`, '')).not.toMatch(/<img|<svg onload|<script|<b>(?!<bdi>)/i);
    expect(markup).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u0000-\u0008]/);
    expect(markup.replace(/<[^>]*>/g, ' ')).not.toMatch(/\u200B/);
  });

  it.each(catalogue)('$name says nothing people should not have to know', ({ name, markup }) => {
    const words = markup.replace(/<dl class="detail">[\s\S]*?<\/dl>/, '').replace(/<[^>]*>/g, ' ');
    if (!name.endsWith('.hostile'))
      expect(words).not.toMatch(/\b(scope|client|tenant|redirect|grant|token|claim|IdP|principal|consent|sorry|oops)\b|!/i);
  });
});
