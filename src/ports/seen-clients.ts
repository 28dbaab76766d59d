import type { SeenClient } from '../domain/seen-client.ts';

export interface SeenClients {
  get(client_id: string): Promise<SeenClient | null>;
  /** A client by its `clientKey`. */
  byKey(key: string): Promise<SeenClient | null>;
  /** By `clientKey`, after `after`. */
  page(page: { readonly after: string; readonly limit: number }): Promise<SeenClient[]>;
  /** Lets a client in or keeps it out, everywhere before this is answered; null when nobody ever let it in. */
  decide(client: SeenClient, status: SeenClient['status']): Promise<SeenClient | null>;
  /** Remembers a client at a person's first consent; later ones move `usedAt`. */
  note(client: { client_id: string; client_name: string }, userId: string, now: number): Promise<void>;
}
