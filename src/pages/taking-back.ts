import { html } from './html.ts';
import type { Html } from './html.ts';
import type { Organisation } from './layout.ts';
import { named } from './names.ts';

/** Where an approval can be taken back: the app tells us when it is disconnected, and whoever helps people can end it too. */
export const takingBack = (app: Html, { helpName }: Organisation): Html =>
  html`To take it back, disconnect in ${app} or ask ${named(helpName)}.`;
