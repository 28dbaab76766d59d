import type { Directory } from '../domain/directory.ts';
import type { TenantId } from '../domain/ids.ts';
import type { MappingRule } from '../domain/mapping-rule.ts';
import type { RowField } from '../domain/rules-draft.ts';

/** What keeps rules from being ones; `rule` counts from 1, and null is about all of them. */
export interface RuleProblem {
  readonly rule: number | null;
  /** Null where it is about the rule as a whole. */
  readonly field: RowField | null;
  readonly problem: string;
}

/** What documents of the policy mean, and what they would be with other rules. */
export interface PolicyDrafts {
  /** Throws when this version cannot read the document. */
  read(document: unknown): Directory;
  /** The document with these rules in one tenant, judged as a configuration is. */
  withRules(
    document: unknown,
    tenantId: TenantId,
    rules: readonly MappingRule[],
  ): { readonly document: unknown; readonly directory: Directory } | { readonly problems: readonly RuleProblem[] };
}
