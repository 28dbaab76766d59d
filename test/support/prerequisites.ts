import { describe, it } from '@jest/globals';
import type { Prerequisite } from './places.ts';
import { pathOf } from './places.ts';

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
