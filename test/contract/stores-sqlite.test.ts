import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { slowEngine } from '../support/slow-engine.ts';
import type { OpenEngine } from './engine.contract.ts';
import { storesContract } from './stores.contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'stores-'));
let opened = 0;
const open: OpenEngine = (collections) => openSqliteEngine({ path: join(directory, String((opened += 1)), 'store.sqlite'), collections });

storesContract('sqlite', open, (engine) => engine);
storesContract('sqlite, slowly', open, slowEngine);

afterAll(() => rmSync(directory, { recursive: true, force: true }));
