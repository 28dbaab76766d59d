/** Who and what an event is about; everything that is known at that moment, never a token, code, secret or body. */
export interface AuditSubject {
  readonly userId?: string;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientName?: string;
  readonly grantId?: string;
  readonly connectionId?: string;
  readonly resource?: string;
  /** The user who had it done to somebody else, through the Admin API. */
  readonly adminId?: string;
}

/** Everything worth remembering; `rule` names what decided. */
export type AuditEvent = AuditSubject &
  (
    | { readonly event: 'login.succeeded'; readonly evidence: readonly string[]; readonly roles: readonly string[]; readonly rule: string }
    | { readonly event: 'login.refused'; readonly rule: string }
    | { readonly event: 'consent.approved'; readonly scope: readonly string[]; readonly rule: string }
    | { readonly event: 'consent.denied'; readonly rule: string }
    | { readonly event: 'token.issued'; readonly scope: readonly string[]; readonly rule: string }
    | { readonly event: 'token.refreshed'; readonly scope: readonly string[]; readonly rule: string }
    /** What the row before it says was refreshed was not handed out after all. */
    | { readonly event: 'token.withheld'; readonly rule: string }
    | { readonly event: 'grant.ended'; readonly rule: string }
    | { readonly event: 'factor.enrolled'; readonly rule: string }
    | { readonly event: 'factor.used'; readonly rule: string }
    | { readonly event: 'factor.recovery-used'; readonly rule: string }
    | { readonly event: 'factor.locked'; readonly rule: string }
    | { readonly event: 'factor.reset'; readonly rule: string }
    /** A sign-in of one user became another's: `userId` is who has it from then on. */
    | { readonly event: 'identity.linked'; readonly leftUserId: string; readonly otherConnectionId: string; readonly rule: string }
    | { readonly event: 'identity.separated'; readonly leftUserId: string; readonly rule: string }
    /** Another revision of who may do what is in force. */
    | { readonly event: 'policy.changed'; readonly revision: number; readonly rule: string }
    /** What the row before it says is in force is not: of several who made this revision another did. */
    | { readonly event: 'policy.overtaken'; readonly revision: number; readonly rule: string }
    | { readonly event: 'domain.proven'; readonly domain: string; readonly rule: string }
    | { readonly event: 'domain.lost'; readonly domain: string; readonly rule: string }
    /** What an identity provider told of people and groups; `provisionedId` is ours for them. */
    | { readonly event: 'person.provisioned'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'person.changed'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'person.deactivated'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'person.reactivated'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'person.removed'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'group.provisioned'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'group.changed'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'group.removed'; readonly provisionedId: string; readonly rule: string }
    | { readonly event: 'provisioning.token-issued'; readonly rule: string }
    | { readonly event: 'connection.tested'; readonly evidence: readonly string[]; readonly rule: string }
    | { readonly event: 'connection.examined'; readonly rule: string }
    /** A link by which somebody may become an administrator. */
    | { readonly event: 'invitation.made'; readonly role: string; readonly rule: string }
    | { readonly event: 'invitation.withdrawn'; readonly role: string; readonly rule: string }
    | { readonly event: 'role.assigned'; readonly role: string; readonly rule: string }
    | { readonly event: 'role.taken'; readonly role: string; readonly rule: string }
    | { readonly event: 'user.disabled'; readonly rule: string }
    | { readonly event: 'user.enabled'; readonly rule: string }
    | { readonly event: 'client.withdrawn'; readonly rule: string }
    | { readonly event: 'client.allowed'; readonly rule: string }
    | { readonly event: 'audit.exported'; readonly rule: string }
    | { readonly event: 'tool.allowed'; readonly tool: string; readonly rule: string; readonly outcome?: string }
    | { readonly event: 'tool.refused'; readonly tool: string; readonly rule: string }
  );

/** One link of the chain: `hash` covers everything above it and the hash before it. */
export interface AuditRecord {
  readonly chain: string;
  readonly sequence: number;
  readonly at: number;
  readonly event: AuditEvent;
  readonly previous: string;
  readonly hash: string;
}
