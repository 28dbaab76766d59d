import type { ProvisionedGroup } from '../../domain/provisioned.ts';
import type { Clock } from '../../ports/clock.ts';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import type { Pause } from '../../ports/pause.ts';
import type { GroupFields, ProvisionedGroups } from '../../ports/provisioned-groups.ts';
import { writtenOr } from './scim-caller.ts';

export interface ClaimDependencies {
  readonly provisionedGroups: Pick<ProvisionedGroups, 'change' | 'cutOff'>;
  readonly clock: Clock;
  readonly pause: Pause;
}

/** For how long another instance is waited for, which is less than a request is: mostTries × between ms. */
const mostTries = 100;
const between = 50;

export interface ClaimedGroup {
  readonly before: ProvisionedGroup;
  readonly group: ProvisionedGroup;
}

/** Changes a group and does what follows from it, while nobody else moves its members; what throws leaves it to the next. */
export async function onClaimedGroup<Value>(
  { provisionedGroups, clock, pause }: ClaimDependencies,
  id: string,
  fieldsOf: (before: ProvisionedGroup) => GroupFields,
  work: (claimed: ClaimedGroup) => Promise<Value>,
): Promise<Value> {
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const seen: ProvisionedGroup[] = [];
    const change = (row: ProvisionedGroup) => {
      seen[0] = row;
      return fieldsOf(row);
    };
    const done = await provisionedGroups.change(id, change, clock.now());
    if (done.outcome === 'busy') {
      await pause(between);
      continue;
    }
    const { group } = writtenOr(done);
    try {
      return await work({ before: seen[0] ?? group, group });
    } catch (error) {
      await provisionedGroups.cutOff(group).catch(() => undefined);
      throw error;
    }
  }
  throw new StoreUnavailable('a provisioned group was being changed by another instance all the time');
}
