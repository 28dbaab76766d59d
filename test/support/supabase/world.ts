import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { makeSigningKey, type SigningKey } from '../hostile-idp.ts';

export type Json = Record<string, unknown>;

/** What an emulated project is set up with; all of it may be changed while it runs. */
export interface ProjectSettings {
  siteUrl: string;
  /** Globs over the whole URL. */
  redirectUrls: string[];
  social: string[];
  /** New people may come in. */
  signups: boolean;
  autoconfirm: boolean;
  /** `Sb-Forwarded-For` is believed. */
  forwardedFor: boolean;
  /** Also where nobody asked for it: requests per minute of the limits below. */
  limited: boolean;
  /** Signs with the project's secret instead of a key pair, as projects of before 2025 do. */
  sharedSecret: boolean;
  /** How a person who comes back from the social identity provider has signed in. */
  loginMethod: string;
  /** A Custom Access Token hook. */
  claims: (claims: Json) => Json;
}

export interface Factor {
  readonly id: string;
  readonly factor_type: 'totp' | 'phone' | 'webauthn';
  readonly friendly_name: string;
  readonly secret: string;
  status: 'unverified' | 'verified';
}

export interface Person {
  readonly id: string;
  email: string;
  password: string | null;
  email_confirmed_at: string | null;
  banned: boolean;
  is_anonymous: boolean;
  app_metadata: Json;
  user_metadata: Json;
  factors: Factor[];
}

export interface Session {
  readonly id: string;
  readonly personId: string;
  aal: 'aal1' | 'aal2';
  /** Newest first. */
  amr: { method: string; timestamp: number; provider?: string }[];
  /** How often it was refreshed; a refresh token names one count. */
  counter: number;
}

/** One trip through `/authorize`, or one mailed link. */
export interface FlowState {
  readonly id: string;
  readonly auth_code: string;
  readonly redirectTo: string;
  readonly code_challenge: string;
  readonly plain: boolean;
  readonly amr: string;
  readonly provider: string | null;
  personId: string | null;
  begunAt: number;
}

export interface Mail {
  readonly to: string;
  readonly type: 'email' | 'recovery' | 'invite';
  readonly token: string;
  readonly link: string;
  readonly sentAt: number;
  readonly flowId: string | null;
  used: boolean;
}

export interface RefreshToken {
  readonly sessionId: string;
  readonly counter: number;
}

export interface Challenge {
  readonly id: string;
  readonly factorId: string;
  readonly ip: string;
  readonly expiresAt: number;
}

/** Everything an emulated project remembers. */
export interface World {
  readonly origin: string;
  readonly issuer: string;
  readonly publishableKey: string;
  readonly settings: ProjectSettings;
  readonly people: Map<string, Person>;
  readonly sessions: Map<string, Session>;
  readonly refreshTokens: Map<string, RefreshToken>;
  readonly flows: Map<string, FlowState>;
  readonly challenges: Map<string, Challenge>;
  readonly mailbox: Mail[];
  readonly buckets: Map<string, { tokens: number; at: number }>;
  /** The current one first; only what is here is published. */
  keys: SigningKey[];
  /** ms */
  now(): number;
}

export async function newWorld(origin: string, settings: ProjectSettings, now: () => number): Promise<World> {
  return {
    origin,
    issuer: `${origin}/auth/v1`,
    publishableKey: `sb_publishable_CNRY${randomBytes(12).toString('hex')}`,
    settings,
    people: new Map(),
    sessions: new Map(),
    refreshTokens: new Map(),
    flows: new Map(),
    challenges: new Map(),
    mailbox: [],
    buckets: new Map(),
    keys: [await makeSigningKey('ES256')],
    now,
  };
}

export const seconds = ({ now }: World): number => Math.floor(now() / 1000);
export const iso = ({ now }: World): string => new Date(now()).toISOString();

export function addPerson(world: World, more: Partial<Person> & { email: string }): Person {
  const person: Person = {
    id: randomUUID(),
    password: null,
    email_confirmed_at: iso(world),
    banned: false,
    is_anonymous: false,
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: {},
    factors: [],
    ...more,
  };
  world.people.set(person.id, person);
  return person;
}

export const personOf = (world: World, email: string): Person | null =>
  [...world.people.values()].find((person) => person.email.toLowerCase() === email.toLowerCase()) ?? null;

export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** A session's whole end: its refresh tokens name nothing any more. */
export function endSession({ sessions }: World, id: string): void {
  sessions.delete(id);
}
