import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a suite may need besides Node; `npm test` fetches each when it can (scripts/prerequisites.mjs). */
export type Prerequisite = 'chromium' | 'conformance' | 'mcp-remote' | 'mongodb' | 'nginx' | 'caddy' | 'glewlwyd' | 'hadolint' | 'dclint';

const repository = ['../../../', '../../']
  .map((up) => fileURLToPath(new URL(up, import.meta.url)))
  .find((path) => existsSync(`${path}scripts/test.mjs`));

const tool = (name: string) => `${repository ?? process.cwd()}/test/tools/node_modules/.bin/${name}`;

const onPath = (program: string) =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(existsSync);

const unpacked = (path: string) => `${repository ?? process.cwd()}/test/tools/${path}`;

/** In memory, in Java; complete once the mark stands beside the jars. */
const mongoTools = `${repository ?? process.cwd()}/test/tools/mongo/.cache`;
const mongoSubstitute =
  onPath('java') !== undefined && existsSync(`${mongoTools}/complete`) ? `${mongoTools}/jars/mongo-java-server-1.47.0.jar` : undefined;

const places: Record<Prerequisite, readonly (string | undefined)[]> = {
  chromium: [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  conformance: [tool('conformance')],
  'mcp-remote': [tool('mcp-remote')],
  dclint: [tool('dclint')],
  mongodb: [onPath('mongod'), mongoSubstitute],
  nginx: [onPath('nginx'), unpacked('proxies/.cache/usr/sbin/nginx')],
  caddy: [onPath('caddy'), unpacked('proxies/.cache/usr/bin/caddy')],
  glewlwyd: [onPath('glewlwyd'), unpacked('glewlwyd/.cache/usr/bin/glewlwyd')],
  hadolint: [onPath('hadolint'), unpacked('hadolint/.cache/bin/hadolint')],
};

/** A MongoDB that runs already; empty when there is none. */
export const mongoUrl = (): string => process.env['MONGODB_URL'] ?? '';

/** The path of the program, or null; for MongoDB the URL of one that runs already comes first. */
export function pathOf(name: Prerequisite): string | null {
  if (name === 'mongodb' && mongoUrl() !== '') return mongoUrl();
  return places[name].find((path) => path !== undefined && existsSync(path)) ?? null;
}
