import type { Scope } from './choices.ts';
import type { FormKeys } from './form.ts';
import type { Organisation } from './layout.ts';
import type { Notice } from './notice.ts';
import type { App, ReturnTo } from './request.ts';

/** What the decision page is told. */
export interface TenantChoice {
  id: string;
  name: string;
  roleTitle: string;
  chosen: boolean;
  /** Choosing it asks for one more sign-in step first. */
  needsStepUp: boolean;
}

export interface ConsentView extends FormKeys {
  organisation: Organisation;
  app: App;
  resource: { name: string; host: string };
  account: { name: string; email: string | null; connectionName: string };
  otherAccountAction: string;
  /** Where another account of the person is joined with this one; null where that is not offered. */
  linkAction: string | null;
  tenants: readonly TenantChoice[];
  /** The address the app uses is that of one workspace: there is nothing to choose. */
  tenantIsGiven: boolean;
  scopes: readonly Scope[];
  lasts: { title: string; note: string };
  returnTo: ReturnTo;
  notice: Notice | null;
  action: string;
  tenantAction: string;
  buttons: { approve: string; deny: string };
}
