import type Router from '@koa/router';
import type { z } from 'zod';
import type { Exchange } from './exchange.ts';

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

/**
 * Binds a contract to its handler. `read` gets the raw input out of the request; what the handler returns is encoded through the
 * contract, so members it does not declare never leave.
 */
export const endpoint =
  <Input extends z.ZodType, Output extends z.ZodType>(contract: Contract<Input, Output>) =>
  (
    read: (exchange: Exchange) => Promise<z.input<Input>>,
    handler: (input: z.output<Input>, exchange: Exchange) => Promise<z.output<Output>>,
  ): ((exchange: Exchange) => Promise<z.input<Output>>) =>
  async (exchange) => {
    const input = contract.input.parse(await read(exchange));
    return contract.output.encode(await handler(input, exchange));
  };
