import { destination, pino, stdTimeFunctions } from 'pino';
import type { Logger } from 'pino';
import type { Log, LogFields } from '../ports/log.ts';
import { loggable } from './log-fields.ts';

export interface ScopedLog extends Log {
  /** The same log, every line of it with these fields too. */
  with(fields: LogFields): ScopedLog;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** One line for a person instead of JSON for a collector. */
  readonly isForPeople?: boolean;
  /** Where lines go; stderr when left out, because stdout belongs to what programs read. */
  readonly write?: (line: string) => void;
}

export function openLog({ level, isForPeople = process.stderr.isTTY, write }: LogOptions): ScopedLog {
  const raw = write ?? (isForPeople ? (line: string) => process.stderr.write(line) : null);
  const target =
    raw === null ? destination({ fd: 2, sync: false }) : { write: (line: string) => void raw(isForPeople ? forPeople(line) : line) };
  const options = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(options, target);
  return scoped(log, {});
}

function scoped(log: Logger, about: LogFields): ScopedLog {
  const line = (fields: LogFields = {}) => loggable({ ...about, ...fields });
  return {
    info: (event, fields) => log.info(line(fields), event),
    warn: (event, fields) => log.warn(line(fields), event),
    error: (event, fields) => log.error(line(fields), event),
    with: (fields) => scoped(log, { ...about, ...fields }),
  };
}

/** `12:30:05 warn login.refused reason="…" tenant=acme` */
function forPeople(json: string): string {
  const { level, time, event, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const shown = Object.entries(fields).map(([name, value]) => {
    const plain = typeof value === 'string' && /^[\w./:@+-]+$/.test(value);
    return `${name}=${plain ? value : JSON.stringify(value)}`;
  });
  const word = event === undefined ? '' : JSON.stringify(event).slice(1, -1);
  return `${[String(time).slice(11, 19), String(level).padEnd(5), word, ...shown].join(' ')}\n`;
}
