import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { ApplyOptions, PlanOptions } from '../cli/policy-options.ts';
import { directoryUnder, judgePolicy, policyOf } from '../config/policy.ts';
import { findTenant } from '../domain/directory.ts';
import type { Directory } from '../domain/directory.ts';
import { groupsIn } from '../domain/group-name.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { Revision } from '../domain/policy.ts';
import { followsFile } from '../domain/policy.ts';
import { policyDifferences } from '../domain/policy-differences.ts';
import { rulesBeyond } from '../domain/rules-draft.ts';
import { nameGroups } from '../flows/steps/name-groups.ts';
import { previewPolicy } from '../flows/steps/preview-policy.ts';
import { publishPolicy } from '../flows/steps/publish-policy.ts';
import type { Published } from '../flows/steps/publish-policy.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { systemClock as clock } from '../platform/system-clock.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openGrants } from '../stores/grants.ts';
import { openGroupNames } from '../stores/group-names.ts';
import { openPeople } from '../stores/people.ts';
import { openPolicies } from '../stores/policies.ts';
import { openProvisionedUsers } from '../stores/provisioned-users.ts';
import { openUsers } from '../stores/users.ts';
import type { Installation } from './installation.ts';
import { onInstallation } from './installation.ts';
import type { Plan } from './policy-report.ts';
import { losersText, planJson, planText, revisionSentence } from './policy-report.ts';

const tell = (text: string): void => void process.stdout.write(`${text}\n`);

async function inForce({ engine }: Installation): Promise<Revision> {
  const latest = await openPolicies(engine).latest();
  if (latest === null) throw new Error('Nothing is in force yet: Drawbridge has to have been started once.');
  return latest;
}

function showProgress(people: number): void {
  if (process.stderr.isTTY && people % 10_000 === 0) process.stderr.write(`\r${people} people looked at`);
}

/** The rules of one policy that the same tenant has not in another. */
const beyond = ({ tenants }: Directory, others: Directory): MappingRule[] =>
  tenants.flatMap(({ id, rules }) => rulesBeyond(rules, findTenant(others, id)?.rules ?? []));

async function planFor(place: Installation, document: unknown, before: Revision): Promise<Plan> {
  const { config, engine, feed } = place;
  const [stores, meaning] = [openPolicies(engine), directoryUnder(config)];
  const [now, next] = [meaning(await stores.document(before.digest)), meaning(document)];
  const rows = { users: openUsers(engine, feed), grants: openGrants(engine, feed), provisionedUsers: openProvisionedUsers(engine, feed) };
  const parts = { ...rows, people: openPeople(engine), directory: now, clock };
  const preview = await previewPolicy(parts)(now, next, { examples: 20, progress: showProgress });
  const moved = [...beyond(now, next), ...beyond(next, now)];
  const groupNames = openGroupNames(engine, clock);
  const naming = await nameGroups({ groupNames })(
    now.connections.map(({ id }) => id),
    groupsIn(moved),
  );
  return { inForce: before, differences: policyDifferences(now, next, naming), preview };
}

/** `plan`, `drift` and `history`; whether the file is what is in force, where that was the question. */
export async function readPolicy(options: PlanOptions): Promise<boolean> {
  let isAsWanted = true;
  await onInstallation(options, async (place) => {
    const latest = await inForce(place);
    if (options.command === 'history') {
      const revisions = await openPolicies(place.engine).history({ limit: 1000 });
      return tell(options.json ? JSON.stringify({ revisions }) : revisions.map(revisionSentence).join('\n'));
    }
    const plan = await planFor(place, judgePolicy(place.config, policyOf(place.config)), latest);
    isAsWanted = options.command !== 'drift' || plan.differences.length === 0;
    return tell(options.json ? JSON.stringify(planJson(plan)) : planText(plan));
  });
  return isAsWanted;
}

async function agreement({ losing, json }: ApplyOptions, plan: Plan): Promise<number | null> {
  if (losing !== null || plan.preview.losing === 0) return losing;
  if (json || !process.stdin.isTTY)
    throw new Error(`${losersText(plan.preview.losing)} something. Say --losing ${plan.preview.losing} if that is meant.`);
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asked.question(`Type the number of people who lose something (${plan.preview.losing}) to go on: `);
    return /^\s*\d+\s*$/.test(answer) ? Number(answer) : -1;
  } finally {
    asked.close();
  }
}

const words = (done: Published): string => {
  switch (done.outcome) {
    case 'published':
      return `Revision ${done.revision} is in force.`;
    case 'changed-meanwhile':
      return `Somebody has put revision ${done.latest?.number ?? '?'} in force meanwhile: plan again.`;
    case 'locks-out':
      return `That would leave ${done.tenants.join(', ')} without an administrator. Say --without-administrator if that is meant.`;
    case 'not-agreed':
      return `${losersText(done.losing)} something, and that is not the number that was agreed to. Nothing was changed.`;
  }
};

/** What `rollback` goes back to, or what the file says. */
async function wanted({ config, engine }: Installation, to: number | null): Promise<unknown> {
  if (to === null) return judgePolicy(config, policyOf(config));
  const policies = openPolicies(engine);
  const revision = await policies.get(to);
  if (revision === null) throw new Error(`There is no revision ${to}.`);
  return judgePolicy(config, await policies.document(revision.digest));
}

/** `apply` and `rollback`: whether it came into force, or is already. */
export async function putInForce(options: ApplyOptions): Promise<boolean> {
  let isDone = false;
  await onInstallation(options, async (place) => {
    const { command, to, json, note, withoutAdministrator } = options;
    const latest = await inForce(place);
    const document = await wanted(place, to);
    const plan = await planFor(place, document, latest);
    if (!json) tell(planText(plan));
    if (plan.differences.length === 0 && !followsFile(latest)) {
      isDone = true;
      return json ? tell(JSON.stringify({ ...planJson(plan), outcome: 'in-force-already' })) : undefined;
    }
    const by = userInfo().username;
    const why = note === '' && to !== null ? `back to revision ${to}` : note;
    const proposal = { document, source: command, by, note: why.slice(0, 500), after: latest.number, preview: plan.preview };
    const audit = openAuditLog(place.engine, { chain: nodeEntropy.id(), clock });
    const agreedLosing = await agreement(options, plan);
    const publish = publishPolicy({ policies: openPolicies(place.engine), audit, clock });
    const done = await publish({ ...proposal, agreedLosing, mayLockOut: withoutAdministrator });
    isDone = done.outcome === 'published';
    return tell(json ? JSON.stringify({ ...planJson(plan), ...done }) : words(done));
  });
  return isDone;
}
