/** Moments as fields of forms hold them. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localMoment, momentOf } from '../../src/domain/moment.ts';

it('what a field is given it gives back, to the millisecond', () => {
  const any = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
  fc.assert(fc.property(any, (at) => momentOf(localMoment(at)) === at && at === Date.parse(`${localMoment(at)}Z`)));
});

it.each([
  ['2027-01-31T18:00', '2027-01-31T18:00:00.000Z'],
  ['2027-01-31 18:00', '2027-01-31T18:00:00.000Z'],
  ['2024-02-29T23:59:59.5', '2024-02-29T23:59:59.500Z'],
  ['2000-03-01T00:00:01', '2000-03-01T00:00:01.000Z'],
])('%s is %s', (text, moment) => {
  expect(momentOf(text)).toBe(Date.parse(moment));
});

it.each([
  '',
  'soon',
  '2027-01-31',
  '2027-02-29T10:00',
  '2100-02-29T10:00',
  '2027-00-10T10:00',
  '2027-13-01T10:00',
  '2027-01-00T10:00',
  '2027-01-01T24:00',
  '2027-01-01T10:60',
  '2027-01-01T10:10:60',
  '2027-01-31T18:00Z',
  '+12027-01-31T18:00',
])('%s is no moment', (text) => {
  expect(momentOf(text)).toBeNull();
});
