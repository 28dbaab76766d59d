import type { z } from 'zod';
import type { Proof } from '../../src/connectors/kinds/fields.ts';
import type { ConnectionKind } from '../../src/connectors/kinds/kind.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { UpstreamProfile } from '../../src/connectors/kinds/profile.ts';
import { strengthRequest } from '../../src/connectors/oidc-request.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import { generated, table } from './markdown.ts';

const code = (text: string) => `\`${text}\``;
const listed = (values: readonly string[]) => values.map(code).join(', ');

/** What the authorization request says when a second factor is wanted. */
function asked(profile: z.infer<typeof UpstreamProfile>): string {
  const { acr_values, claims } = strengthRequest(profile, { ...noDemand, mfa: true });
  const parts = [
    ...(acr_values.length === 0 ? [] : [code(`acr_values=${acr_values.join(' ')}`)]),
    ...(Object.keys(claims).length === 0 ? [] : [code(`claims=${JSON.stringify({ id_token: claims })}`)]),
  ];
  return parts.join(' and ') || 'nothing';
}

function proves(claim: string, { acr, amr }: Proof): string {
  const parts = [
    ...(acr.length === 0 ? [] : [`${code(claim)} is ${listed(acr)}`]),
    ...(amr.length === 0 ? [] : [`${code('amr')} has ${listed(amr)}`]),
  ];
  return parts.join(', or ') || 'nothing, until it is configured';
}

const settled = (text: ConnectionKind['samples'][number]['means']): string => {
  if (text === 'foreign') return 'refused: an account of somebody else';
  const groups = text.groups === null ? 'groups unknown, so refused' : `groups ${text.groups.length === 0 ? 'none' : listed(text.groups)}`;
  return `${code(text.subject)}, ${groups}, second factor ${text.mfa ? 'proven' : 'not proven'}`;
};

function section(kind: ConnectionKind): string {
  const profile = UpstreamProfile.parse(kind.profile(kind.example));
  const { acrClaim, mfa } = profile;
  const rows = kind.samples.map(({ what, from, claims, means }) => [what, from, code(JSON.stringify(claims)), settled(means)]);
  return [
    `## ${kind.title} (${code(kind.type)})`,
    `With these settings: ${code(JSON.stringify(kind.example))}`,
    table(
      ['', ''],
      [
        ['asked', asked(profile)],
        ['proves a second factor', proves(acrClaim, mfa)],
        ['proves one that cannot be phished', proves(acrClaim, mfa.phishingResistant)],
        ['otherwise', kind.otherwise],
      ],
    ),
    'What ID tokens say, and what comes of it:',
    table(['sign-in', 'source', 'claims', 'outcome'], rows),
    ['Setting it up there:', '', ...kind.setup('`<issuer>/callback/<connection id>`').map((step, index) => `${index + 1}. ${step}`)].join(
      '\n',
    ),
  ].join('\n\n');
}

/** What each kind of connection can prove, from its declaration. */
export function assuranceReference(): string {
  return [
    generated('src/connectors/kinds'),
    '# What each identity provider can prove',
    'A tenant with `requireMfa` is entered when a verified ID token carries a value from the connection’s lists, and never because we asked for it. What is asked goes through a pushed authorization request where the identity provider offers one, so that nobody can take it out on the way. Sources: *recorded* was seen at a live tenant, *documented* is in the vendor’s documentation, *assumed* was put together from it.',
    ...kinds.map(section),
  ].join('\n\n');
}
