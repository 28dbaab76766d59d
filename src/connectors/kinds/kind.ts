import { z } from 'zod';
import type { UpstreamProfile } from './profile.ts';

/** Claims of an ID token of this kind, and what is to come of them under the example settings. */
export interface ClaimsSample {
  readonly what: string;
  /** Where the document is from: seen at a live tenant, in the vendor's documentation, or put together from it. */
  readonly from: 'recorded' | 'documented' | 'assumed';
  readonly claims: Readonly<Record<string, unknown>>;
  readonly means:
    | 'foreign'
    | { readonly subject: string; readonly email?: string | null; readonly groups: readonly string[] | null; readonly mfa: boolean };
}

interface Declared<Shape extends z.ZodRawShape> {
  /** Its name in the configuration. */
  readonly type: string;
  readonly title: string;
  /** What an administrator is asked for beside the client's id and credential. */
  readonly shape: Shape;
  /** Settings as somebody might write them. */
  readonly example: Readonly<Record<string, unknown>>;
  /** What happens when a second factor is wanted and the answer does not prove one. */
  readonly otherwise: string;
  /** What to do in the vendor's console, step by step. */
  readonly setup: (redirect_uri: string) => readonly string[];
  readonly samples: readonly ClaimsSample[];
}

/** One kind of upstream: what is asked for, and what the generic connector has to know because of it. */
export interface ConnectionKind<Shape extends z.ZodRawShape = z.ZodRawShape> extends Declared<Shape> {
  /** Throws when the settings are not valid. */
  profile(settings: unknown): UpstreamProfile;
}

type Derive<Shape extends z.ZodRawShape> = (settings: z.infer<z.ZodObject<Shape>>) => UpstreamProfile;

export function defineKind<Shape extends z.ZodRawShape>(
  declared: Declared<Shape> & { readonly derive: Derive<Shape> },
): ConnectionKind<Shape> {
  const { derive, ...kind } = declared;
  const settings = z.object(kind.shape);
  return { ...kind, profile: (given) => derive(settings.parse(given)) };
}
