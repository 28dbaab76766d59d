import type { AuditEvent } from '../domain/audit-event.ts';

/** The append-only record of what was decided. */
export interface AuditLog {
  /** Resolves once the event is on stable storage; an effect is answered only after its event is. */
  append(event: AuditEvent): Promise<void>;
}
