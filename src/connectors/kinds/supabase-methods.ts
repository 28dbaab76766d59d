import { z } from 'zod';

/** What people know a social identity provider by, under the name GoTrue has for it. */
export const socialNames = {
  apple: 'Apple',
  azure: 'Microsoft',
  bitbucket: 'Bitbucket',
  discord: 'Discord',
  github: 'GitHub',
  gitlab: 'GitLab',
  google: 'Google',
  keycloak: 'Keycloak',
  linkedin_oidc: 'LinkedIn',
  slack_oidc: 'Slack',
  workos: 'WorkOS',
} as const;

const socialWays = Object.keys(socialNames) as (keyof typeof socialNames)[];

/** A way to sign in that the project has switched on. */
export const SupabaseMethod = z.enum(['password', 'email_otp', ...socialWays]);
export type SocialWay = keyof typeof socialNames;

export const isSocial = (method: string): method is SocialWay => Object.hasOwn(socialNames, method);
