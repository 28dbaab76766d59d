import { challengeParameters } from './acr.ts';
import type { AssuranceDemand } from './assurance-demand.ts';
import { RpcCode, RpcRefused } from './json-rpc.ts';
import type { RpcId } from './json-rpc.ts';

/** A refusal another sign-in would lift: HTTP 401 with what it has to prove, and the scopes that keep what the client has. RFC 9470 §3. */
export class AssuranceRefused extends RpcRefused {
  readonly demand: AssuranceDemand;
  readonly scope: readonly string[];

  constructor(id: RpcId | null, demand: AssuranceDemand, scope: readonly string[]) {
    const parameters = challengeParameters(demand);
    super(401, RpcCode.assuranceMissing, id, 'This needs another sign-in, which has to prove more or be more recent.', { ...parameters });
    this.demand = demand;
    this.scope = scope;
  }
}
