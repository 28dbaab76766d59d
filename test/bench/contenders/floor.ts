import { join } from 'node:path';
import type { Side } from '../measure.ts';
import { freePorts } from '../../support/free-ports.ts';
import { compiled, launch, nodeProgram } from '../processes.ts';
import { formText, requestText } from '../wire.ts';
import { familyId } from './family.ts';
import { refreshing, repeated } from './supply.ts';

export const readyName = 'node:http, ready bytes';
export const bareName = 'node:http, memory';
export const koaName = 'koa, SQLite in place';

/** Bytes that are ready, sent by nothing but node's own server: nothing built on it can be faster. */
export async function startReady(folder: string): Promise<Side> {
  const port = await freePorts(1);
  const program = nodeProgram(compiled('./contenders/bare-server.js'), [String(port), '1']);
  const served = await launch({ ...program, port, path: '/', core: 0, folder });
  return { name: readyName, served, exchange: repeated(requestText('GET', '/jwks', `127.0.0.1:${port}`)) };
}

/** The servers that do the least a refresh can be. */
export async function startFloor(
  name: typeof bareName | typeof koaName,
  { folder, families }: { folder: string; families: number },
): Promise<Side> {
  const port = await freePorts(1);
  const program =
    name === bareName
      ? nodeProgram(compiled('./contenders/bare-server.js'), [String(port), String(families)])
      : nodeProgram(compiled('./contenders/koa-server.js'), [String(port), String(families), join(folder, `floor-${port}.db`)]);
  const served = await launch({ ...program, port, path: '/', core: 0, folder });
  const exchange = refreshing(
    families,
    (index) => `${familyId(index)}.1`,
    (refresh_token) => formText('/token', `127.0.0.1:${port}`, { grant_type: 'refresh_token', client_id: 'bench', refresh_token }),
  );
  return { name, served, exchange };
}
