import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { previewsContract } from './previews.contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'previews-'));
const path = join(directory, 'store.sqlite');

previewsContract('sqlite', (collections) => openSqliteEngine({ path, collections }), `sqlite:${path}`, 40);

afterAll(() => rmSync(directory, { recursive: true, force: true }));
