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
