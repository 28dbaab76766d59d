import { z } from 'zod';

/** Why a question is asked again: the answer was wrong, or nobody could judge it at the moment. */
const problem = z.enum(['no-match', 'busy']).nullable();

/** What a page of ours asks a person whose upstream leaves that to us. */
export const Question = z.discriminatedUnion('ask', [
  z.object({
    ask: z.literal('who'),
    password: z.boolean(),
    mailedCode: z.boolean(),
    /** Ways that lead to another site. */
    elsewhere: z.array(z.object({ way: z.string(), name: z.string() })),
    email: z.string().nullable(),
    problem,
  }),
  z.object({
    ask: z.literal('code'),
    from: z.enum(['app', 'mail']),
    email: z.string().nullable(),
    problem,
  }),
]);
export type Question = z.infer<typeof Question>;

/** A question and what its connector remembers until it is answered; kept sealed with the transaction. */
export const Asked = z.object({ question: Question, memory: z.string() });
export type Asked = z.infer<typeof Asked>;

/** Wrong answers in one transaction; with the last of them it ends. */
export const mostTries = 5;
