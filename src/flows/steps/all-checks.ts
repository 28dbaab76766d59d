import type { Check } from '../../domain/connection-check.ts';
import { judgeSettings } from '../../domain/connection-settings.ts';
import type { Directory } from '../../domain/directory.ts';
import type { Examinable } from '../../ports/examinations.ts';

/** Everything about a connection that can be told without a person: what its settings say, for these tenants, and what it answers. */
export async function allChecks(
  { abilities, examine }: Pick<Examinable, 'abilities' | 'examine'>,
  judged: Pick<Directory, 'tenants' | 'resources'>,
): Promise<readonly Check[]> {
  return [...judgeSettings(judged, abilities), ...(await examine())];
}
