/** Whether a pattern stands for more than itself: it has a `*`, which is any run of characters. There are no other signs. */
export const isGlob = (pattern: string): boolean => pattern.includes('*');

/**
 * Tells what fits a pattern, anchored at both ends. The parts between the stars are looked for once each, from left to right, and
 * nothing is ever tried again, so the worst pattern costs no more than the length of the text for each of its parts.
 */
export function globOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  const middle = rest.filter((part) => part !== '');
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, from);
      if (found === -1) return false;
      from = found + part.length;
    }
    return from <= text.length - last.length;
  };
}
