import { styleText } from 'node:util';
import type { Check } from '../domain/connection-check.ts';
import { mostUrgentFirst } from '../domain/connection-check.ts';

/** One examined connection. */
export interface ConnectionReport {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly issuer: string;
  readonly redirect_uri: string;
  readonly checks: readonly Check[];
  /** Where a person tries one sign-in; once, within ten minutes. */
  readonly sign_in_test: string;
}

const words: Readonly<Record<Check['result'], string>> = { problem: 'Fix this', warning: 'Look soon', 'not-run': 'Not run', ok: 'Passed' };
const colour = { problem: 'red', warning: 'yellow', 'not-run': 'dim', ok: 'green' } as const;

function verdict({ checks }: ConnectionReport): string {
  const count = (wanted: Check['result']) => checks.filter(({ result }) => result === wanted).length;
  const [problems, warnings, passed] = [count('problem'), count('warning'), count('ok')];
  const of = `${passed} of ${checks.length} checks passed`;
  if (problems > 0) return `It cannot work like this: ${of}, ${problems} to fix${warnings === 0 ? '' : `, ${warnings} to look at soon`}.`;
  return warnings > 0 ? `It can work; ${of}, ${warnings} to look at soon.` : `Nothing speaks against it: ${of}.`;
}

/** For a person: the verdict, what to fix first, then what passed in the order it ran. */
export function reportLines(report: ConnectionReport, colours: boolean): string[] {
  const { id, name, kind, issuer, redirect_uri, checks, sign_in_test } = report;
  return [
    `${id}: ${name}, ${kind}`,
    `  issuer        ${issuer}`,
    `  redirect URI  ${redirect_uri}`,
    '',
    verdict(report),
    '',
    ...mostUrgentFirst(checks).flatMap(({ result, says, todo }) => {
      const word = words[result].padEnd(9);
      const line = `  ${colours ? styleText(colour[result], word) : word}  ${says}`;
      return todo === null ? [line] : [line, `             What to do: ${todo}`];
    }),
    '',
    'To try one sign-in, open this while Drawbridge runs. It works once, within 10 minutes, and sets nothing up:',
    `  ${sign_in_test}`,
  ];
}
