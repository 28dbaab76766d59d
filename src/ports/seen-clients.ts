import type { SeenClient } from '../domain/seen-client.ts';

export interface SeenClients {
  get(client_id: string): Promise<SeenClient | null>;
  /** Remembers a client at a person's first consent; later ones move `usedAt`. */
  note(client: { client_id: string; client_name: string }, userId: string, now: number): Promise<void>;
}
