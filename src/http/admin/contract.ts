import { z } from 'zod';
import type { AdministrationPermission } from '../../domain/administration.ts';
import type { Standing } from '../../domain/standing.ts';
import type { Exchange } from '../exchange.ts';
import { malformed, notFound } from './problems.ts';

/** What a request says: in its path, in its query and in its body, each with no member but the declared ones. */
export type Taken = z.ZodObject<{ path: z.ZodObject; query: z.ZodObject; body: z.ZodType }>;

/** One endpoint of the Admin API: its route, its authority, its parsing, its answer and its reference come from here. */
export interface AdminContract<Input extends Taken = Taken, Output extends z.ZodType = z.ZodType> {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** Members in braces are those of `input.path`; one called `tenant` is whose administrators may use it. */
  readonly path: `/${string}`;
  readonly summary: string;
  /** What a role of the caller must hold. */
  readonly permission: AdministrationPermission;
  readonly input: Input;
  readonly output: Output;
  /** Where the answer has a version: the member of it, which is its `ETag` and what `If-Match` is compared with. RFC 9110 §8.8.3. */
  readonly version?: string;
  /** Whether it must be said which version is meant. */
  readonly wantsVersion?: true;
  /** Whether it may be asked too often. */
  readonly isLimited?: true;
  /** The media types of an answer that is a file. */
  readonly files?: readonly string[];
}

export const nothing = z.void();

/** The input of a contract; `nothing` is for no body. */
export const taking = <Path extends z.ZodRawShape, Query extends z.ZodRawShape, Body extends z.ZodType>(
  path: Path,
  query: Query,
  body: Body,
) => z.strictObject({ path: z.strictObject(path), query: z.strictObject(query), body });

export const takesBody = ({ input }: AdminContract): boolean => !(input.shape.body instanceof z.ZodVoid);

export const givesNothing = ({ output }: AdminContract): boolean => output instanceof z.ZodVoid;

/** Who asks, as is known of them at this moment. */
export interface AdminRequest {
  readonly standing: Standing;
  /** The version the caller knows, from `If-Match`; null without one. */
  readonly ifMatch: number | null;
  readonly exchange: Exchange;
  /** What the caller amounts to now; throws what the guard throws as soon as they may not ask any more. */
  readonly askAgain: () => Promise<Standing>;
}

/** A file that is made while it is sent. */
export interface Download {
  readonly type: string;
  readonly name: string;
  readonly chunks: AsyncIterable<string>;
}

export interface Raw {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

export interface AdminRoute {
  readonly contract: AdminContract;
  readonly answer: (raw: Raw, request: AdminRequest) => Promise<{ readonly json: unknown } | { readonly file: Download }>;
}

function read<Input extends Taken>(input: Input, raw: Raw): z.output<Input> {
  const parsed = input.safeParse(raw);
  if (!parsed.success) throw parsed.error.issues.every(({ path }) => path[0] === 'path') ? notFound() : malformed(parsed.error);
  return parsed.data;
}

/** Binds a contract to its handler: what the handler returns is encoded through the contract, so members it does not declare never leave. */
export const adminRoute =
  <Input extends Taken, Output extends z.ZodType>(contract: AdminContract<Input, Output>) =>
  (handler: (input: z.output<Input>, request: AdminRequest) => Promise<z.output<Output>>): AdminRoute => ({
    contract,
    answer: async (raw, request) => ({ json: contract.output.encode(await handler(read(contract.input, raw), request)) }),
  });

/** The same for an answer that is a file. */
export const fileRoute =
  <Input extends Taken>(contract: AdminContract<Input, z.ZodString>) =>
  (handler: (input: z.output<Input>, request: AdminRequest) => Promise<Download>): AdminRoute => ({
    contract,
    answer: async (raw, request) => ({ file: await handler(read(contract.input, raw), request) }),
  });
