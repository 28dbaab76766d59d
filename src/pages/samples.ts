/** What the sample views of several pages share. */
import { webUrl } from './html.ts';
import type { Organisation } from './layout.ts';

export const sampleOrganisation: Organisation = {
  name: 'Acme',
  logo: null,
  helpName: 'Acme IT',
  helpHref: webUrl('https://help.acme.example/'),
  privacyHref: webUrl('https://acme.example/privacy'),
};
