import { policyDrafts } from './config/policy-drafts.ts';
import type { Config } from './config/schema.ts';
import { askAfter } from './flows/ask-after.ts';
import { leaveConsole } from './flows/leave-console.ts';
import { publishRules } from './flows/publish-rules.ts';
import { knownGroups, nameGroups } from './flows/steps/name-groups.ts';
import type { NamingDependencies } from './flows/steps/name-groups.ts';
import { publishedRules, tryRules } from './flows/try-draft.ts';
import type { Flows } from './http/context.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import { openTenantRows } from './stores/tenant-rows.ts';

export type ConsoleParts = Parameters<typeof publishRules>[0] &
  Parameters<typeof leaveConsole>[0] &
  Parameters<typeof askAfter>[0] &
  NamingDependencies;

/** What a change of rules is tried with. */
export const rulesParts = (config: Config, engine: DocumentEngine) => ({ drafts: policyDrafts(config), rows: openTenantRows(engine) });

type ConsoleFlows = Pick<
  Flows,
  'askAfter' | 'leaveConsole' | 'publishedRules' | 'tryRules' | 'publishRules' | 'nameGroups' | 'knownGroups'
>;

/** What the administrators' pages do. */
export const consoleFlows = (parts: ConsoleParts): ConsoleFlows => ({
  askAfter: askAfter(parts),
  leaveConsole: leaveConsole(parts),
  publishedRules: publishedRules(parts),
  tryRules: tryRules(parts),
  publishRules: publishRules(parts),
  nameGroups: nameGroups(parts),
  knownGroups: knownGroups(parts),
});
