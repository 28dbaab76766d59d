import { destination, pino } from 'pino';
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

/** Lines leave together, at the latest after this many ms or as soon as there are this many bytes of them; what is wrong leaves at once. */
const gathering = { periodicFlush: 250, minLength: 4096 };

/** The time of a line, ISO 8601 in UTC; lines of one second share all but its end. */
function timeOfLine(): () => string {
  let second = Number.NaN;
  let prefix = '';
  return () => {
    const now = Date.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      prefix = `,"time":"${new Date(now).toISOString().slice(0, 20)}`;
    }
    return `${prefix}${String(now % 1000).padStart(3, '0')}Z"`;
  };
}

export function openLog({ level, isForPeople = process.stderr.isTTY, write }: LogOptions): ScopedLog {
  const raw = write ?? (isForPeople ? (line: string) => process.stderr.write(line) : null);
  const gathered = raw === null ? destination({ fd: 2, sync: false, ...gathering }) : null;
  const target = gathered ?? { write: (line: string) => void raw?.(isForPeople ? forPeople(line) : line) };
  const options = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: timeOfLine(),
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return scoped(pino(options, target), () => gathered?.flush(), {});
}

function scoped(log: Logger, flush: () => void, about: LogFields): ScopedLog {
  const line = (fields: LogFields = {}) => loggable({ ...about, ...fields });
  return {
    info: (event, fields) => log.info(line(fields), event),
    warn: (event, fields) => {
      log.warn(line(fields), event);
      flush();
    },
    error: (event, fields) => {
      log.error(line(fields), event);
      flush();
    },
    with: (fields) => scoped(log, flush, { ...about, ...fields }),
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
