import type { GrantId } from '../domain/ids.ts';
import type { Standing } from '../domain/standing.ts';
import type { Clock } from '../ports/clock.ts';
import type { LiveAuthority } from '../ports/live-authority.ts';
import type { GatewayLimits } from './dependencies.ts';

/** Something under way for a grant, ended as soon as it would no longer be begun. */
export interface Lease {
  readonly grantId: GrantId;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Whether it may go on under the standing as it is now. */
  allows(standing: Standing): boolean;
  end(): void;
}

export interface Leases {
  /** Null when the grant has too many open already; otherwise what to call when it is over. */
  hold(lease: Lease): (() => void) | null;
}

/** Rounds an unanswered question may last before its lease ends: what cannot be told is not allowed. */
const PATIENCE = 3;

/** Asks again and again about everything that is open, whatever it is waiting for. */
export function openLeases({ authority, clock }: { authority: LiveAuthority; clock: Clock }, limits: GatewayLimits): Leases {
  const open = new Map<Lease, { waiting: number }>();
  const counts = new Map<GrantId, number>();
  let timer: ReturnType<typeof setInterval> | null = null;

  function release(lease: Lease): void {
    if (!open.delete(lease)) return;
    const left = (counts.get(lease.grantId) ?? 1) - 1;
    if (left > 0) counts.set(lease.grantId, left);
    else counts.delete(lease.grantId);
    if (open.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  function end(lease: Lease): void {
    if (!open.has(lease)) return;
    release(lease);
    lease.end();
  }

  function round(): void {
    const answers = new Map<GrantId, Promise<Standing | null>>();
    for (const [lease, state] of open) {
      if (clock.now() >= lease.until || state.waiting >= PATIENCE) {
        end(lease);
        continue;
      }
      state.waiting += 1;
      let answer = answers.get(lease.grantId);
      if (answer === undefined) answers.set(lease.grantId, (answer = ask(authority, lease.grantId)));
      void answer.then((standing) => {
        state.waiting = 0;
        if (standing === null || !stands(lease, standing)) end(lease);
      });
    }
  }

  return {
    hold(lease) {
      const count = counts.get(lease.grantId) ?? 0;
      if (count >= limits.openPerGrant) return null;
      counts.set(lease.grantId, count + 1);
      open.set(lease, { waiting: 0 });
      timer ??= setInterval(round, limits.recheck).unref();
      return () => release(lease);
    },
  };
}

async function ask(authority: LiveAuthority, grantId: GrantId): Promise<Standing | null> {
  try {
    return await authority.standing(grantId);
  } catch {
    return null;
  }
}

function stands(lease: Lease, standing: Standing): boolean {
  try {
    return lease.allows(standing);
  } catch {
    return false;
  }
}
