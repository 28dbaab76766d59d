type Tree = Record<string, unknown>;

/** A small configuration as somebody writes it; what is named in `more` stands in the place of what is here. */
export const exampleDocument = (more: Tree = {}): Tree => ({
  issuer: 'https://login.company.example',
  key: `${'k'.repeat(42)}A`,
  organisation: { name: 'Company' },
  tenants: [{ id: 'main', name: 'Main' }],
  roles: [{ id: 'user', name: 'User' }],
  resources: [exampleResource],
  ...more,
});

export const exampleResource = {
  id: 'notes',
  identifier: 'https://login.company.example/mcp',
  upstream: 'http://notes.internal/mcp',
  name: 'Notes',
  baseline: ['read'],
  scopes: [{ name: 'read', title: 'Look at notes' }],
};
