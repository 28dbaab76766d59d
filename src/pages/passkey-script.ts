/** The one script: what a passkey takes, and nothing else. */
import { openOwnFile } from './own-file.ts';

export const passkeyScript = openOwnFile('passkey', 'js');
