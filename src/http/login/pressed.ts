import type { Context } from 'koa';
import type { TransactionId } from '../../domain/ids.ts';
import type { Parameters } from '../body.ts';
import { readForm } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import type { Browser } from '../cookies.ts';
import { requireOurForm } from '../csrf.ts';
import { addressed } from './transaction-page.ts';

interface Pressed {
  readonly id: TransactionId;
  readonly browser: Browser;
  readonly form: Parameters;
}

/** A button of a page of ours, pressed in the browser the page was made for. */
export async function pressed(ctx: Context, dependencies: HttpDependencies): Promise<Pressed> {
  const { id, browser } = addressed(ctx, dependencies);
  const form = await readForm(ctx);
  const { directory, sealing } = dependencies;
  requireOurForm(ctx, { issuer: directory.issuer, sealing, browser, transaction: id, form });
  return { id, browser, form };
}
