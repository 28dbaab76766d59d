import { readFileSync } from 'node:fs';
import type { LabOptions } from '../cli/lab-options.ts';
import { nobodyInParticular } from '../cli/lab-options.ts';
import { directoryOf } from '../config/directory.ts';
import { directoryUnder } from '../config/policy.ts';
import type { Config } from '../config/schema.ts';
import { kindOf } from '../connectors/kinds/known.ts';
import { groupsFrom } from '../connectors/claims.ts';
import type { Claims } from '../connectors/claims.ts';
import type { Assigned, TenantPreview } from '../domain/access-preview.ts';
import { previewPerson } from '../domain/access-preview.ts';
import type { Directory } from '../domain/directory.ts';
import { findConnection, findTenant } from '../domain/directory.ts';
import { groupsIn, groupWithName } from '../domain/group-name.ts';
import type { GroupNaming } from '../domain/group-name.ts';
import { identityKey } from '../domain/identity.ts';
import { UserId } from '../domain/ids.ts';
import type { Arrival } from '../domain/role-mapping.ts';
import { claimsFor, pointersOf } from '../domain/rule-claims.ts';
import { ruleSentence } from '../domain/rule-sentence.ts';
import type { ToldBeforehand } from '../domain/trial-provisioning.ts';
import { groupsThatCount, toldBeforehand } from '../domain/trial-provisioning.ts';
import { nameGroups } from '../flows/steps/name-groups.ts';
import { systemClock } from '../platform/system-clock.ts';
import { openGroupNames } from '../stores/group-names.ts';
import { openMemberships } from '../stores/memberships.ts';
import { openPolicies } from '../stores/policies.ts';
import { openProvisionedUsers } from '../stores/provisioned-users.ts';
import { openUsers } from '../stores/users.ts';
import { configure, onInstallation } from './installation.ts';
import type { Installation } from './installation.ts';

interface Tried {
  readonly arrival: Arrival;
  readonly assigned: Assigned;
  /** Null where nobody is told of beforehand; `unasked` where that was not looked up. */
  readonly told: ToldBeforehand | 'unasked' | null;
}

const isObject = (value: unknown): value is Claims => typeof value === 'object' && value !== null && !Array.isArray(value);

function readClaims(path: string): Claims {
  const text = readFileSync(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below, without what stands in the file.
  }
  throw new Error(`${path} does not hold a JSON object.`);
}

/** Somebody as a token would describe them, read with the settings of the connection. */
function describedBy({ connection, subject, groups, claims: path }: LabOptions, config: Config, directory: Directory): Tried {
  const settings = config.connections.find(({ id }) => id === connection);
  if (settings === undefined) throw new Error(`There is no connection ${JSON.stringify(connection)}.`);
  const claims = path === null ? null : readClaims(path);
  const where = settings.type === 'supabase' ? null : kindOf(settings.type).profile(settings).claims;
  const told = claims === null ? null : groupsFrom(claims, where?.groups ?? null, where?.groupsSeparator);
  const sub = typeof claims?.['sub'] === 'string' ? claims['sub'] : subject;
  const known = claims === null ? {} : claimsFor(pointersOf(directory.tenants), [{ from: 'ID token', claims }]);
  const isTold = settings.provisioning !== undefined;
  const arrival = { connectionId: settings.id, subject: sub, groups: groups ?? told, claims: known };
  return { arrival, assigned: new Map(), told: isTold ? 'unasked' : null };
}

/** What a connection told beforehand of whoever signs in so. */
async function toldOf({ engine, feed }: Installation, directory: Directory, { connectionId, subject }: Arrival) {
  const provisioning = findConnection(directory, connectionId)?.provisioning;
  if (provisioning === undefined) return null;
  const id = identityKey({ connectionId, issuer: provisioning.issuer, subject });
  return toldBeforehand(await openProvisionedUsers(engine, feed).byIdentity(id), provisioning);
}

/** Somebody with the groups they were put in beforehand. Of nobody in particular nothing was told. */
async function asTold(place: Installation, directory: Directory, tried: Tried): Promise<Tried> {
  const { arrival } = tried;
  if (arrival.subject === nobodyInParticular) return tried;
  const told = await toldOf(place, directory, arrival);
  return { ...tried, arrival: { ...arrival, groups: groupsThatCount(arrival.groups, told) }, told };
}

/** Every way a user signs in, as their connections last described them. */
async function knownAs(user: string, place: Installation, directory: Directory): Promise<Tried[]> {
  const { engine, feed } = place;
  const id = UserId.safeParse(user).data;
  const theirs = id === undefined ? [] : await openUsers(engine, feed).identitiesOf(id);
  if (id === undefined || theirs.length === 0) throw new Error(`Nobody signs in as ${JSON.stringify(user)}.`);
  const rows = await openMemberships(engine, feed).ofUser(id);
  const assigned = new Map(rows.map(({ tenantId, roles }) => [tenantId, roles.filter(({ source }) => source === 'assigned')]));
  return Promise.all(
    theirs.map(async ({ connectionId, subject, known }) => {
      const said = { connectionId, subject, groups: known?.groups ?? null, claims: known?.claims ?? {} };
      const told = await toldOf(place, directory, said);
      const arrival = known === undefined ? said : { ...said, groups: groupsThatCount(said.groups, told) };
      return { arrival, assigned, told };
    }),
  );
}

async function rulesOf({ config, engine }: Installation): Promise<Directory> {
  const policies = openPolicies(engine);
  const latest = await policies.latest();
  if (latest === null) throw new Error('Nothing is in force yet: Drawbridge has to have been started once.');
  return directoryUnder(config)(await policies.document(latest.digest));
}

/** What the groups are called that rules name and that somebody is in, as far as sign-ins told. */
function namingFor({ engine }: Installation, { connections, tenants }: Directory, tried: readonly Tried[]): Promise<GroupNaming> {
  const groups = [...groupsIn(tenants.flatMap(({ rules }) => rules)), ...tried.flatMap(({ arrival }) => arrival.groups ?? [])];
  const asked = connections.map(({ id }) => id);
  return nameGroups({ groupNames: openGroupNames(engine, systemClock) })(asked, groups);
}

function tenantLines(preview: TenantPreview, directory: Directory, withRules: boolean, naming: GroupNaming): string[] {
  const { tenantId, name, roles, denied, access, trace } = preview;
  const rules = findTenant(directory, tenantId)?.rules ?? [];
  return [
    `${tenantId} (${name})${roles.length === 0 ? ': no access' : ''}`,
    ...roles.map(({ role, rule }) => `  ${role}: ${rule}`),
    ...denied.map(({ role, rule }) => `  not ${role}: ${rule}`),
    ...access.resources.map(
      ({ resource, scopes, tools, ownTools }) =>
        `  ${resource}: scopes ${scopes.join(' ') || 'none'}; tools ${tools.join(' ') || 'none'}${ownTools.length === 0 ? '' : `; only on what is theirs ${ownTools.join(' ')}`}`,
    ),
    ...(withRules
      ? trace.map(({ rule, fits, because }) => {
          const written = rules[rule - 1];
          return `  rule ${rule} ${fits === 'yes' ? 'fits' : fits === 'no' ? 'does not fit' : 'cannot be told'}: ${because}${written === undefined ? '' : ` (${ruleSentence(written, naming)})`}`;
        })
      : []),
  ];
}

const isKeptOut = (told: Tried['told']): boolean => told !== null && told !== 'unasked' && told.groups === null;

function toldLines(told: Tried['told']): string[] {
  if (told === null) return [];
  if (told === 'unasked') return ['provisioning: not looked up; a store says it, with --in-force and --subject'];
  if (told.of === 'inactive') return ['provisioning: not active: they would be refused'];
  const { groups } = told;
  if (told.of === 'active') return [`provisioning: active, in ${groups === null || groups.length === 0 ? 'no group' : groups.join(', ')}`];
  return [
    told.groups === null ? 'provisioning: not provisioned: they would be refused' : 'provisioning: not provisioned, which is not required',
  ];
}

function tell({ rules, json }: LabOptions, directory: Directory, tried: readonly Tried[], naming: GroupNaming): void {
  const found = tried.map(({ arrival, assigned, told }) => ({
    arrival,
    ...(told === null ? {} : { provisioned: told === 'unasked' ? null : told.of }),
    tenants: isKeptOut(told) ? [] : previewPerson(directory, { ...arrival, naming }, assigned, systemClock.now()),
  }));
  const listed = ({ connectionId, groups }: Arrival): string =>
    groups === null ? 'groups unknown' : `groups ${groups.map((group) => groupWithName(naming, group, connectionId)).join(', ') || 'none'}`;
  if (json) return void process.stdout.write(`${JSON.stringify({ people: found })}\n`);
  const text = found.flatMap(({ arrival, tenants }, index) => [
    `${JSON.stringify(arrival.subject)} through ${arrival.connectionId}, ${listed(arrival)}`,
    ...toldLines(tried[index]?.told ?? null),
    ...Object.entries(arrival.claims).map(([pointer, values]) => `${pointer}: ${values.join(', ') || 'none'}`),
    '',
    ...tenants.flatMap((preview) => tenantLines(preview, directory, rules, naming)),
  ]);
  process.stdout.write(`${text.join('\n')}\n`);
}

/** What the rules make of somebody. */
export async function tryRules(options: LabOptions): Promise<void> {
  const { user, inForce } = options;
  if (user === null && !inForce) {
    const config = configure(options, '');
    const directory = directoryOf(config);
    return tell(options, directory, [describedBy(options, config, directory)], new Map());
  }
  return onInstallation(options, async (place) => {
    const directory = inForce ? await rulesOf(place) : directoryOf(place.config);
    const known = () => asTold(place, directory, describedBy(options, place.config, directory));
    const tried = user === null ? [await known()] : await knownAs(user, place, directory);
    tell(options, directory, tried, await namingFor(place, directory, tried));
  });
}
