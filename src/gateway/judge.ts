import { challengedScopes, decide, rolesHolding, stillAllows } from '../domain/access-decision.ts';
import type { AccessDecision, Caller } from '../domain/access-decision.ts';
import type { AuditSubject } from '../domain/audit-event.ts';
import { RpcCode, RpcRefused } from '../domain/json-rpc.ts';
import type { RpcId, RpcMessage, RpcRequest } from '../domain/json-rpc.ts';
import { isNotification, requestRule } from '../domain/mcp-methods.ts';
import type { Era } from '../domain/mcp-methods.ts';
import type { Directory } from '../domain/directory.ts';
import type { Ownership } from '../domain/ownership.ts';
import type { Role } from '../domain/resource.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Log } from '../ports/log.ts';
import { AssuranceRefused } from '../domain/assurance-refused.ts';
import { ScopeRefused } from './answers.ts';

/** Whether what was allowed would still be allowed to a caller as they are later. */
export type StillAllowed = (caller: Caller) => boolean;

export interface Judgement {
  /** Of a call of a tool that some may only use on what is theirs. */
  readonly ownership?: Ownership | undefined;
  readonly still: StillAllowed;
}

/** A message and how it came. */
export interface Asked {
  readonly message: RpcMessage;
  readonly era: Era;
  readonly caller: Caller;
  readonly session: string | null;
  /** Of the request. */
  readonly log: Log;
}

/** Judges one message; refusals are thrown, and a tool call is on record before it is let through. */
export function openJudge({ audit, directory }: { audit: AuditLog; directory: Pick<Directory, 'roles'> }) {
  async function judgeRequest(request: RpcRequest, { era, caller, log }: Asked): Promise<Judgement> {
    const rule = requestRule(request.method, era);
    // An HTTP 404 tells an older client that its session is gone, so it hears of an unknown method in the body alone.
    if (rule === null) throw new RpcRefused(era === 'modern' ? 404 : 200, RpcCode.methodNotFound, request.id, 'Method not found.');
    const tool = rule.needs === 'tool' ? toolName(request) : null;
    const decision = decide(caller, rule.needs, tool);
    if (tool !== null) await record(tool, decision, caller, log);
    if (decision.verdict !== 'allowed') throw refusalOf(decision, request.id, era, caller, directory.roles);
    return { ownership: decision.ownership, still: (later) => stillAllows(decision, decide(later, rule.needs, tool)) };
  }

  async function record(tool: string, decision: AccessDecision, caller: Caller, log: Log): Promise<void> {
    const event = decision.verdict === 'allowed' ? 'tool.allowed' : 'tool.refused';
    await audit.append({ event, tool: tool.slice(0, 200), rule: decision.rule.slice(0, 1000), ...subjectOf(caller) });
    if (decision.verdict === 'allowed') return;
    const { standing, resource } = caller;
    const { user, tenant, grantId: grant } = standing;
    log.info('tool.refused', {
      user: user.id,
      tenant: tenant.id,
      resource: resource.id,
      grant,
      tool: tool.slice(0, 200),
      reason: decision.rule,
    });
  }

  return async (asked: Asked): Promise<Judgement> => {
    const { message, era, session } = asked;
    if (message.kind === 'request') return judgeRequest(message, asked);
    if (message.kind === 'notification' && !isNotification(message.method, era)) {
      throw new RpcRefused(era === 'modern' ? 404 : 400, RpcCode.methodNotFound, null, 'Unknown notification.');
    }
    if (message.kind === 'response' && session === null) {
      throw new RpcRefused(400, RpcCode.invalidRequest, null, 'An answer belongs to a session, and none was named.');
    }
    return { still: () => true };
  };
}

function toolName({ id, params }: RpcRequest): string {
  const name = params?.['name'];
  if (typeof name !== 'string') throw new RpcRefused(400, RpcCode.invalidParams, id, 'params.name must be the name of a tool.');
  return name;
}

function subjectOf({ standing, resource }: Caller): AuditSubject {
  return {
    userId: standing.user.id,
    tenantId: standing.tenant.id,
    clientId: standing.client.id,
    clientName: standing.client.name,
    grantId: standing.grantId,
    resource: resource.identifier,
  };
}

/**
 * A role that falls short is an answer to the request, not an HTTP refusal: no consent can lift it, and a client told `insufficient_scope` would ask for one for ever.
 */
function refusalOf(
  decision: Exclude<AccessDecision, { verdict: 'allowed' }>,
  id: RpcId,
  era: Era,
  caller: Caller,
  roles: readonly Role[],
): RpcRefused {
  switch (decision.verdict) {
    case 'unknown tool':
      return new RpcRefused(200, RpcCode.invalidParams, id, 'Unknown tool.');
    case 'scope': {
      const scope = challengedScopes(caller, decision.needed, era === 'modern');
      return new ScopeRefused(id, scope, `This needs a consent that was not given yet: ${decision.missing.join(', ')}.`);
    }
    case 'assurance':
      // Another sign-in makes another grant, in every era: it has to name what this one had, too.
      return new AssuranceRefused(id, decision.demand, challengedScopes(caller, decision.needed, false));
    case 'role': {
      const { tenant, roles: held } = caller.standing;
      const mine = held.map((role) => role.name);
      const able = decision.lacks.flatMap((lacked) => rolesHolding(roles, caller.standing, lacked));
      const needed = roles.map(({ name }) => name).filter((name) => able.includes(name));
      const has = mine.length === 0 ? `You have no role in ${tenant.name}` : `Your role in ${tenant.name} is ${mine.join(', ')}`;
      const words = needed.length === 0 ? 'and none there is would allow this.' : `and this needs the role ${needed.join(' or ')}.`;
      const data = { tenant: tenant.id, roles: mine, roles_needed: needed };
      return new RpcRefused(200, RpcCode.roleMissing, id, `${has}, ${words} Ask an administrator of ${tenant.name}.`, data);
    }
  }
}
