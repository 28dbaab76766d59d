import type { Connection } from './connection.ts';

/**
 * Notices that another connection has committed to the file since the last look: an operator with a tool of SQLite's, since processes of
 * ours keep each other out. A connection's own commits do not count.
 */
export function openElsewhere(db: Connection): () => boolean {
  const version = db.prepare('PRAGMA data_version');
  const look = (): number | null => {
    try {
      return (version.get() as { data_version: number }).data_version;
    } catch {
      return null;
    }
  };
  let known = look();
  return () => {
    const found = look();
    // What cannot be told may be so.
    if (found === null) return true;
    const isChanged = found !== known;
    known = found;
    return isChanged;
  };
}
