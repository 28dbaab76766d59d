import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { ApplyOptions, PlanOptions } from '../cli/policy-options.ts';
import { directoryUnder, judged, judgePolicy, policyOf } from '../config/policy.ts';
import { ConfigProblems } from '../config/problems.ts';
import type { Revision } from '../domain/policy.ts';
import type { Plan } from '../flows/steps/plan-policy.ts';
import { isInForce, planPolicy } from '../flows/steps/plan-policy.ts';
import { planReturn, returnNote } from '../flows/steps/plan-return.ts';
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
import { openSeenClients } from '../stores/seen-clients.ts';
import { openUsers } from '../stores/users.ts';
import type { Installation } from './installation.ts';
import { onInstallation } from './installation.ts';
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

/** What a plan is made from: the store, and what a document means by this configuration. */
function planning({ config, engine, feed }: Installation) {
  const rows = { users: openUsers(engine, feed), grants: openGrants(engine, feed), seenClients: openSeenClients(engine, feed) };
  return {
    ...rows,
    provisionedUsers: openProvisionedUsers(engine, feed),
    people: openPeople(engine),
    policies: openPolicies(engine),
    groupNames: openGroupNames(engine, clock),
    clock,
    meaning: directoryUnder(config),
    judge: judged(config),
  };
}

const looking = { examples: 20, progress: showProgress };

const planFile = (place: Installation, before: Revision): Promise<Plan> =>
  planPolicy(planning(place))(judgePolicy(place.config, policyOf(place.config)), before, looking);

/** What `rollback` would be. */
async function planBack(place: Installation, to: number, before: Revision): Promise<Plan> {
  const plan = await planReturn(planning(place))(to, before, looking);
  if (plan === null) throw new Error(`There is no revision ${to}.`);
  if ('problems' in plan) throw new ConfigProblems(plan.problems.map(({ at, problem }) => ({ key: at, problem })));
  return plan;
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
    const plan = await planFile(place, latest);
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

/** `apply` and `rollback`: whether it came into force, or is already. */
export async function putInForce(options: ApplyOptions): Promise<boolean> {
  let isDone = false;
  await onInstallation(options, async (place) => {
    const { command, to, json, note, withoutAdministrator } = options;
    const latest = await inForce(place);
    const plan = await (to === null ? planFile(place, latest) : planBack(place, to, latest));
    if (!json) tell(planText(plan));
    if (isInForce(plan)) {
      isDone = true;
      return json ? tell(JSON.stringify({ ...planJson(plan), outcome: 'in-force-already' })) : undefined;
    }
    const by = userInfo().username;
    const why = to === null ? note : returnNote(to, note);
    const proposal = { document: plan.document, source: command, by, note: why.slice(0, 500), after: latest.number, preview: plan.preview };
    const audit = openAuditLog(place.engine, { chain: nodeEntropy.id(), clock });
    const agreedLosing = await agreement(options, plan);
    const publish = publishPolicy({ policies: openPolicies(place.engine), audit, clock });
    const done = await publish({ ...proposal, agreedLosing, mayLockOut: withoutAdministrator });
    isDone = done.outcome === 'published';
    return tell(json ? JSON.stringify({ ...planJson(plan), ...done }) : words(done));
  });
  return isDone;
}
