/** A moment in ms since the epoch as people and spreadsheets read it. RFC 3339 §5.6; the calendar is the proleptic Gregorian one. */
export function isoMoment(at: number): string {
  const days = Math.floor(at / 86_400_000);
  const ms = at - days * 86_400_000;
  // Years that begin in March, so that the day a leap year adds is their last.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const day = shifted - era * 146_097;
  const year = Math.floor((day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365);
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  const date = [month, ofYear - Math.floor((153 * march + 2) / 5) + 1];
  const time = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  const padded = (parts: readonly number[]) => parts.map((part) => String(part).padStart(2, '0'));
  const full = String(year + era * 400 + (month <= 2 ? 1 : 0)).padStart(4, '0');
  return `${full}-${padded(date).join('-')}T${padded(time).join(':')}.${String(ms % 1000).padStart(3, '0')}Z`;
}

/** A moment as the field of a form holds it, in UTC and no longer than it needs to be: `2027-01-31T18:00`. HTML, local date and time strings. */
export const localMoment = (at: number): string => isoMoment(at).replace(/(:00)?(\.000)?Z$/, '');

/** Days since the epoch of the first of January of a year. */
function daysBefore(year: number): number {
  const past = year - 1;
  return 365 * past + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
}

/** The days of a year before each of its months, February as a short one. */
const before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** The moment that such a field says, in ms since the epoch; null where it says none. */
export function momentOf(text: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/.exec(text);
  if (found === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((digits) => Number(digits ?? '0'));
  const days = daysBefore(year) + (before[month - 1] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0) + day - 1;
  const at = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + Number((found[7] ?? '').padEnd(3, '0'));
  // A day or an hour that there is not would have become another.
  return localMoment(at).startsWith(text.slice(0, 16).replace(' ', 'T')) ? at : null;
}
