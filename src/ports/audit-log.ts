import type { AuditEvent } from '../domain/audit-event.ts';

/** The append-only record of what was decided. */
export interface AuditLog {
  /**
   * Resolves once the event is on stable storage; an effect is answered only after its event is. `again` is for what may be done again
   * after it failed: an equal event that could not be written yet is written then, instead of a second one.
   */
  append(event: AuditEvent, again?: 'again'): Promise<void>;
}
