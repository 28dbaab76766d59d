import type { Results } from './results.ts';

/** What a measure has to reach. */
export interface Target {
  readonly measure: string;
  readonly wanted: string;
  readonly value: number | undefined;
  readonly shown: string;
  readonly isMet: boolean | null;
}

const times = (value: number) => `${value.toFixed(2)} ×`;
const millis = (value: number) => `${value.toFixed(2)} ms`;

function judged(measure: string, value: number | undefined, bound: number, { most = false, show = times } = {}): Target {
  const isMet = value === undefined || Number.isNaN(value) ? null : most ? value <= bound : value >= bound;
  return { measure, wanted: `${most ? '≤' : '≥'} ${show(bound)}`, value, shown: value === undefined ? 'not measured' : show(value), isMet };
}

/** The targets and what this run says of each. */
export function targetsOf({ ratios, growth, figures, added, start }: Results): Target[] {
  const peer = (topic: string) => ratios[topic]?.['sqlite_vs_oidc_provider'];
  const [ours, other] = [start?.['sqlite'], start?.['oidc-provider']];
  const most = { most: true };
  const grown = (engine: string) => Object.entries(growth['refresh'] ?? {}).findLast(([name]) => name.startsWith(`${engine}_`))?.[1];
  const loop = figures['refresh']?.find(({ name }) => name === 'sqlite')?.loopP99;
  return [
    judged('refresh against oidc-provider in memory', peer('refresh'), 2.5),
    judged('refresh against koa with one row updated in place', ratios['refresh']?.['sqlite_vs_koa_sqlite_in_place'], 0.8),
    judged('code exchange against oidc-provider', peer('code'), 2.5),
    judged('registration against oidc-provider', peer('registration'), 4),
    judged('full login against oidc-provider', peer('login'), 2),
    judged('metadata against oidc-provider', peer('metadata'), 3),
    judged('JWKS against oidc-provider', peer('jwks'), 3),
    judged('cost of a refresh over the largest store against the smallest, SQLite', grown('sqlite'), 1.3, most),
    judged('cost of a refresh over the largest store against the smallest, MongoDB', grown('mongodb'), 1.3, most),
    judged('lateness of the event loop while refreshing, p99', loop, 5, { ...most, show: millis }),
    judged('gateway against a bare undici proxy', ratios['gateway']?.['sqlite_vs_undici_proxy'], 0.85),
    judged('gateway, one caller: added to the proxy’s p50', added?.p50, 0.05, { ...most, show: millis }),
    judged('gateway, one caller: added to the proxy’s p99', added?.p99, 0.3, { ...most, show: millis }),
    judged('gateway against nginx auth_request', ratios['gateway']?.['sqlite_vs_nginx_auth_request'], 0.85),
    judged(
      'start to first answer against oidc-provider',
      ours === undefined || other === undefined ? undefined : ours.ms / other.ms,
      1.5,
      most,
    ),
    judged('resident when idle', ours?.idleRssMb, 150, { ...most, show: (value: number) => `${Math.round(value)} MB` }),
  ];
}
