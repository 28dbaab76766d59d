/** A real browser for the tests that need one. Where it is missing, CI fails and everybody else is told loudly what it cost. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export const chromiumIsHere = existsSync(executablePath);

export const launchChromium = (extraArgs: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...extraArgs,
    ],
  });

/** True when the tests can run. Otherwise throws under CI, and elsewhere names the tests that were not run. */
export function chromiumOrExplain(tests: string): boolean {
  if (chromiumIsHere) return true;
  const message = `No Chromium at ${executablePath} (CHROMIUM_PATH): NOT RUN: ${tests}`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`\n${'!'.repeat(80)}\n${message}\n${'!'.repeat(80)}\n`);
  return false;
}
