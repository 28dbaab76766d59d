/** The one stylesheet. */
import { openOwnFile } from './own-file.ts';

export const stylesheet = openOwnFile('style', 'css');
