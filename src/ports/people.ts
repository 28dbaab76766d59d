import type { Assigned } from '../domain/access-preview.ts';
import type { Identity } from '../domain/user.ts';

/** A way somebody signs in, with what was assigned to them by hand; of whom nothing was said yet, all that their rows say. */
export interface Somebody {
  readonly identity: Identity;
  readonly assigned: Assigned;
}

export interface People {
  /** Everybody who has ever signed in and is not disabled, page by page. Of what was assigned by hand all is held at a time, of the rest a page. */
  everybody(): AsyncIterable<readonly Somebody[]>;
}
