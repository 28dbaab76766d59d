/** A notice: one bold line that stands alone, and a little more. A page shows at most one that warns. */
import { html } from './html.ts';
import type { Html } from './html.ts';
import { icons } from './icons.ts';
import { displayName } from './names.ts';

export interface Notice {
  tone: 'plain' | 'ok' | 'warn' | 'bad';
  title: string;
  text: string;
}

const iconOf = { plain: icons.info, ok: icons.check, warn: icons.warning, bad: icons.stop };

export const noticeBox = ({ tone, title, text }: Notice): Html =>
  html`<div class="notice ${tone}">
    ${iconOf[tone]}
    <div>
      <p class="first">${title}</p>
      ${text !== '' && html`<p>${text}</p>`}
    </div>
  </div>`;

/** The risk speaks; whatever else there is to say becomes a plain fact below it. */
export function noticesOf(risk: Notice | null, other: Notice | null): Html[] {
  const quiet = other !== null && risk !== null ? { ...other, tone: 'plain' as const } : other;
  return [risk, quiet].filter((notice) => notice !== null).map(noticeBox);
}

export const offlineNotice = (connection: string): Notice => ({
  tone: 'warn',
  title: `${displayName(connection)} is not answering`,
  text: 'Your account is fine. Try again, or sign in another way. Your place here is kept for 10 minutes.',
});

/** `what` is a whole sentence: "Your role in Acme Inc is now Viewer." */
export const changedNotice = (what: string): Notice => ({
  tone: 'warn',
  title: 'Something changed while this page was open',
  text: `${what} Please look again: everything that changes data is unticked.`,
});
