/** The browser of the tests that need one; `needs('chromium', …)` sees to it that it is there. */
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { pathOf } from './places.ts';

export const launchChromium = (extraArgs: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: pathOf('chromium') ?? '/usr/bin/chromium',
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
