/** The people of the demonstration. Everybody's password is `demo`. */
export interface Person {
  /** What the identity provider calls this person for ever; deliberately not the name they sign in with. */
  readonly sub: string;
  readonly login: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** One line for the sign-in page: what a stranger will see as this person. */
  readonly about: string;
}

export const demoPassword = 'demo';

const person = (sub: string, login: string, name: string, groups: readonly string[], about: string): Person => ({
  sub,
  login,
  name,
  email: `${login}@demo.example`,
  groups,
  about,
});

export const people: readonly Person[] = [
  person('demo-0001', 'alice', 'Alice Archer', ['eng', 'eng-leads'], 'edits in Acme, looks around in Globex'),
  person('demo-0002', 'bob', 'Bob Baker', ['sales'], 'looks around in Globex, which asks for a second factor'),
  person('demo-0003', 'carol', 'Carol Cooper', ['it-admins'], 'administers Acme'),
  person('demo-0004', 'erin', 'Erin Evans', ['support'], 'looks around in Initech'),
  person('demo-0005', 'dave', 'Dave Dyer', [], 'can sign in, but belongs nowhere'),
];

export function personBySub(sub: string | undefined): Person | null {
  return people.find((each) => each.sub === sub) ?? null;
}

/** Finds a person by what people type into a sign-in page: the user name or the e-mail address, in any case. */
export function personByLogin(typed: string): Person | null {
  const wanted = typed.trim().toLowerCase();
  return people.find((each) => each.login === wanted || each.email === wanted) ?? null;
}
