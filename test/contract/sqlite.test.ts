import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { engineContract } from './engine.contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'engine-'));
let opened = 0;

engineContract('sqlite', (collections) => openSqliteEngine({ path: join(directory, String((opened += 1)), 'store.sqlite'), collections }));

afterAll(() => rmSync(directory, { recursive: true, force: true }));
