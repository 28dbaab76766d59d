import { setTimeout as wait } from 'node:timers/promises';
import type { Pause } from '../ports/pause.ts';

export const systemPause: Pause = async (ms) => {
  if (ms > 0) await wait(ms);
};
