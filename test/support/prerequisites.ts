import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from '@jest/globals';

/** What a suite may need besides Node; `npm test` fetches each when it can (scripts/prerequisites.mjs). */
export type Prerequisite = 'chromium' | 'conformance' | 'mcp-remote';

const repository = ['../../../', '../../']
  .map((up) => fileURLToPath(new URL(up, import.meta.url)))
  .find((path) => existsSync(`${path}scripts/test.mjs`));

const tool = (name: string) => `${repository ?? process.cwd()}/test/tools/node_modules/.bin/${name}`;

const places: Record<Prerequisite, readonly (string | undefined)[]> = {
  chromium: [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  conformance: [tool('conformance')],
  'mcp-remote': [tool('mcp-remote')],
};

/** The path of the program, or null. */
export const pathOf = (name: Prerequisite): string | null => places[name].find((path) => path !== undefined && existsSync(path)) ?? null;

/**
 * A suite that needs a program: `needs('chromium', 'pages in a browser', (path) => { it(...) })`.
 * When the program is missing its tests are skipped under a title `npm test` counts and names; with CI=true they fail instead.
 */
export function needs(name: Prerequisite, title: string, body: (path: string) => void): void {
  const path = pathOf(name);
  if (path !== null) {
    describe(title, () => body(path));
  } else if (process.env['CI'] === 'true') {
    it(`${title} (needs ${name})`, () => {
      throw new Error(`${name} is missing`);
    });
  } else {
    describe.skip(`${title} (needs ${name})`, () => body('missing'));
  }
}
