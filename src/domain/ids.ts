import { z } from 'zod';

const opaque = z.string().min(1).max(200);
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);

/** The MCP client's identifier. RFC 6749 §2.2; it may be its own sealed metadata or a metadata document's URL. */
export const ClientId = z.string().min(1).max(4000).brand<'ClientId'>();
export type ClientId = z.infer<typeof ClientId>;

export const UserId = opaque.brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;

export const TenantId = slug.brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;

export const ConnectionId = slug.brand<'ConnectionId'>();
export type ConnectionId = z.infer<typeof ConnectionId>;

export const RoleId = slug.brand<'RoleId'>();
export type RoleId = z.infer<typeof RoleId>;

const random = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** 128 random bits as base64url, 22 characters. */
export const TransactionId = random.brand<'TransactionId'>();
export type TransactionId = z.infer<typeof TransactionId>;

/** 128 random bits as base64url, 22 characters. */
export const GrantId = random.brand<'GrantId'>();
export type GrantId = z.infer<typeof GrantId>;
