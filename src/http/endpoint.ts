import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { z } from 'zod';

/** What an endpoint takes and gives: its types, its parsing and its reference come from here. */
export interface Contract<Input extends z.ZodType, Output extends z.ZodType> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
}

/** A route: something that can be put on a router. */
export type Route = (router: Router) => void;

/** What answers at one exact path. */
export type ExactRoute = readonly [path: string, answer: (ctx: Context) => void | Promise<void>];

/** Looks the path up among those that answer at it exactly; other requests go on. */
export function exactly(routes: readonly ExactRoute[]): Middleware {
  const answers = new Map(routes);
  return (ctx, next) => {
    const answer = answers.get(ctx.path);
    return answer === undefined ? next() : answer(ctx);
  };
}

/**
 * Binds a contract to its handler. `read` gets the raw input out of the request; what the handler returns is encoded through the
 * contract, so members it does not declare never leave.
 */
export const endpoint =
  <Input extends z.ZodType, Output extends z.ZodType>(contract: Contract<Input, Output>) =>
  (
    read: (ctx: Context) => Promise<z.input<Input>>,
    handler: (input: z.output<Input>, ctx: Context) => Promise<z.output<Output>>,
  ): ((ctx: Context) => Promise<void>) =>
  async (ctx) => {
    const input = contract.input.parse(await read(ctx));
    ctx.body = contract.output.encode(await handler(input, ctx));
  };
